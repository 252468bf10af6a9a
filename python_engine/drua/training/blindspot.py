"""Blind spots: learning to remove noise from noisy images alone.

A pixel is replaced by one of its neighbourhood, and the network is asked for what was there. The signal can be
told from the neighbours, noise that is independent from pixel to pixel cannot: so the answer is the signal
(Krull et al., Noise2Void, CVPR 2019). The replacement comes from the neighbourhood without its centre (Höck et
al., N2V2, 2022). Where noise is alike along rows or columns, the neighbours along these would tell it, so they
are replaced as well (Broaddus et al., StructN2V, ISBI 2020).
"""

from __future__ import annotations

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
_LAGS = 8

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
    hidden[(where[0], slice(None), *where[1:])] = patches[(place[0], slice(None), *place[1:])]
    return hidden, spots[:, None].astype(np.float32)


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
