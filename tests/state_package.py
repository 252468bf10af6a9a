"""The tiny package (see tiny_model) with a state dict and Python source instead of ONNX weights."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import torch

from tests.tiny_model import write_package

SOURCE = """\
import torch


class Smooth(torch.nn.Module):
    def __init__(self, gain):
        super().__init__()
        self.gain = gain
        self.mean = torch.nn.Parameter(torch.zeros(1, 1, 5, 5))

    def forward(self, image):
        smooth = torch.nn.functional.conv2d(image, self.mean, padding=2)
        return torch.sigmoid(self.gain * (smooth - 0.3))
"""
"""The network of the tiny package."""

WEIGHTS = """\
  pytorch_state_dict:
    source: weights.pt
    sha256: {weights}
    pytorch_version: 2.15.0
    architecture: {{source: network.py, sha256: {source}, callable: Smooth, kwargs: {{gain: 20}}}}
"""


def write_state_package(folder: Path, source: str = SOURCE) -> tuple[Path, str]:
    """Write the package; return its folder and the SHA-256 of the source."""
    write_package(folder)
    (folder / "weights.onnx").unlink()
    (folder / "network.py").write_text(source)
    torch.save({"mean": torch.full((1, 1, 5, 5), 1 / 25)}, folder / "weights.pt")
    sha256 = _sha256(folder / "network.py")
    weights = WEIGHTS.format(weights=_sha256(folder / "weights.pt"), source=sha256)
    card = folder / "bioimageio.yaml"
    card.write_text(re.sub(r"  onnx: .*\n", weights, card.read_text()))
    return folder, sha256


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
