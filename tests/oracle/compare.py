"""A package on the same images by Drua and by the reference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from drua import inference, intensity
from drua.axes import to
from drua.image import Image
from drua.inference import Block, Size
from drua.intensity import Source
from drua.models.card import read_card
from drua.models.tensor import Tensor
from drua.pipeline import open_model, predict

from tests.package_writer import NAMES


def predicted(
    package: Path, images: Mapping[str, np.ndarray], settings: Mapping[str, object] | None = None
) -> dict[str, np.ndarray]:
    """Return the outputs by name, in the network's axes, by `drua.predict`; the inputs are in theirs."""
    card = read_card(package)
    first, *others = [
        (tensor.name, _image(images[tensor.name], tensor)) for tensor in card.inputs if tensor.name in images
    ]
    made = predict(first[1], str(package), inputs=dict(others), settings=settings, maps=True)
    return {
        tensor.name: _in_axes(made.maps[tensor.name].pixels, "TZCYX", tensor.axes) for tensor in card.outputs
    }


def tiled(package: Path, images: Mapping[str, np.ndarray], tile: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Return the same by tiles of at most some sides."""
    with open_model(package) as model:
        card = model.card
        pixels = {
            tensor.name: _to_plane(images[tensor.name], tensor)
            for tensor in card.inputs
            if tensor.name in images
        }
        sources = {tensor.name: Source(pixels[tensor.name], "C" + tensor.grid) for tensor in card.inputs}
        blocks = {
            tensor.name: Block(
                pixels[tensor.name],
                intensity.fit(tensor.operations, sources[tensor.name], references=sources),
            )
            for tensor in card.inputs
        }
        outputs = inference.run(card, model.backend, blocks, Size(tile), lambda: None)
        finished = inference.finish(card, outputs, sources)
    return {
        tensor.name: inference.to_network([finished[tensor.name]], tensor)
        for tensor in card.outputs
        if tensor.name in finished
    }


def difference(ours: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference, as a part of the range of what is expected."""
    assert ours.shape == expected.shape
    assert np.isfinite(expected).all()
    span = float(np.ptp(expected.astype(np.float64))) or 1.0
    return float(np.abs(ours.astype(np.float64) - expected).max()) / span


def block_of(package: Path, tile: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return a tile as the reference takes it: for every input that has its axes."""
    return {
        tensor.name: {
            NAMES.get(letter.lower(), letter.lower()): side
            for letter, side in tile.items()
            if letter in tensor.axes
        }
        for tensor in read_card(package).inputs
    }


def _image(array: np.ndarray, tensor: Tensor) -> Image:
    return Image(_to_plane(array, tensor), "C" + tensor.grid)


def _to_plane(array: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return an input in the network's axes, whose batch is 1, as (C, ...)."""
    return inference.from_network(array, tensor, "test")[0]


def _in_axes(pixels: np.ndarray, have: str, axes: str) -> np.ndarray:
    """Return pixels with other axes, of which B has length 1 and I stands for the channels."""
    wanted = axes.replace("B", "")
    found = to(pixels, have, wanted.replace("I", "C"))
    return np.expand_dims(found, axes.index("B")) if "B" in axes else found
