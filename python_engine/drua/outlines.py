"""Exact outlines of labelled objects: closed polygons along the edges of pixels.

A ring runs with its object on the right hand, so that outer rings go clockwise on screen and holes the other
way. Its vertices are corners where pixels a, b, c, d meet::

           :  top  :          Four cracks leave a corner; each is there if the two pixels beside it differ. A
         a |       | b        side that runs along a crack, away from the corner, belongs to the pixel on its
           |   3   |          right hand, and starts at the corner unless it merely passes through:
     ------o-------o------
     left  | 2   0 |  right       direction  0 right  1 down  2 left  3 up
     ------o-------o------        object of     d       c       a       b
           |   1   |
         c |       | d        Pixels that touch at a corner only are two rings: there every side turns right.
           : bottom:

Sides are numbered; rings are cut at their local tops into short stretches, which are followed all at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import ImageError, ShapeError

Ints = NDArray[np.int32]
Numbers = NDArray[np.int64]

_BAND_PIXELS = 2**19
"""Pixels that are compared at a time: few enough to stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Outlines:
    """The outlines of objects on every plane that they are on, as flat arrays, as in docs/protocol.md.

    Parameters
    ----------
    planes : ndarray, int32, (n,)
        The plane of each outline, counted from 0, ascending.
    objects : ndarray, int32, (n,)
        The label of each, ascending in each plane.
    parts : ndarray, int32, (n + 1,)
        Outline i has the rings `parts[i]` to `parts[i + 1]`, outer ones before holes.
    points : ndarray, int32, (rings + 1,)
        Ring r has the vertices `points[r]` to `points[r + 1]`.
    xy : ndarray, int32, (2 * vertices,)
        x, y, x, y, ... in pixel corners: pixel (0, 0) reaches from 0 to 1. The last vertex joins the first,
        and rings are filled even-odd.
    """

    planes: Ints
    objects: Ints
    parts: Ints
    points: Ints
    xy: Ints

    def __len__(self) -> int:
        return len(self.planes)

    @property
    def span_planes(self) -> bool:
        """Whether any object is on several planes."""
        return len(np.unique(self.objects)) < len(self)

    @property
    def arrays(self) -> dict[str, Ints]:
        """The arrays by their names in the protocol."""
        return {
            "planes": self.planes,
            "labels": self.objects,
            "parts": self.parts,
            "points": self.points,
            "xy": self.xy,
        }

    def polygons(self, index: int) -> list[Ints]:
        """Return the rings of outline `index`, each (vertices, 2) as x, y."""
        rings = range(self.parts[index], self.parts[index + 1])
        return [self.xy[2 * self.points[r] : 2 * self.points[r + 1]].reshape(-1, 2) for r in rings]


@dataclass(frozen=True, eq=False)
class _Corners:
    """The corners where something starts or ends, in the order of rows and planes.

    Parameters
    ----------
    position : ndarray, int64, (corners,)
        In a grid with one row and one column more than the image has pixels.
    code : ndarray, uint8, (corners,)
        Bit d: there is a crack in direction d. Bit 4 + d: the pixel on its right hand is no background.
    """

    position: Numbers
    code: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Sides:
    """Straight sides of rings.

    Parameters
    ----------
    position : ndarray, int64, (sides,)
        The corner where each starts.
    successor : ndarray, int64, (sides,)
        The number of the side that follows.
    top : ndarray, int64, (stretches,)
        The sides where rings are cut, at least one in each. The highest, then leftmost of their corners
        is the highest, then leftmost of the ring.
    is_hole_top : ndarray, bool, (stretches,)
        Whether a ring that starts there is a hole.
    """

    position: Numbers
    successor: Numbers
    top: Numbers
    is_hole_top: NDArray[np.bool_]


def trace(labels: NDArray[Any]) -> Outlines:
    """Return the outlines of every object on every plane.

    Parameters
    ----------
    labels : ndarray, whole numbers, (N, Y, X)
        An object of a volume has the same label on several planes.

    Returns
    -------
    Outlines
        In order of plane, then label. A ring starts at its topmost, then leftmost corner; rings are in the
        order of those corners.

    Raises
    ------
    ShapeError
        If the array has not three sides.
    ImageError
        If a label does not fit 32 bits with a sign.
    """
    if labels.ndim != 3:
        raise ShapeError(f"outlines need planes (N, Y, X), but the labels are {labels.shape}")
    sides = _sides(_corners(labels), labels.shape[2] + 1)
    if not len(sides.position):
        return Outlines(*(np.zeros(length, np.int32) for length in (0, 0, 1, 1, 0)))
    return _outlines(sides, labels)


def rasterise(outlines: Outlines, shape: tuple[int, int, int]) -> NDArray[np.uint32]:
    """Return the label image of outlines, filled even-odd: the inverse of `trace`.

    Parameters
    ----------
    outlines : Outlines
        Polygons with horizontal and vertical sides.
    shape : tuple of int, (N, Y, X)
        In pixels; every polygon lies inside.

    Returns
    -------
    ndarray, uint32, (N, Y, X)
        The labels of the objects.
    """
    planes, height, width = shape
    index, x, y = _crossings(outlines)
    order = np.lexsort((x, y, index))
    # in every row of an outline the pixels between crossings 0 and 1, 2 and 3, ... are inside
    cells = (outlines.planes[index].astype(np.int64) * height + y) * (width + 1) + x
    label = outlines.objects[index].astype(np.int64)
    steps = np.zeros(planes * height * (width + 1), np.int64)
    np.add.at(steps, cells[order[0::2]], label[order[0::2]])
    np.add.at(steps, cells[order[1::2]], -label[order[1::2]])
    return steps.reshape(planes, height, width + 1).cumsum(axis=-1)[..., :-1].astype(np.uint32)


def _corners(labels: NDArray[Any]) -> _Corners:
    """Return the corners of planes (N, Y, X), found in bands of rows that fit the processor's cache."""
    height, width = labels.shape[1] + 1, labels.shape[2] + 1
    rows = max(1, _BAND_PIXELS // width)
    positions, codes = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
    for number, plane in enumerate(labels):
        for top in range(0, height, rows):
            found, code = _corners_of_band(plane, top, min(rows, height - top))
            positions.append(found + (number * height + top) * width)
            codes.append(code)
    return _Corners(np.concatenate(positions), np.concatenate(codes))


def _corners_of_band(plane: NDArray[Any], top: int, rows: int) -> tuple[Numbers, NDArray[np.uint8]]:
    width = plane.shape[1] + 1
    size = rows * width
    # One column of background stands at the left; the one at the right is the left one of the next row.
    flat = np.zeros((rows + 1) * width + 1, plane.dtype)
    within = plane[max(top - 1, 0) : top + rows]
    first = 1 if top == 0 else 0
    flat[:-1].reshape(rows + 1, width)[first : first + len(within), 1:] = within
    beside, below = flat[:-1] != flat[1:], flat[:-width] != flat[width:]
    up, down, left, right = beside[:size], beside[width:], below[:-1], below[1:]
    found = np.flatnonzero((up != down) | (left != right) | (up & left))
    is_object = flat != 0
    bits = [right, down, left, up, is_object[width + 1 :], is_object[width:], is_object, is_object[1:]]
    code = np.zeros(len(found), np.uint8)
    for number, bit in enumerate(bits):
        code |= bit[found].view(np.uint8) << np.uint8(number)
    return found, code


def _sides(corners: _Corners, width: int) -> _Sides:
    count = len(corners.position)
    first, last = zip(*(_side_ends(corners, width, direction) for direction in range(4)), strict=True)
    # a side's number, by direction and corner
    number = np.empty(4 * count, np.int64)
    start = np.concatenate(first)
    number[np.concatenate([d * count + ends for d, ends in enumerate(first)])] = np.arange(len(start))
    turns = [_crack(corners.code[last[d]], d + 1) for d in range(4)]
    following = [np.where(turns[d], (d + 1) % 4 * count, (d + 3) % 4 * count) + last[d] for d in range(4)]
    successor = number[np.concatenate(following)]
    # the highest side of a ring comes from below and goes back there; holes run the other way round
    outer = np.flatnonzero(_crack(corners.code[first[0]], 1) & turns[0])
    hole = np.flatnonzero(~(_crack(corners.code[first[2]], 3) | turns[2]))
    top = np.concatenate([outer, successor[len(first[0]) + len(first[1]) + hole]])
    return _Sides(corners.position[start], successor, top, np.arange(len(top)) >= len(outer))


def _side_ends(corners: _Corners, width: int, direction: int) -> tuple[Numbers, Numbers]:
    """Return the numbers of the corners where the sides of one direction start, and where they end."""
    onward, to_the_right, opposite = (_crack(corners.code, direction + turn) for turn in range(3))
    starts = onward & (to_the_right | ~opposite) & _is_object(corners.code, direction)
    ends = opposite & (to_the_right | ~onward) & _is_object(corners.code, direction + 1)
    first, last = np.flatnonzero(starts), np.flatnonzero(ends)
    if direction in (1, 3):  # down the columns, as the sides run
        first, last = _by_column(corners, first, width), _by_column(corners, last, width)
    # sides of one direction do not overlap: the n-th start and the n-th end are of one side
    return first, last


def _by_column(corners: _Corners, numbers: Numbers, width: int) -> Numbers:
    # numpy sorts numbers of 16 bits many times faster
    columns = (corners.position[numbers] % width).astype(np.uint16 if width <= 2**16 else np.int64)
    return numbers[np.argsort(columns, kind="stable")]


def _crack(code: NDArray[np.uint8], direction: int) -> NDArray[np.bool_]:
    return np.asarray(code & (1 << direction % 4) != 0)


def _is_object(code: NDArray[np.uint8], direction: int) -> NDArray[np.bool_]:
    return np.asarray(code & (16 << direction % 4) != 0)


def _outlines(sides: _Sides, labels: NDArray[Any]) -> Outlines:
    height, width = labels.shape[1] + 1, labels.shape[2] + 1
    stretches = _stretches(sides)
    # an object in a hole may start at the same corner as the hole
    highest = 2 * sides.position[sides.top] + sides.is_hole_top
    start = np.flatnonzero(_least_of_ring(highest, stretches.successor) == highest)
    plane, row, column = np.unravel_index(highest[start] // 2, (len(labels), height, width))
    hole = sides.is_hole_top[start]
    # the object of a hole is left of the side that starts it, and right of an outer ring's
    label = labels[plane, row, column - hole].astype(np.int64)
    _check_largest(int(label.max()))
    order = np.lexsort((highest[start], hole, label, plane))
    start, label, plane = start[order], label[order], plane[order]
    first = 1 + np.flatnonzero((np.diff(label) != 0) | (np.diff(plane) != 0))
    parts = np.concatenate([[0], first, [len(label)]])
    points, vertices = _walk(stretches, start)
    position = sides.position[vertices] % (height * width)
    return Outlines(
        planes=plane[parts[:-1]].astype(np.int32),
        objects=label[parts[:-1]].astype(np.int32),
        parts=parts.astype(np.int32),
        points=points.astype(np.int32),
        xy=np.stack([position % width, position // width], axis=1).astype(np.int32).ravel(),
    )


@dataclass(frozen=True, eq=False)
class _Stretches:
    """Rings cut into pieces.

    Parameters
    ----------
    successor : ndarray, int64, (stretches,)
        The stretch that follows each.
    length : ndarray, int64, (stretches,)
        In sides.
    sides, stretch, place : ndarray, int64, (sides,)
        Every side, the stretch that it is on, and its place there.
    """

    successor: Numbers
    length: Numbers
    sides: Numbers
    stretch: Numbers
    place: Numbers


def _stretches(sides: _Sides) -> _Stretches:
    """Follow the rings from all their tops at once.

    A stretch goes down, then up, and passes every row at most twice: that bounds the number of steps.
    """
    number = np.full(len(sides.position), -1)
    number[sides.top] = np.arange(len(sides.top))
    onward = number[sides.successor]
    onward = np.where(onward < 0, sides.successor, ~onward)  # the next stretch, as a negative number
    successor = np.empty(len(sides.top), np.int64)
    here, stretch = sides.top, np.arange(len(sides.top))
    steps = []
    while len(here):
        steps.append((here, stretch))
        here = onward[here]
        over = here < 0
        if over.any():
            successor[stretch[over]] = ~here[over]
            here, stretch = here[~over], stretch[~over]
    passed, whose = (np.concatenate(arrays) for arrays in zip(*steps, strict=True))
    place = np.repeat(np.arange(len(steps)), [len(step[0]) for step in steps])
    return _Stretches(successor, np.bincount(whose), passed, whose, place)


def _least_of_ring(values: Numbers, successor: Numbers) -> Numbers:
    """Return the least value on the ring of each stretch."""
    while True:
        # twice as far ahead in every round
        less = np.minimum(values, values[successor])
        if np.array_equal(less, values):
            return values
        values, successor = less, successor[successor]


def _walk(stretches: _Stretches, start: Numbers) -> tuple[Numbers, Numbers]:
    """Return where each ring begins in the list of all sides, and that list: ring after ring from its start.

    `start` are the stretches that the rings start with, in order of the rings.
    """
    ring = np.full(len(stretches.length), -1)
    ring[start] = np.arange(len(start))
    back = np.empty_like(ring)
    back[stretches.successor] = np.arange(len(ring))
    before = stretches.length[back]
    back[start], before[start] = start, 0
    while (ring[back] < 0).any():
        # twice as far back in every round, until every stretch has found the start of its ring
        before, back = before + before[back], back[back]
    ring = ring[back]
    points = np.zeros(len(start) + 1, np.int64)
    np.cumsum(np.bincount(ring, stretches.length), out=points[1:], dtype=np.int64)
    listed = np.empty_like(stretches.sides)
    listed[(points[ring] + before)[stretches.stretch] + stretches.place] = stretches.sides
    return points, listed


def _check_largest(label: int) -> None:
    largest = np.iinfo(np.int32).max
    if label > largest:
        raise ImageError(
            f"label {label} is above {largest}, the largest that an outline can have",
            remedy="renumber the labels with drua.labels.relabel",
        )


def _crossings(outlines: Outlines) -> tuple[Numbers, Numbers, Numbers]:
    """Return outline, x and row wherever a vertical side passes a row of pixels."""
    x, y = outlines.xy.reshape(-1, 2).astype(np.int64).T
    after = np.arange(1, len(x) + 1)
    after[outlines.points[1:] - 1] = outlines.points[:-1]
    rings = np.repeat(np.arange(len(outlines)), np.diff(outlines.parts))
    index = np.repeat(rings, np.diff(outlines.points))
    top, rows = np.minimum(y, y[after]), np.abs(y[after] - y)
    offset = np.arange(rows.sum()) - np.repeat(np.cumsum(rows) - rows, rows)
    return np.repeat(index, rows), np.repeat(x, rows), np.repeat(top, rows) + offset
