"""Does a model still give what its package says? Its test tensors, run whole and in tiles.

Whole is what the package's author did. In tiles is what an image will get, and the difference between the
two, away from the edges, tells whether the card's halo is large enough.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import inference, intensity
from drua.errors import CardError, one_line
from drua.inference import Block, Size
from drua.intensity import Source
from drua.models.card import ModelCard
from drua.models.tensor import Tensor
from drua.pipeline import Model, open_model

TOLERANCE = 1e-3
MISMATCHED_PER_MILLION = 100
"""bioimage.io's own: how far apart, beside 1 + the expected value, and how many pixels may be farther."""

Pixels = NDArray[Any]


def reproduce(model: str, device: str = "auto") -> dict[str, Any]:
    """Return how far a model is from its package's expected output, and whether that is close enough.

    Returns
    -------
    dict
        `difference` is the largest one of the test tensors run whole, as a part of 1 + the expected value,
        which is how the format counts it; `tiled_difference` that between whole and in tiles, at pixels that
        are farther from the edge than the margin of a tile, None where the tensors are too small to be cut.

    Raises
    ------
    CardError
        If the package has no test tensors, or they do not fit its card.
    """
    with open_model(model, device) as opened:
        started = time.perf_counter()
        card = opened.card
        given = {tensor.name: _load(tensor, card.id) for tensor in card.inputs}
        expected = {tensor.name: _load(tensor, card.id) for tensor in card.outputs}
        whole = _run_whole(opened, given)
        _check_shapes(card, whole, expected)
        outcome = {
            "model": card.id,
            "device": opened.backend.device,
            "provider": opened.backend.provider,
            "difference": max(float(apart(whole[name], expected[name]).max()) for name in whole),
            "tiled_difference": _tiled_difference(opened, given, whole),
            "tolerance": TOLERANCE,
            "passed": all(_is_close(whole[name], expected[name]) for name in whole),
        }
        return outcome | {"seconds": round(time.perf_counter() - started, 3)}


def apart(found: Pixels, expected: Pixels) -> Pixels:
    """Return how far values are apart, as a part of 1 + the expected value.

    So the format counts it, and so grey values in the thousands need not agree in the fourth decimal.
    """
    wanted = expected.astype(np.float64)
    return np.asarray(np.abs(found - wanted) / (1 + np.abs(wanted)))


def _run_whole(model: Model, given: Mapping[str, Pixels]) -> dict[str, Pixels]:
    """Return the outputs, in the network's axes, for whole inputs without anything around them."""
    card = model.card
    references = {
        tensor.name: Source(_items(given[tensor.name], tensor)[0], "C" + tensor.grid)
        for tensor in card.inputs
        if tensor.is_image
    }
    inputs = []
    for tensor in card.inputs:
        items = _items(given[tensor.name], tensor)
        if tensor.is_image:
            axes = "C" + tensor.grid
            items = [intensity.apply(tensor.operations, item, axes, references) for item in items]
        inputs.append(inference.to_network(items, tensor) if tensor.is_image else given[tensor.name])
    outputs = {}
    for tensor, output in zip(card.outputs, model.backend.run(inputs), strict=True):
        if not tensor.is_image:
            outputs[tensor.name] = output
            continue
        items = [
            intensity.apply(tensor.operations, item, "C" + tensor.grid, references)
            for item in inference.from_network(output, tensor, card.id)
        ]
        outputs[tensor.name] = np.stack(items)
    return outputs


def _tiled_difference(model: Model, given: Mapping[str, Pixels], whole: Mapping[str, Pixels]) -> float | None:
    card = model.card
    if not all(tensor.is_image for tensor in card.inputs):
        return None
    pixels = {tensor.name: _items(given[tensor.name], tensor)[0] for tensor in card.inputs}
    references = {tensor.name: Source(pixels[tensor.name], "C" + tensor.grid) for tensor in card.inputs}
    blocks = {
        tensor.name: Block(
            pixels[tensor.name],
            intensity.fit(tensor.operations, references[tensor.name], references=references),
        )
        for tensor in card.inputs
    }
    sides = blocks[card.input.name].sides
    size = _small_tiles(card, sides)
    if len(inference.grid_of(card, sides, size)) == 1:
        return None
    outputs = inference.run(card, model.backend, blocks, size, lambda: None)
    finished = inference.finish(card, outputs, references)
    found = [_inner_difference(card, tensor, finished[tensor.name], whole[tensor.name][0]) for tensor in
             card.outputs if tensor.name in finished]  # fmt: skip
    differences = [each for each in found if each is not None]
    return max(differences) if differences else None


def _small_tiles(card: ModelCard, sides: tuple[int, ...]) -> Size:
    """Return tiles that cut the test tensor in two or three, as far as the card's sizes and margins allow."""
    tile = {}
    for letter, side in zip(card.grid, sides, strict=True):
        margin, stride = card.margin[letter], card.stride[letter]
        core = max(side // 2 // stride * stride, stride)
        tile[letter] = 2 * margin + core
    return Size(tile)


def _inner_difference(card: ModelCard, tensor: Tensor, tiled: Pixels, whole: Pixels) -> float | None:
    inner: list[slice] = [slice(None)]
    for letter in tensor.grid:
        margin = card.margin.get(letter, 0)
        away = int(margin * card.relation(tensor, letter).scale) if letter in card.grid else 0
        side = tiled.shape[len(inner)]
        if 2 * away >= side:
            return None
        inner.append(slice(away, side - away))
    if tiled.shape != whole.shape:  # a network without padding gives less for a whole than tiles with context
        return None
    return float(apart(tiled[tuple(inner)], whole[tuple(inner)]).max())


def _check_shapes(card: ModelCard, found: Mapping[str, Pixels], expected: dict[str, Pixels]) -> None:
    for tensor in card.outputs:
        if tensor.is_image:
            expected[tensor.name] = np.stack(_items(expected[tensor.name], tensor))
        if found[tensor.name].shape != expected[tensor.name].shape:
            raise CardError(
                f"output {tensor.name!r} of model {card.id!r} is {found[tensor.name].shape} for its test"
                f" input, but its test tensor is {expected[tensor.name].shape}"
            )


def _is_close(found: Pixels, expected: Pixels) -> bool:
    wrong = ~(apart(found, expected) <= TOLERANCE)  # what is no number is wrong, too
    return bool(wrong.mean() * 1e6 <= MISMATCHED_PER_MILLION)


def _items(array: Pixels, tensor: Tensor) -> list[Pixels]:
    """Return what a test tensor has in its batch, each (C, ...) with the letters of the tensor's grid."""
    if not tensor.is_image:
        return [array]
    return list(inference.from_network(array, tensor, tensor.name))


def _load(tensor: Tensor, model: str) -> Pixels:
    if tensor.test is None:
        raise CardError(f"model {model!r} has no test tensor for {tensor.name!r}")
    try:
        return np.asarray(np.load(tensor.test, allow_pickle=False))
    except (OSError, ValueError) as error:
        raise CardError(
            f"the test tensor {tensor.test} of model {model!r} cannot be read: {one_line(error)}"
        ) from error
