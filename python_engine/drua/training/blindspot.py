"""Blind spots: learning to remove noise from noisy images alone.

A pixel is replaced by one of its neighbourhood, and the network is asked for what was there. The signal can
be told from the neighbours, noise that is independent from pixel to pixel cannot: so the answer is the signal
(Krull et al., Noise2Void, CVPR 2019). The replacement comes from the neighbourhood without its centre (Höck
et al., N2V2, 2022). Where noise is alike along rows or columns, the neighbours along these would tell it, so
they are replaced as well (Broaddus et al., StructN2V, ISBI 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRUCTURES = ("none", "rows", "columns")
REACH = 2
"""How far a replacement may come from, in pixels along Y and X."""
SHARE = 0.03
"""Share of the pixels that are hidden in one step."""
STRUCTURE_REACH = 5
"""How far along a row or column the neighbours are replaced, too."""
ALIKE = 0.15
"""From this correlation of neighbours along one axis above that along the other, noise is structured."""
_TRIES = 50
_BLOCK = 32
_COARSE = 4

Pixels = NDArray[Any]


def hide(
    patches: NDArray[np.float32], random: np.random.Generator, structure: str = "none"
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return patches with hidden pixels, and which these are.

    Parameters
    ----------
    patches : ndarray, float32, (N, C, ..., Y, X)
        Never changed.
    random : Generator
        Chooses pixels and replacements.
    structure : str
        One of `STRUCTURES`.

    Returns
    -------
    hidden : ndarray, float32, like `patches`
        With every hidden pixel, in all channels, replaced by one near it.
    weights : ndarray, float32, (N, 1, ..., Y, X)
        1 where the network is to be asked, 0 elsewhere.
    """
    count, _, *sides = patches.shape
    spots = _spots(random, (count, *sides))
    replaced = spots if structure == "none" else _spread(spots, structure)
    where = np.nonzero(replaced)
    place = _sources(where, spots, random, structure)
    hidden = patches.copy()
    into, out_of = np.moveaxis(hidden, 1, -1), np.moveaxis(patches, 1, -1)  # all channels at once
    into[where] = out_of[tuple(place)]
    return hidden, spots[:, None].astype(np.float32)


@dataclass(frozen=True)
class Noise:
    """How alike the noise of neighbouring pixels is: correlations, -1 to 1, and what to do about it.

    Parameters
    ----------
    rows, columns : float
        The correlation of neighbours along rows and along columns, where an image shows little.
    structure : str
        One of `STRUCTURES`.
    """

    rows: float
    columns: float
    structure: str

    @property
    def text(self) -> str:
        """The finding, for people."""
        figures = (
            f"neighbouring pixels correlate by {self.rows:.2f} along rows"
            f" and {self.columns:.2f} along columns"
        )
        if self.structure != "none":
            return f"{figures}: the noise is alike along {self.structure}"
        if min(self.rows, self.columns) > ALIKE:
            return (
                f"{figures}: either the images show structure everywhere, or their noise is alike in both"
                " directions (by interpolation, compression or a filter) and will stay; train on raw images"
            )
        return f"{figures}: no structure in the noise"


def measure(planes: Sequence[Pixels]) -> Noise:
    """Measure how alike the noise of neighbouring pixels is.

    Along each axis the second difference across it takes away what changes slowly and leaves the correlation
    along it as it is. Only the quarter of the blocks that show the least is looked at, as the signal itself
    is alike in both directions: what counts is by how much one of them exceeds the other.

    Parameters
    ----------
    planes : sequence of array, (Y, X)
        Some planes of the images.
    """
    blocks = [block for plane in planes for block in _quiet_blocks(np.asarray(plane, np.float64))]
    rows = _correlation(blocks)
    columns = _correlation([block.T for block in blocks])
    structure = "none"
    if rows - columns > ALIKE:
        structure = "rows"
    elif columns - rows > ALIKE:
        structure = "columns"
    return Noise(rows, columns, structure)


def _quiet_blocks(plane: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the quarter of the blocks whose local means differ the least, not counting constant ones."""
    rows, columns = (max(side // _BLOCK, 1) for side in plane.shape)
    blocks = [
        plane[y * _BLOCK : (y + 1) * _BLOCK, x * _BLOCK : (x + 1) * _BLOCK]
        for y in range(rows)
        for x in range(columns)
    ]
    noisy = [block for block in blocks if block.std() > 0]
    noisy.sort(key=liveliness)
    return noisy[: max(len(noisy) // 4, 1)]


def _correlation(blocks: Sequence[NDArray[np.float64]]) -> float:
    """Return the correlation of neighbours along rows."""
    products = squares = 0.0
    for block in blocks:
        rough = block[1:-1] - (block[:-2] + block[2:]) / 2
        rough = rough - rough.mean()
        products += float((rough[:, 1:] * rough[:, :-1]).mean())
        squares += float((rough * rough).mean())
    return products / squares if squares else 0.0


def liveliness(patch: Pixels) -> float:
    """Return how much there is to see in a patch (..., Y, X): the spread of the means of small blocks.

    Single pixels would tell of the noise.
    """
    pixels = np.asarray(patch, np.float32).reshape(-1, *patch.shape[-2:])
    rows, columns = (side // _COARSE for side in pixels.shape[-2:])
    if not rows or not columns:
        return float(pixels.std())
    parts = pixels[:, : rows * _COARSE, : columns * _COARSE].reshape(-1, rows, _COARSE, columns, _COARSE)
    return float(parts.mean(axis=(2, 4)).std())


def _spots(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return one pixel in every cell of a grid that is shifted at random: hidden pixels lie apart."""
    cell = round((1 / SHARE) ** 0.5)
    count, *outer = shape[:-2]
    rows, columns = (-(-side // cell) + 1 for side in shape[-2:])
    spots = np.zeros((count, *outer, rows * cell, columns * cell), bool)
    index = np.indices((count, *outer, rows, columns))
    y = index[-2] * cell + random.integers(cell, size=index[0].shape)
    x = index[-1] * cell + random.integers(cell, size=index[0].shape)
    spots[(*index[:-2], y, x)] = True
    top, left = random.integers(cell, size=2)
    return spots[..., top : top + shape[-2], left : left + shape[-1]]


def _spread(spots: NDArray[np.bool_], structure: str) -> NDArray[np.bool_]:
    """Return the spots with their neighbours along rows or columns."""
    side = spots.ndim - (1 if structure == "rows" else 2)
    spread = spots.copy()
    for step in range(1, STRUCTURE_REACH + 1):
        ahead = [slice(None)] * spots.ndim
        behind = list(ahead)
        ahead[side], behind[side] = slice(step, None), slice(None, -step)
        spread[tuple(ahead)] |= spots[tuple(behind)]
        spread[tuple(behind)] |= spots[tuple(ahead)]
    return spread


def _sources(
    where: tuple[NDArray[np.int64], ...],
    spots: NDArray[np.bool_],
    random: np.random.Generator,
    structure: str,
) -> list[NDArray[np.int64]]:
    """Return the pixels that replace others: near them, and none that is hidden itself."""
    offsets = _offsets(structure)
    place = list(where)
    open_ = np.arange(len(where[0]))
    for _ in range(_TRIES):
        chosen = offsets[random.integers(len(offsets), size=len(open_))]
        for side, step in ((-2, chosen[:, 0]), (-1, chosen[:, 1])):
            here = where[side][open_]
            there = here + step
            outside = (there < 0) | (there >= spots.shape[side])
            place[side] = place[side].copy()
            place[side][open_] = np.where(outside, here - step, there)
        open_ = open_[spots[tuple(each[open_] for each in place)]]
        if not len(open_):
            break
    return place


def _offsets(structure: str) -> NDArray[np.int64]:
    """Return where replacements come from, (n, 2): never the pixel, nor its row or column if it is alike."""
    steps = range(-REACH, REACH + 1)
    offsets = np.array([(y, x) for y in steps for x in steps])
    keep = {
        "none": (offsets != 0).any(axis=1),
        "rows": offsets[:, 0] != 0,
        "columns": offsets[:, 1] != 0,
    }[structure]
    return offsets[keep]
