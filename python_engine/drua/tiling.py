"""Tiles of one size that see context on every side and whose cores cover the image exactly once.

::

    o---------------------#---------+ . . . . . +    o  corner of the image
    |                     #         |           .    #  edge between two cores: a margin after the second
    |                     #<-margin>|           .       tile's start, and at least one before the first's end
    |       core 0        #       core 1        .
    |         |<-margin-->#                     .    Tiles start at multiples of the stride from each other.
    |         |           #                     .    A core that reaches the edge of the image ends with it.
    +---------|-----------#---------+ . . . . . +
    |<----------- tile 0 ---------->|
              |<---------- tile 1 ----------->|

Without context the first tile starts at the corner, and the last is shifted inward: the network meets the
edges of the image as they are. With context (what the bioimage.io format means by a halo) the tiles at the
edges reach over them by the margin, where `window` continues the image. Either way what does not fit the
stride is continued, too. Grid axes come last: (C, Y, X), (C, Z, Y, X) or (C, T, Y, X).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import ShapeError

Slices = tuple[slice, ...]


@dataclass(frozen=True)
class Tile:
    """One tile of an image.

    Parameters
    ----------
    tile : tuple of slice
        What the network sees, in the image; it may reach over the image's edges, to negative numbers, too.
    core : tuple of slice
        The part of its result that is kept, in the image.
    """

    tile: Slices
    core: Slices

    @property
    def inner(self) -> Slices:
        """The core, in the tile."""
        return tuple(
            slice(core.start - tile.start, core.stop - tile.start)
            for tile, core in zip(self.tile, self.core, strict=True)
        )


@dataclass(frozen=True)
class TileGrid:
    """The tiles of an image, in raster order.

    Parameters
    ----------
    shape : tuple of int, (Y, X), (Z, Y, X), ...
        Sides of the image in pixels.
    tile : tuple of int
        Sides of a tile in pixels.
    margin : tuple of int
        Least context on each side of a core, in pixels.
    stride : tuple of int
        The network's downsampling: a tile that starts elsewhere gives another result.
    context : bool
        Whether the image is continued at its edges by the margin.

    Raises
    ------
    ShapeError
        If the numbers of sides differ, a side is empty, or the margin leaves no core.
    """

    shape: tuple[int, ...]
    tile: tuple[int, ...]
    margin: tuple[int, ...]
    stride: tuple[int, ...]
    context: bool = False

    def __post_init__(self) -> None:
        if not len(self.shape) == len(self.tile) == len(self.margin) == len(self.stride) > 0:
            raise ShapeError(
                f"image {self.shape}, tile {self.tile}, margin {self.margin}, stride {self.stride}"
                " differ in axes"
            )
        for side in zip(self.shape, self.tile, self.margin, self.stride, strict=True):
            _check_side(*side, self.context)

    def __len__(self) -> int:
        return prod(len(intervals) for intervals in self.sides())

    def __iter__(self) -> Iterator[Tile]:
        for sides in product(*self.sides()):
            tile, core = zip(*sides, strict=True)
            yield Tile(tile, core)

    def sides(self) -> list[list[tuple[slice, slice]]]:
        """Return (tile, core) along each axis."""
        return [
            _intervals(*side, self.context)
            for side in zip(self.shape, self.tile, self.margin, self.stride, strict=True)
        ]


@dataclass(frozen=True)
class Placement:
    """Where a tile's result lies in the whole result, along each axis of the grid.

    A result has `scale` pixels for each pixel of the image, and `offset` (at most 0) pixels more than the
    tile at that scale, lost in equal parts on both sides (networks without padding).
    """

    scale: tuple[Fraction, ...]
    offset: tuple[int, ...]

    @classmethod
    def same(cls, axes: int) -> Placement:
        """Return the placement of results that are as large as their tiles."""
        return cls((Fraction(1),) * axes, (0,) * axes)

    def shape(self, sides: Sequence[int]) -> tuple[int, ...]:
        """Return the sides of the whole result for those of the image."""
        return tuple(int(side * scale) for side, scale in zip(sides, self.scale, strict=True))

    def of(self, tile: Tile, whole: Sequence[int]) -> tuple[Slices, Slices]:
        """Return the core of a tile in the whole result, and in the tile's result.

        Parameters
        ----------
        whole : sequence of int
            Sides of the whole result.
        """
        target, source = [], []
        for part, core, scale, offset, side in zip(
            tile.tile, tile.core, self.scale, self.offset, whole, strict=True
        ):
            low, high = int(core.start * scale), min(int(core.stop * scale), side)
            first = int(part.start * scale) - offset // 2
            target.append(slice(low, high))
            source.append(slice(low - first, high - first))
        return tuple(target), tuple(source)


def fit_tile(side: int, tile: int, margin: int, stride: int, step: int, least: int, *, context: bool) -> int:
    """Return the side of the tiles for a side of an image: at most `tile`, and as small as covers it evenly.

    Equal tiles compute fewer pixels twice than large ones of which the last is shifted far inward.

    Parameters
    ----------
    side, tile, margin, stride : int
        As of a `TileGrid`; the tile is the largest one.
    step, least : int
        The tile's side must be `least` plus a multiple of `step`; 0 for a side that is fixed.
    context : bool
        Whether the image is continued at its edges by the margin.
    """
    if step == 0:
        return least
    extended = side + 2 * margin if context else side
    needed = extended
    largest = least + max(tile - least, 0) // step * step
    if extended > tile:
        inside = extended - 2 * margin
        most = max((tile - 2 * margin) // stride, 1) * stride
        # tiles begin at multiples of the stride; what the last one has beyond that counts, too
        count = 1 + -(-(inside - (tile - 2 * margin)) // most)
        core = -(-inside // count)
        needed = min(-(-core // stride) * stride + 2 * margin, largest)
    return least + -(-max(needed - least, 0) // step) * step


def window(array: Any, part: Slices, padding: str = "symmetric", value: float = 0.0) -> NDArray[Any]:
    """Return the pixels of a part of an image that may reach over its edges.

    Parameters
    ----------
    array : array, (..., Y, X) or (..., Z, Y, X)
        Anything that is sliced as numpy's arrays are, also one that is read from a file only then.
    part : tuple of slice
        One for each of the last axes, with start and stop, in pixels.
    padding : str
        How the image goes on: 'symmetric' and 'reflect' mirror it as often as needed, with and without its
        last pixel twice, 'edge' repeats that, and 'constant' has the value.

    Returns
    -------
    ndarray, (..., Y, X) or (..., Z, Y, X)
        A view where the part lies inside.
    """
    sides = array.shape[-len(part) :]
    if all(each.start >= 0 and each.stop <= side for each, side in zip(part, sides, strict=True)):
        return np.asarray(array[(..., *part)])
    positions = [continued(each, side, padding) for each, side in zip(part, sides, strict=True)]
    boxes = [slice(int(each.min()), int(each.max()) + 1) for each in positions]
    pixels = np.asarray(array[(..., *boxes)])
    for axis, (each, box) in enumerate(zip(positions, boxes, strict=True), start=-len(part)):
        if not np.array_equal(each, np.arange(box.start, box.stop)):
            pixels = pixels.take(each - box.start, axis=axis)
    return _with_constant(pixels, part, sides, value) if padding == "constant" else pixels


def continued(part: slice, side: int, padding: str) -> NDArray[np.intp]:
    """Return which pixels of 0..side-1 stand at the positions of a part that may reach over them."""
    wanted = np.arange(part.start, part.stop)
    if padding in ("edge", "constant") or side == 1:
        return np.clip(wanted, 0, side - 1)
    period = 2 * side if padding == "symmetric" else 2 * (side - 1)
    last = 2 * side - 1 if padding == "symmetric" else period
    wave = wanted % period
    return np.where(wave < side, wave, last - wave)


def _with_constant(pixels: NDArray[Any], part: Slices, sides: Sequence[int], value: float) -> NDArray[Any]:
    filled = np.full_like(pixels, value)
    inside: tuple[Any, ...] = tuple(
        slice(max(-each.start, 0), min(each.stop, side) - each.start)
        for each, side in zip(part, sides, strict=True)
    )
    filled[(..., *inside)] = pixels[(..., *inside)]
    return filled


def _check_side(side: int, tile: int, margin: int, stride: int, context: bool) -> None:
    if side < 1 or tile < 1 or margin < 0 or stride < 1:
        raise ShapeError(
            f"side {side}, tile {tile}, margin {margin}, stride {stride}: only the margin may be 0"
        )
    if tile >= side + (2 * margin if context else 0):
        return
    if tile < 2 * margin + stride:
        raise ShapeError(
            f"a tile of {tile} leaves no core between two margins of {margin} with stride {stride}",
            remedy=f"choose a tile of at least {-(-2 * margin // stride) * stride + stride}",
        )


def _intervals(side: int, tile: int, margin: int, stride: int, context: bool) -> list[tuple[slice, slice]]:
    """Return tile and core along one side."""
    over = margin if context else 0
    last = max(0, -(-(side + 2 * over - tile) // stride) * stride)
    step = max(tile - 2 * margin, stride) // stride * stride
    starts = [start - over for start in (*range(0, last, step), last)]
    edges = [0, *(start + margin for start in starts[1:]), side]
    return [
        (slice(start, start + tile), slice(low, high))
        for start, (low, high) in zip(starts, pairwise(edges), strict=True)
    ]
