"""Memory: what a prediction needs of it is compared with what there is, and a full one is got along with.

A prediction that cannot fit is refused before it starts. When the memory of a device is full all the same,
a tile is predicted in smaller pieces, and when the smallest piece is too large, on the CPU. Finished tiles
stay, and the result is the same: a piece sees as much context as the network looks at.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import platform, tiling
from drua.backends import Backend, open_backend
from drua.errors import DeviceMemoryError
from drua.models.card import ModelCard

BYTES_PER_BLOCK_PIXEL = {"label_image": 100, "intensity": 24}
"""Least memory while a plane or volume is predicted and decoded, for each pixel: measured with three maps."""

BYTES_PER_PIXEL = {"label_image": 16, "intensity": 0}
"""Least memory for label images, outlines and what is handed over, for each pixel of all planes: measured."""

BYTES_PER_MAP_PIXEL = 8
"""For an intensity result: float32, and its copy on the way out."""


def check(block: int, pixels: int, card: ModelCard, kind: str) -> None:
    """Refuse a prediction that would not fit into the memory of this machine.

    Parameters
    ----------
    block : int
        The pixels of one plane or volume, as the network sees it.
    pixels : int
        The pixels of all planes, as the user sees them.
    card : ModelCard
        The model.
    kind : str
        What its decoder makes: 'label_image' or 'intensity'.

    Raises
    ------
    DeviceMemoryError
        If it needs more bytes than are free.
    """
    maps = len(card.output.channels) * BYTES_PER_MAP_PIXEL if kind == "intensity" else 0
    needed = BYTES_PER_BLOCK_PIXEL[kind] * block + (BYTES_PER_PIXEL[kind] + maps) * pixels
    free = platform.free_memory()
    if needed > free:
        raise DeviceMemoryError(
            f"{pixels / 1e6:.4g} megapixels need about {_gigabytes(needed)} of memory,"
            f" but {_gigabytes(free)} are free",
            remedy="close other programs, select a part of the image, or process fewer planes at once",
        )


class FrugalBackend:
    """A backend that goes on with less at a time, then on the CPU, where another gives up for lack of memory.

    First with one run at a time, then with fewer tiles in a batch, then with pieces of a tile that see as
    much context as the network looks at, so that the result is the same.

    Parameters
    ----------
    backend : Backend
        The network; it stays the caller's to close.
    card : ModelCard
        Its card.
    """

    def __init__(self, backend: Backend, card: ModelCard) -> None:
        self.notes: list[str] = []
        """What had to be done differently, in words for the user."""
        self._card = card
        self._backend = backend
        self._given = backend
        self._lanes = 1
        self._alone = False
        self._turn = Lock()
        self._lock = Lock()
        self._batch: int | None = None
        self._sides: tuple[int, ...] | None = None
        self._stride = tuple(card.stride[letter] for letter in card.grid)
        self._context = tuple(
            _round_up(card.receptive_field[letter], card.stride[letter]) for letter in card.grid
        )

    @property
    def device(self) -> str:
        """The device that is used; both, if it changed on the way."""
        first, now = self._given.device, self._backend.device
        return first if first == now else f"{first}, then {now}"

    @property
    def provider(self) -> str:
        """What executes the network now."""
        return self._backend.provider

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return the network's outputs for its inputs, both in the network's own axes.

        Raises
        ------
        DeviceMemoryError
            If not even a small piece fits into the computer's memory.
        """
        while True:
            tried = self._state
            try:
                with self._turn if self._alone else nullcontext():
                    return self._run(inputs)
            except DeviceMemoryError as error:
                with self._lock:
                    if tried == self._state:  # else another thread has met the same, and has done something
                        self._get_along(inputs, error)

    def lanes(self, runs: int) -> int:
        """Return how many threads should call `run` at a time."""
        self._lanes = self._backend.lanes(runs)
        return self._lanes

    @property
    def _state(self) -> tuple[object, ...]:
        return self._alone, self._batch, self._sides, self._backend

    def close(self) -> None:
        """Give back what was loaded besides the given backend."""
        if self._backend is not self._given:
            self._backend.close()

    def _run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        count = self._count(inputs)
        if self._batch is None or count <= self._batch:
            return self._run_pieces(inputs)
        parts = [
            self._run_pieces(
                [_part_of_batch(each, axes, start, self._batch) for each, axes in self._with_axes(inputs)]
            )
            for start in range(0, count, self._batch)
        ]
        return [
            np.concatenate(each, axis=tensor.axes.index("B"))
            for tensor, each in zip(self._card.outputs, zip(*parts, strict=True), strict=True)
        ]

    def _run_pieces(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        grid = self._card.grid
        sides = self._tile(inputs)
        if self._sides is None or all(side <= most for side, most in zip(sides, self._sides, strict=True)):
            return self._backend.run(inputs)
        most = tuple(map(min, sides, self._sides))
        pieces = tiling.TileGrid(sides, most, self._context, self._stride)
        outputs: list[NDArray[Any]] = []
        for piece in pieces:
            parts = self._backend.run(
                [each[_index(axes, grid, piece.tile)] for each, axes in self._with_axes(inputs)]
            )
            if not outputs:
                outputs = [
                    np.empty(_with_sides(part.shape, tensor.axes, grid, sides), part.dtype)
                    for part, tensor in zip(parts, self._card.outputs, strict=True)
                ]
            for whole, part, tensor in zip(outputs, parts, self._card.outputs, strict=True):
                whole[_index(tensor.axes, grid, piece.core)] = part[_index(tensor.axes, grid, piece.inner)]
        return outputs

    def _with_axes(self, inputs: Sequence[NDArray[Any]]) -> list[tuple[NDArray[Any], str]]:
        return [(each, tensor.axes) for each, tensor in zip(inputs, self._card.inputs, strict=False)]

    def _tile(self, inputs: Sequence[NDArray[Any]]) -> tuple[int, ...]:
        axes = self._card.input.axes
        return tuple(inputs[0].shape[axes.index(letter)] for letter in self._card.grid)

    def _count(self, inputs: Sequence[NDArray[Any]]) -> int:
        axes = self._card.input.axes
        return inputs[0].shape[axes.index("B")] if "B" in axes else 1

    def _get_along(self, inputs: Sequence[NDArray[Any]], error: DeviceMemoryError) -> None:
        batch = min(self._count(inputs), self._batch or self._count(inputs))
        now = tuple(map(min, self._tile(inputs), self._sides or self._tile(inputs)))
        smaller = self._smaller(now)
        device = self._backend.device
        if self._lanes > 1 and not self._alone:
            self._alone = True
            self.notes.append(f"the memory of {device} was full: one run at a time instead of {self._lanes}")
        elif batch > 1:
            self._batch = batch // 2
            self.notes.append(
                f"the memory of {device} was full: {batch // 2} tiles at a time instead of {batch}"
            )
        elif smaller != now:
            self._sides = smaller
            self.notes.append(
                f"the memory of {device} was full: tiles of {_by(smaller)} pixels instead of {_by(now)}"
            )
        elif device != "cpu":
            self._backend, self._sides, self._batch = open_backend(self._card, "cpu"), None, None
            self.notes.append(f"the memory of {device} was full: the rest was predicted on the CPU")
        else:
            raise DeviceMemoryError(
                f"not even a tile of {_by(now)} pixels fits into the memory:"
                f" {_gigabytes(platform.free_memory())} are free",
                remedy="close other programs",
            ) from error

    def _smaller(self, sides: tuple[int, ...]) -> tuple[int, ...]:
        """Return the next smaller sides; the same if more of a piece would be context than is worth it."""
        if not _keeps_sizes(self._card):
            return sides
        halves = []
        for side, context, stride, letter in zip(
            sides, self._context, self._stride, self._card.grid, strict=True
        ):
            least = max(2 * context + max(context, stride), self._card.input.least[letter])
            halves.append(min(side, max(side // 2 // stride * stride, _round_up(least, stride))))
        return tuple(halves)


def _keeps_sizes(card: ModelCard) -> bool:
    """Return whether a network takes and gives tiles of any size, all of the same."""
    tensors = (*card.inputs, *card.outputs)
    free = all(card.input.step.get(letter, 0) for letter in "YX")
    rules = [
        card.relation(tensor, letter) for tensor in tensors for letter in card.grid if letter in tensor.axes
    ]
    whole = all(letter in tensor.axes for tensor in tensors for letter in card.grid)
    return free and whole and all(rule.scale == 1 and rule.offset == 0 for rule in rules)


def _part_of_batch(array: NDArray[Any], axes: str, start: int, count: int) -> NDArray[Any]:
    return array[tuple(slice(start, start + count) if letter == "B" else slice(None) for letter in axes)]


def _index(axes: str, grid: str, part: tiling.Slices) -> tuple[slice, ...]:
    """Return the index of a part of the grid in an array with a network's axes."""
    parts = dict(zip(grid, part, strict=True))
    return tuple(parts.get(letter, slice(None)) for letter in axes)


def _with_sides(shape: tuple[int, ...], axes: str, grid: str, sides: tuple[int, ...]) -> tuple[int, ...]:
    wanted = dict(zip(grid, sides, strict=True))
    return tuple(wanted.get(letter, length) for letter, length in zip(axes, shape, strict=True))


def _by(sides: tuple[int, ...]) -> str:
    return " x ".join(map(str, sides))


def _round_up(length: int, step: int) -> int:
    return -(-length // step) * step


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
