"""Maxima of a field that stand out, as scikit-image's `h_maxima` finds them, without sorting every pixel.

Every pixel climbs to the highest of its neighbours until it stands on a top. Tops see each other over the
highest pass between their slopes. From the highest pass down, slopes are joined, and a top that meets a
higher one is told by how much it stands out: its height above that pass (its dynamics: M. Grimaud, 1992).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray


def h_maxima(field: NDArray[np.float32], height: float) -> NDArray[np.bool_]:
    """Return where the maxima of a field are that stand out by at least a height.

    Parameters
    ----------
    field : ndarray, (Y, X) or (Z, Y, X), float32
        Any finite values; pixels are neighbours also over corners.
    height : float
        More than 0, in the field's units. A maximum stands out by how far one must descend from it on the way
        to a higher one; the highest of all does if the whole field spans the height.

    Returns
    -------
    ndarray of bool, of the field's shape
        All pixels of such a maximum, up to the resolution of float32.
    """
    if height > np.ptp(field):
        return np.zeros(field.shape, bool)
    climbed, values = _climb(field), field.ravel()
    tops = np.flatnonzero(climbed == np.arange(field.size))
    numbers = np.empty(field.size, np.intp)
    numbers[tops] = np.arange(len(tops))
    slopes = numbers[climbed]
    standing = _standing(values[tops], _passes(field, slopes.reshape(field.shape)), height)
    near = values >= (values[tops] - _resolution(values[tops]))[slopes]
    marked: NDArray[np.bool_] = (near & standing[slopes]).reshape(field.shape)
    return marked


def _climb(field: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return for each pixel, flat, the top that it climbs to; of equal neighbours the last is the higher."""
    highest = field.copy()
    target = np.arange(field.size).reshape(field.shape)
    indices = target.copy()
    for here, there in _neighbours(field.ndim, both_ways=True):
        values, places = field[there], indices[there]
        better = (values > highest[here]) | ((values == highest[here]) & (places > target[here]))
        np.copyto(highest[here], values, where=better)
        np.copyto(target[here], places, where=better)
    climbed = target.ravel()
    while True:
        further = climbed[climbed]
        if np.array_equal(further, climbed):
            return climbed
        climbed = further


def _passes(
    field: NDArray[np.float32], slopes: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return pairs of neighbouring slopes and their highest passes, the highest first."""
    count = int(slopes.max()) + 1
    found = []
    for here, there in _neighbours(field.ndim, both_ways=False):
        between = slopes[here] != slopes[there]
        one, other = slopes[here][between], slopes[there][between]
        heights = np.minimum(field[here][between], field[there][between])
        found.append(_highest(np.minimum(one, other) * count + np.maximum(one, other), heights))
    pairs, height = _highest(*map(np.concatenate, zip(*found, strict=True)))
    down = np.argsort(-height, kind="stable")
    return pairs[down] // count, pairs[down] % count, height[down]


def _highest(
    pairs: NDArray[np.intp], heights: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return every pair once, ascending, with the greatest of its heights."""
    if not len(pairs):
        return pairs, heights
    order = np.argsort(pairs)
    pairs, heights = pairs[order], heights[order]
    leads = np.flatnonzero(np.diff(pairs, prepend=-1))
    return pairs[leads], np.maximum.reduceat(heights, leads)


def _standing(
    tops: NDArray[np.float32],
    passes: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]],
    height: float,
) -> NDArray[np.bool_]:
    """Return which tops stand out, by joining their slopes from the highest pass down."""
    joined = list(range(len(tops)))
    open_tops = [[top] for top in joined]
    reach = (tops - _resolution(tops)).tolist()  # what a top must be higher than to be higher
    standing = np.ones(len(tops), bool)

    def find(top: int) -> int:
        while joined[top] != top:
            joined[top] = top = joined[joined[top]]
        return top

    for first, second, level in zip(*(part.tolist() for part in passes), strict=True):
        one, other = find(first), find(second)
        if one == other:
            continue
        if reach[one] < reach[other]:
            one, other = other, one
        met = [top for top in open_tops[other] if reach[one] > tops[top]]
        met += [top for top in open_tops[one] if reach[other] > tops[top]]
        for top in met:
            standing[top] = tops[top] - np.float32(level) >= height
        resolved = set(met)
        open_tops[one] = [top for top in open_tops[one] + open_tops[other] if top not in resolved]
        joined[other] = one
    return standing


def _resolution(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return by how much a value must differ to count as another one."""
    return np.asarray(2 * np.finfo(np.float32).resolution * np.abs(values), np.float32)


def _neighbours(dimensions: int, *, both_ways: bool) -> list[tuple[Any, Any]]:
    """Return pairs of indices, of pixels and of their neighbours in one direction."""
    steps = [step for step in product((-1, 0, 1), repeat=dimensions) if any(step)]
    steps = steps if both_ways else steps[: len(steps) // 2]
    cut = {-1: (slice(1, None), slice(None, -1)), 0: (slice(None),) * 2, 1: (slice(None, -1), slice(1, None))}
    return [(tuple(cut[side][0] for side in step), tuple(cut[side][1] for side in step)) for step in steps]
