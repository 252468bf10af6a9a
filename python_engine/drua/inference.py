"""A network over a whole plane or volume: tile by tile, in batches, several at a time where that is faster.

Inputs are normalised where they are read, with statistics that were taken before, and continued at their
edges only there: no copy of the image is made. Results go to their place in arrays that exist from the start.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import intensity, tiling
from drua.backends import Backend
from drua.errors import CardError, ShapeError
from drua.intensity import Operation
from drua.models.card import ModelCard
from drua.models.tensor import Tensor
from drua.tiling import Placement, Slices, Tile, TileGrid

Pixels = NDArray[Any]

Allocate = Callable[[str, tuple[int, ...], np.dtype[Any]], Any]
"""Gives the array for an output (its name, shape and type): numpy's, or one that goes to a file."""


@dataclass(frozen=True)
class Block:
    """What one input of the network is cut from.

    Parameters
    ----------
    pixels : array, (C, ...) with the letters of the tensor's grid
        Raw pixels; also something that is read from a file only where it is sliced.
    operations : tuple of Operation
        The preprocessing, fitted.
    """

    pixels: Any
    operations: tuple[Operation, ...]

    @property
    def sides(self) -> tuple[int, ...]:
        """The lengths along the grid."""
        return tuple(self.pixels.shape[1:])


@dataclass(frozen=True)
class Size:
    """The largest tile to use, in pixels for each letter of the grid, and how many of them at a time."""

    tile: Mapping[str, int]
    batch: int = 1


def grid_of(card: ModelCard, sides: Sequence[int], size: Size) -> TileGrid:
    """Return the tiles of a plane or volume for a card.

    Raises
    ------
    ShapeError
        If the card's sizes leave no tile for it.
    """
    margin = card.margin
    tile = []
    for letter, side in zip(card.grid, sides, strict=True):
        tensor, context = card.input, card.context
        if letter in tensor.follows:
            raise CardError(f"the first input of model {card.id!r} takes its size from another")
        least, step = tensor.least[letter], tensor.step[letter]
        wanted = side + 2 * margin[letter] if _is_whole(card, letter) else size.tile.get(letter, least)
        tile.append(
            tiling.fit_tile(side, wanted, margin[letter], card.stride[letter], step, least, context=context)
        )
    return TileGrid(
        tuple(sides),
        tuple(tile),
        tuple(margin[letter] for letter in card.grid),
        tuple(card.stride[letter] for letter in card.grid),
        card.context,
    )


def run(
    card: ModelCard,
    backend: Backend,
    blocks: Mapping[str, Block],
    size: Size,
    on_tile: Callable[[], None],
    allocate: Allocate | None = None,
    after: tuple[Operation, ...] = (),
) -> dict[str, Any]:
    """Return the network's outputs for a whole plane or volume.

    Parameters
    ----------
    card : ModelCard
        The model.
    backend : Backend
        Its network.
    blocks : mapping
        The inputs by name; the first one has the sides of the result.
    size : Size
        Tile and batch.
    on_tile : callable
        Called after every tile; what it raises ends the run.
    allocate : callable, optional
        Gives the arrays for the results.
    after : tuple of Operation
        Fitted operations that every output has beyond those of its card.

    Returns
    -------
    dict
        Every output that is an image, by name: (C, ...) with the letters of its grid, after those operations
        that look at one pixel only. `finish` applies the others.

    Raises
    ------
    CardError, ShapeError
        If card and network do not fit each other or the image.
    """
    first = blocks[card.input.name]
    grid = grid_of(card, first.sides, size)
    reader = _Reader(card, blocks)
    writer = _Writer(card, grid, allocate or _in_memory, after)
    batches = list(_batches(grid, 1 if _is_single(card) else size.batch))
    lanes = backend.lanes(len(batches))
    if len(batches) == 1:  # threads cost a small image more than they give
        writer.write(batches[0], backend.run(reader.read(batches[0])))
        for _ in batches[0]:
            on_tile()
    else:
        _run_in_lanes(batches, reader, writer, backend, lanes, on_tile)
    return writer.results


def finish(
    card: ModelCard, outputs: Mapping[str, Any], references: Mapping[str, intensity.Source]
) -> dict[str, Any]:
    """Return the outputs of `run` after the operations that take statistics of the whole."""
    finished = {}
    for tensor in card.outputs:
        if tensor.name in outputs:
            array, rest = outputs[tensor.name], split_operations(tensor)[1]
            axes = "C" + tensor.grid
            finished[tensor.name] = (
                intensity.apply(rest, np.asarray(array), axes, references) if rest else array
            )
    return finished


def split_operations(tensor: Tensor) -> tuple[tuple[Operation, ...], tuple[Operation, ...]]:
    """Return the operations of an output that a tile can have, and those that need the whole result."""
    whole = next(
        (number for number, each in enumerate(tensor.operations) if intensity.takes_statistics(each)),
        len(tensor.operations),
    )
    return tensor.operations[:whole], tensor.operations[whole:]


class _Reader:
    """Cuts and normalises the inputs of tiles."""

    def __init__(self, card: ModelCard, blocks: Mapping[str, Block]) -> None:
        self._card = card
        self._blocks = blocks
        self._tensors = [tensor for tensor in card.inputs if tensor.name in blocks]

    def read(self, batch: Sequence[Tile]) -> list[Pixels]:
        """Return the network's inputs for a batch, each in the network's own axes."""
        return [to_network([self._one(tensor, tile) for tile in batch], tensor) for tensor in self._tensors]

    def _one(self, tensor: Tensor, tile: Tile) -> Pixels:
        """Return (C, ...) with the letters of the tensor's grid."""
        block = self._blocks[tensor.name]
        part = self._part(tensor, tile, block.sides)
        pixels = tiling.window(block.pixels, part, tensor.padding, tensor.padding_value)
        operations = intensity.at(block.operations, part, block.sides, tensor.padding)
        return intensity.apply_fitted(operations, pixels, "C" + tensor.grid)

    def _part(self, tensor: Tensor, tile: Tile, sides: Sequence[int]) -> Slices:
        parts = dict(zip(self._card.grid, tile.tile, strict=True))
        return tuple(
            self._along(tensor, letter, parts.get(letter), side)
            for letter, side in zip(tensor.grid, sides, strict=True)
        )

    def _along(self, tensor: Tensor, letter: str, part: slice | None, side: int) -> slice:
        if part is None:
            return slice(0, side)
        if tensor is self._card.input:
            return part
        rule = self._card.relation(tensor, letter)
        start = int(part.start * rule.scale) - rule.offset // 2
        return slice(start, start + rule.length(part.stop - part.start))


class _Writer:
    """Puts the results of tiles in their place."""

    def __init__(
        self, card: ModelCard, grid: TileGrid, allocate: Allocate, after: tuple[Operation, ...]
    ) -> None:
        self.results: dict[str, Any] = {}
        self._after = after
        self._card = card
        self._grid = grid
        self._allocate = allocate
        self._placements = {
            tensor.name: _placement(card, tensor) for tensor in card.outputs if tensor.is_image
        }

    def write(self, batch: Sequence[Tile], outputs: Sequence[Pixels]) -> None:
        """Put the outputs for a batch, in the network's own axes, in their place."""
        if len(outputs) != len(self._card.outputs):
            raise CardError(
                f"the network of model {self._card.id!r} has {len(outputs)} outputs,"
                f" but its card describes {len(self._card.outputs)}"
            )
        for tensor, output in zip(self._card.outputs, outputs, strict=True):
            if tensor.is_image:
                for tile, maps in zip(batch, from_network(output, tensor, self._card.id), strict=True):
                    self._put(tensor, tile, maps)

    def _put(self, tensor: Tensor, tile: Tile, maps: Pixels) -> None:
        """Put what is kept of one result, (C, ...) with the letters of the tensor's grid, in its place."""
        letters = self._card.grid
        placement = self._placements[tensor.name]
        whole = dict(zip(letters, placement.shape(self._grid.shape), strict=True))
        target, source = placement.of(tile, [whole[letter] for letter in letters])
        targets, sources = (dict(zip(letters, slices, strict=True)) for slices in (target, source))
        everything = slice(None)
        cut = maps[(everything, *(sources.get(letter, everything) for letter in tensor.grid))]
        for letter, length in zip(tensor.grid, cut.shape[1:], strict=True):
            if letter in targets and length != targets[letter].stop - targets[letter].start:
                raise ShapeError(
                    f"output {tensor.name!r} of model {self._card.id!r} is {maps.shape[1:]} for a tile of"
                    f" {self._grid.tile}, which is not what its card says",
                    remedy="correct the sizes and offsets of the outputs in the card",
                )
        operations = (*split_operations(tensor)[0], *self._after)
        kept = intensity.apply_fitted(operations, cut, "C" + tensor.grid)
        if tensor.name not in self.results:
            lengths = zip(tensor.grid, kept.shape[1:], strict=True)
            sides = [whole.get(letter, length) for letter, length in lengths]
            self.results[tensor.name] = self._allocate(tensor.name, (kept.shape[0], *sides), kept.dtype)
        place = (everything, *(targets.get(letter, everything) for letter in tensor.grid))
        self.results[tensor.name][place] = kept


def _run_in_lanes(
    batches: Sequence[Sequence[Tile]],
    reader: _Reader,
    writer: _Writer,
    backend: Backend,
    lanes: int,
    on_tile: Callable[[], None],
) -> None:
    """Read and run several batches at a time, and write them, in their order, beside that."""
    waiting: deque[tuple[Sequence[Tile], Future[list[Pixels]]]] = deque()

    def run_one(batch: Sequence[Tile]) -> list[Pixels]:
        return backend.run(reader.read(batch))

    def finish_one() -> None:
        batch, result = waiting.popleft()
        writer.write(batch, result.result())
        for _ in batch:
            on_tile()

    threads = ThreadPoolExecutor(lanes, thread_name_prefix="drua-tiles")
    try:
        for batch in batches:
            waiting.append((batch, threads.submit(run_one, batch)))
            if len(waiting) > lanes:
                finish_one()
        while waiting:
            finish_one()
    finally:
        threads.shutdown(cancel_futures=True)


def _batches(grid: TileGrid, size: int) -> Iterator[list[Tile]]:
    batch: list[Tile] = []
    for tile in grid:
        batch.append(tile)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _is_single(card: ModelCard) -> bool:
    return any(tensor.one_at_a_time or not tensor.is_image for tensor in card.inputs)


def _is_whole(card: ModelCard, letter: str) -> bool:
    """Return whether an axis cannot be cut: some output has no place for its tiles."""
    return any(letter not in tensor.axes for tensor in card.outputs if tensor.is_image)


def _placement(card: ModelCard, tensor: Tensor) -> Placement:
    rules = [card.relation(tensor, letter) if letter in tensor.axes else None for letter in card.grid]
    return Placement(
        tuple(rule.scale if rule else Fraction(1) for rule in rules),
        tuple(rule.offset if rule else 0 for rule in rules),
    )


def to_network(tiles: Sequence[Pixels], tensor: Tensor) -> Pixels:
    """Return tiles (C, ...) as one array in the network's axes."""
    batch = tiles[0][None] if len(tiles) == 1 else np.stack(tiles)
    have = "BC" + tensor.grid
    missing = [letter for letter in have if letter not in tensor.axes]
    for letter in missing:
        batch = batch.squeeze(axis=have.index(letter))
        have = have.replace(letter, "")
    extra = [letter for letter in tensor.axes if letter not in have]
    batch = batch[(..., *(None for _ in extra))]
    have += "".join(extra)
    return batch.transpose([have.index(letter) for letter in tensor.axes])


def from_network(output: Pixels, tensor: Tensor, model: str) -> Pixels:
    """Return an output in the network's axes as (B, C, ...) with the letters of the tensor's grid."""
    if output.ndim != len(tensor.axes):
        raise ShapeError(
            f"output {tensor.name!r} of model {model!r} has the sides {output.shape}, but its card the axes"
            f" {tensor.axes}",
            remedy="correct the axes of the outputs in the card",
        )
    have, order = tensor.axes, "BIC" + tensor.grid
    for letter in order:
        if letter not in have:
            output, have = output[None], letter + have
    ordered = output.transpose([have.index(letter) for letter in order])
    return ordered.reshape(ordered.shape[0], -1, *ordered.shape[3:])


def _in_memory(_name: str, shape: tuple[int, ...], kind: np.dtype[Any]) -> Pixels:
    return np.empty(shape, kind)
