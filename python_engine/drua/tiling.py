"""Tiles of one size that see context on every side and whose cores cover the image exactly once.

::

    o---------------------#---------+ . . . . . +    o  corner of the image
    |                     #         |           .    #  edge between two cores, midway in the overlap
    |                     #<-halo+->|           .
    |       core 0        #       core 1        .    A core that reaches the edge of the image ends with it;
    |           |<-halo+->#                     .    inside it ends at least a halo before its tile does.
    |           |         #                     .
    +-----------|---------#---------+ . . . . . +    Tiles start at multiples of the stride. The last one is
    |<----------- tile 0 ---------->|                shifted inward, so that no tile crosses the edge.
                |<---------- tile 1 ----------->|

An image that is not larger than the tile is one tile. Spatial axes come last: (C, Y, X) or (C, Z, Y, X).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
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
        What the network sees, in the image.
    core : tuple of slice
        The part of its result that is kept, in the image.
    inner : tuple of slice
        The core, in the tile.
    """

    tile: Slices
    core: Slices
    inner: Slices


@dataclass(frozen=True)
class TileGrid:
    """The tiles of an image, in raster order.

    Parameters
    ----------
    shape : tuple of int, (Y, X) or (Z, Y, X)
        Sides of the image in pixels, multiples of the stride: see `pad_to_multiple`.
    tile : tuple of int
        Sides of a tile in pixels, multiples of the stride.
    halo : tuple of int
        Least context on each side of a core, in pixels.
    stride : tuple of int
        The network's downsampling: a tile that starts elsewhere gives another result.

    Raises
    ------
    ShapeError
        If the numbers of sides differ, a side is no multiple of the stride, or the halo leaves no core.
    """

    shape: tuple[int, ...]
    tile: tuple[int, ...]
    halo: tuple[int, ...]
    stride: tuple[int, ...]

    def __post_init__(self) -> None:
        if not len(self.shape) == len(self.tile) == len(self.halo) == len(self.stride) > 0:
            raise ShapeError(
                f"image {self.shape}, tile {self.tile}, halo {self.halo}, stride {self.stride} differ in axes"
            )
        for side in zip(self.shape, self.tile, self.halo, self.stride, strict=True):
            _check_side(*side)

    def __len__(self) -> int:
        count = 1
        for intervals in self._sides():
            count *= len(intervals)
        return count

    def __iter__(self) -> Iterator[Tile]:
        for sides in product(*self._sides()):
            tile, core, inner = zip(*sides, strict=True)
            yield Tile(tile, core, inner)

    def _sides(self) -> list[list[tuple[slice, slice, slice]]]:
        return [_intervals(*side) for side in zip(self.shape, self.tile, self.halo, self.stride, strict=True)]


def pad_to_multiple(
    array: NDArray[Any], stride: Sequence[int], minimum: Sequence[int] | None = None
) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """Return the array with its last sides grown by reflection to multiples of the stride.

    Parameters
    ----------
    array : ndarray, (..., Y, X) or (..., Z, Y, X)
        Any pixels.
    stride : sequence of int
        One number for each spatial axis.
    minimum : sequence of int, optional
        Least sides in pixels, for networks of a fixed size.

    Returns
    -------
    padded : ndarray
        The new pixels are at the end of each side, mirrored about its last one as often as needed. The array
        itself if it fits already.
    crop : tuple
        `padded[crop]` is the part that was the array.
    """
    spatial = len(stride)
    sides = array.shape[-spatial:]
    least = minimum or (1,) * spatial
    padded = array
    for side, step, low, dimension in zip(sides, stride, least, range(-spatial, 0), strict=True):
        target = -(-max(side, low) // step) * step
        if target != side:
            padded = padded.take(_reflected(side, target), axis=dimension)
    return padded, _last(slice(0, side) for side in sides)


def split(array: NDArray[Any], grid: TileGrid) -> Iterator[tuple[Tile, NDArray[Any]]]:
    """Yield the tiles of an array with views of their pixels.

    Parameters
    ----------
    array : ndarray, (..., Y, X) or (..., Z, Y, X)
        Its last sides are the grid's.
    grid : TileGrid
        The tiles.

    Raises
    ------
    ShapeError
        If array and grid differ in their sides.
    """
    if array.shape[-len(grid.shape) :] != grid.shape:
        raise ShapeError(f"an array of {array.shape} does not end in the sides {grid.shape} of its grid")
    for tile in grid:
        yield tile, array[_last(tile.tile)]


def stitch(results: Iterable[tuple[Tile, NDArray[Any]]], grid: TileGrid) -> NDArray[Any]:
    """Return one array of the cores of all tiles.

    Parameters
    ----------
    results : iterable of (Tile, ndarray)
        Every tile of the grid once, in any order, with pixels of any number of channels, (..., Y, X) or
        (..., Z, Y, X), as large as the tile.
    grid : TileGrid
        The tiles.

    Returns
    -------
    ndarray, (..., Y, X) or (..., Z, Y, X)
        Of the results' type, with the grid's sides last.

    Raises
    ------
    ShapeError
        If a result has other sides than its tile, or a tile is missing.
    """
    image: NDArray[Any] | None = None
    done = 0
    for tile, pixels in results:
        _check_result(tile, pixels)
        if image is None:
            image = np.empty(pixels.shape[: -len(grid.shape)] + grid.shape, pixels.dtype)
        image[_last(tile.core)] = pixels[_last(tile.inner)]
        done += 1
    if image is None or done != len(grid):
        raise ShapeError(f"{done} results for a grid of {len(grid)} tiles")
    return image


def _last(slices: Iterable[slice]) -> tuple[Any, ...]:
    """Return the index of a part of the spatial axes, which come last."""
    return (..., *slices)


def _check_side(side: int, tile: int, halo: int, stride: int) -> None:
    if side < 1 or tile < 1 or halo < 0 or stride < 1:
        raise ShapeError(f"side {side}, tile {tile}, halo {halo}, stride {stride}: only the halo may be 0")
    for name, length in (("image", side), ("tile", tile)):
        if length % stride:
            raise ShapeError(f"the side {length} of the {name} is not a multiple of the stride {stride}")
    if tile < 2 * halo + stride:
        raise ShapeError(
            f"a tile of {tile} leaves no core between two halos of {halo} with stride {stride}",
            remedy=f"choose a tile of at least {-(-2 * halo // stride) * stride + stride}",
        )


def _intervals(side: int, tile: int, halo: int, stride: int) -> list[tuple[slice, slice, slice]]:
    """Return tile, core and inner slices along one side."""
    if side <= tile:
        return [(slice(0, side),) * 3]
    step = (tile - 2 * halo) // stride * stride
    starts = [*range(0, side - tile, step), side - tile]
    edges = [
        0,
        *((first + tile + second) // 2 for first, second in pairwise(starts)),
        side,
    ]
    return [
        (slice(start, start + tile), slice(low, high), slice(low - start, high - start))
        for start, (low, high) in zip(starts, pairwise(edges), strict=True)
    ]


def _reflected(side: int, target: int) -> NDArray[np.intp]:
    """Return the positions that continue 0..side-1 by mirroring; np.pad has no rule for a side of 1."""
    period = max(2 * (side - 1), 1)
    wave = np.arange(target) % period
    return np.minimum(wave, period - wave) if side > 1 else np.zeros(target, np.intp)


def _check_result(tile: Tile, pixels: NDArray[Any]) -> None:
    expected = tuple(part.stop - part.start for part in tile.tile)
    if pixels.shape[-len(expected) :] != expected:
        raise ShapeError(
            f"a tile of {expected} gave a result of {pixels.shape}, but its last sides must be the same"
        )
