"""A bare TorchScript file says nothing of its input: what it takes is found by trying."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from drua.bare import parse, questions, write_package
from drua.bare.probe import measure

from tests.conftest import ROOT

# torch moves to another format of its own; the zoo keeps this one
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:.*torch.jit:{kind}")
    for kind in ("DeprecationWarning", "FutureWarning")
]


def silent(_what: str, _done: int, _all: int) -> None:
    pass


def scripted(network: Any, path: Path, *shape: int) -> Path:
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
        torch.jit.trace(network.eval(), torch.rand(*shape)).save(str(path))
    return path


@pytest.mark.parametrize(
    ("dimensions", "channels", "axes"), [(2, 1, "BCYX"), (2, 3, "BCYX"), (3, 1, "BCZYX"), (3, 2, "BCZYX")]
)
def test_axes_and_channels_are_found_by_trying(
    tmp_path: Path, dimensions: int, channels: int, axes: str
) -> None:
    kind = {2: torch.nn.Conv2d, 3: torch.nn.Conv3d}[dimensions]
    network = torch.nn.Sequential(kind(channels, 4, 3, padding=1), torch.nn.ReLU(), kind(4, 2, 3, padding=1))
    found = measure(scripted(network, tmp_path / "n.pt", 1, channels, *[16] * dimensions), silent)
    assert (found.axes, found.channels, found.output_channels) == (axes, channels, 2)
    assert {letter: side.field for letter, side in found.sides.items()} == dict.fromkeys(axes[2:], 2)
    assert {side.stride for side in found.sides.values()} == {1}


def test_the_shipped_network_is_measured_alike_in_both_formats() -> None:
    package = ROOT / "models" / "nuclei-fluorescence"
    by_format = [measure(package / name, silent).sides for name in ("weights.pt", "weights.onnx")]
    for letter in "YX":
        script, onnx = (sides[letter] for sides in by_format)
        assert (
            (script.least, script.step, script.stride) == (onnx.least, onnx.step, onnx.stride) == (16, 16, 16)
        )
        for side in (script, onnx):
            # by its architecture it looks 125 pixels far; a tile's edge is noticed up to 96
            assert side.field is not None
            assert 112 < side.field <= 128
            assert 80 < side.halo <= 96


def test_a_package_is_written_of_torchscript(tmp_path: Path) -> None:
    network = torch.nn.Conv2d(1, 1, 5, padding=2)
    file = scripted(network, tmp_path / "blur.pt", 1, 1, 16, 16)
    write_package(file, parse(questions(file, silent), {"licence": "MIT"}), tmp_path / "blur", silent)
    description = json.loads((tmp_path / "blur" / "bioimageio.yaml").read_text())
    assert description["weights"]["torchscript"]["source"] == "weights.pt"
    assert np.load(tmp_path / "blur" / "test_output.npy").shape == (1, 1, 192, 256)
