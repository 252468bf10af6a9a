"""Turn a checkpoint into the package: weights, test tensors, cover and description, consistent in one go.

    python models/nuclei-fluorescence/recipe/export.py --checkpoint DIR/checkpoint.pt --data PATH/TO/IMAGES

Axes are written as in numpy: N batch, C channels, Y rows, X columns.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import onnx
import tifffile
import torch
from data import normalise, read_fields
from drua.backends.architectures.nuclei import CHANNELS, STRIDE, NucleiNet
from drua.overlay import draw_overlay
from drua.tiling import TileGrid, pad_to_multiple, split, stitch
from evaluate import Settings, compare, decode, onnx_predictor, predict, report
from onnxruntime import InferenceSession
from PIL import Image
from torch import Tensor, nn

PACKAGE = Path(__file__).resolve().parents[1]
SAMPLE = PACKAGE / "sample" / "nuclei-sample.tif"
SHIPPED = CHANNELS[:2]
"""The boundary channel only helps the training; the decoder needs foreground and distance."""

AGREEMENT = 1e-5
TEST_SIDE = 256
HALO = 96
TILE = 1024
SMALL_TILES = (2 * HALO + 4 * STRIDE, 2 * HALO + 12 * STRIDE)
"""Small enough for the sample to need several of them."""


class Shipped(nn.Module):
    """The network as it is shipped: probabilities of the channels that the decoder uses."""

    def __init__(self, network: NucleiNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Map a normalised image, N1YX, to probabilities, NCYX."""
        return self.network(image)[:, : len(SHIPPED)].sigmoid()


def load(checkpoint: Path) -> Shipped:
    """Return the averaged network of a checkpoint, on the CPU."""
    network = NucleiNet()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    return Shipped(network).eval()


def export_weights(shipped: Shipped) -> None:
    """Write ONNX and TorchScript weights, which must agree with the network.

    Both exporters fold batch normalisation by themselves, the second one when a traced graph is frozen.
    """
    example = torch.rand(1, 1, 4 * STRIDE, 5 * STRIDE)
    sides = {0: "batch", 2: "y", 3: "x"}
    torch.onnx.export(
        shipped,
        (example,),
        str(PACKAGE / "weights.onnx"),
        input_names=["image"],
        output_names=["maps"],
        dynamic_axes={"image": sides, "maps": sides},
        opset_version=17,
        dynamo=False,
    )
    onnx.checker.check_model(onnx.load(PACKAGE / "weights.onnx"))
    with torch.no_grad():
        scripted = torch.jit.freeze(torch.jit.trace(shipped, example))
        scripted.save(str(PACKAGE / "weights.pt"))
        check_agreement(shipped)


def check_agreement(shipped: Shipped) -> None:
    """Compare eager, TorchScript and ONNX results on an image with other sides than the example."""
    image = torch.rand(2, 1, 7 * STRIDE, 9 * STRIDE)
    session = InferenceSession(str(PACKAGE / "weights.onnx"), providers=["CPUExecutionProvider"])
    results = [
        shipped(image).numpy(),
        torch.jit.load(str(PACKAGE / "weights.pt"))(image).numpy(),
        np.asarray(session.run(None, {"image": image.numpy()})[0]),
    ]
    for other in results[1:]:
        difference = float(np.abs(results[0] - other).max())
        if difference > AGREEMENT:
            raise RuntimeError(f"exported weights differ from the network by {difference:.1e}")


def write_test_tensors() -> None:
    """Write a crop of the sample as test input and what the weights make of it as test output."""
    crop = tifffile.imread(SAMPLE)[:TEST_SIDE, :TEST_SIDE]
    np.save(PACKAGE / "test_input.npy", crop[None, None].astype(np.float32))
    maps = onnx_predictor(PACKAGE / "weights.onnx")(normalise(crop)[None, None])
    np.save(PACKAGE / "test_output.npy", maps)


def write_cover() -> None:
    """Write the sample with the outlines that the model finds, one half with and one without."""
    image = tifffile.imread(SAMPLE)
    maps = predict(onnx_predictor(PACKAGE / "weights.onnx"), normalise(image))
    picture = draw_overlay(image, decode(maps, Settings()))
    Image.fromarray(picture).save(PACKAGE / "cover.png", optimize=True)


def tiling_error() -> float:
    """Largest difference between tiled and untiled maps of the sample at the declared halo, 0..1."""
    predictor = onnx_predictor(PACKAGE / "weights.onnx")
    padded, _ = pad_to_multiple(normalise(tifffile.imread(SAMPLE))[None], (STRIDE, STRIDE))
    whole = predictor(padded[None])[0]
    worst = 0.0
    for tile in SMALL_TILES:
        grid = TileGrid(padded.shape[1:], (tile, tile), (HALO, HALO), (STRIDE, STRIDE))
        tiled = stitch(((place, predictor(view[None])[0]) for place, view in split(padded, grid)), grid)
        worst = max(worst, float(np.abs(whole - tiled).max()))
    return worst


def receptive_radius() -> int:
    """How far, in pixels, an input pixel can be from an output pixel that it changes.

    Weights that are all positive let every path through; pooling by the mean instead of the maximum has the
    same extent, and lets all of them be seen in the gradient.
    """
    network = NucleiNet((4, 4, 4, 4)).double().eval()
    for parameter in network.parameters():
        torch.nn.init.constant_(parameter, 0.05)
    pool, nn.functional.max_pool2d = nn.functional.max_pool2d, nn.functional.avg_pool2d
    try:
        return max(_reach(network, phase) for phase in range(STRIDE))
    finally:
        nn.functional.max_pool2d = pool


def _reach(network: NucleiNet, phase: int) -> int:
    centre = 256 + phase
    image = torch.ones(1, 1, 512, 512, dtype=torch.float64, requires_grad=True)
    network(image)[0, 0, centre, centre].backward()
    assert image.grad is not None
    touched = image.grad[0, 0].nonzero()
    return int((touched - centre).abs().max())


def write_description(figures: dict[str, float], steps: int) -> None:
    """Fill the templates of description and model card with figures and hashes."""
    values: dict[str, Any] = {
        **{f"sha_{path.stem}_{path.suffix[1:]}": _sha256(path) for path in _hashed()},
        **{name: f"{value:.4f}" if isinstance(value, float) else value for name, value in figures.items()},
        "stride": STRIDE,
        "halo": HALO,
        "tile": TILE,
        "smallest": 2 * HALO + STRIDE,
        "radius": receptive_radius(),
        "tiling_error": f"{_rounded_up(tiling_error()):.1e}",
        "steps": steps,
        "torch": torch.__version__.partition("+")[0],
    }
    for source, target in (
        ("bioimageio.template.yaml", "bioimageio.yaml"),
        ("README.template.md", "README.md"),
    ):
        text = Template((PACKAGE / "recipe" / source).read_text(encoding="utf-8")).substitute(values)
        (PACKAGE / target).write_text(text, encoding="utf-8")


def _rounded_up(value: float) -> float:
    """Two digits, never less than the value."""
    exponent = 10.0 ** (np.floor(np.log10(max(value, 1e-7))) - 1)
    return float(np.ceil(value / exponent) * exponent)


def _hashed() -> list[Path]:
    names = ("weights.onnx", "weights.pt", "test_input.npy", "test_output.npy", "cover.png")
    return [PACKAGE / name for name in names]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def figures_on_validation(data: Path) -> dict[str, float]:
    """Score the exported weights on the validation fifth, with default settings."""
    fields = read_fields(data, validation=True)
    return report(compare(onnx_predictor(PACKAGE / "weights.onnx"), fields, Settings()))


def main() -> None:
    """Read the command line and write the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/ and labels/")
    arguments = parser.parse_args()
    export(arguments.checkpoint, arguments.data)


def export(checkpoint: Path, data: Path) -> None:
    """Write the whole package from a checkpoint."""
    export_weights(load(checkpoint))
    write_test_tensors()
    write_cover()
    figures = figures_on_validation(data)
    steps = int(torch.load(checkpoint, map_location="cpu", weights_only=True)["step"])
    write_description(figures, steps)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
