"""Exact outlines of labelled objects: closed polygons along the edges of pixels.

Every pixel of an object has four directed edges, with the object on the right hand::

         0 top                 An edge is a crack if the pixel beyond it belongs to something else. Where
        o------->o             a crack ends, the ring goes on with one of three cracks:
        ^        |                 right turn   the pixel ahead is not the object's
    3   |  pixel | 1               straight     it is, and the one beside it is not
  left  |        v right           left turn    both are
        o<-------o
         2 bottom              So outer rings run clockwise on screen and holes the other way, and pixels
                               that touch at a corner only are two rings.

Consecutive cracks of one direction are one side; rings are lists of the corners where sides start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import ImageError, ShapeError

Ints = NDArray[np.int32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outlines:
    """The outlines of objects 1..n as flat arrays, as in docs/protocol.md.

    Parameters
    ----------
    planes : ndarray, int32, (n,)
        The plane of each object, counted from 0.
    parts : ndarray, int32, (n + 1,)
        Object i (label i + 1) has the rings `parts[i]` to `parts[i + 1]`, outer ones before holes.
    points : ndarray, int32, (rings + 1,)
        Ring r has the vertices `points[r]` to `points[r + 1]`.
    xy : ndarray, int32, (2 * vertices,)
        x, y, x, y, ... in pixel corners: pixel (0, 0) reaches from 0 to 1. The last vertex joins the first,
        and rings are filled even-odd.
    """

    planes: Ints
    parts: Ints
    points: Ints
    xy: Ints

    def __len__(self) -> int:
        return len(self.planes)

    def polygons(self, index: int) -> list[Ints]:
        """Return the rings of object `index` (label `index` + 1), each (vertices, 2) as x, y."""
        rings = range(self.parts[index], self.parts[index + 1])
        return [self.xy[2 * self.points[r] : 2 * self.points[r + 1]].reshape(-1, 2) for r in rings]


@dataclass(frozen=True, eq=False)
class _Sides:
    """Straight sides of rings; all arrays have one element for each side."""

    label: Numbers
    plane: Numbers
    x: Numbers
    y: Numbers
    direction: Numbers
    successor: Numbers


def trace(labels: NDArray[Any]) -> Outlines:
    """Return the outlines of every object.

    Parameters
    ----------
    labels : ndarray, whole numbers, (N, Y, X)
        Labels 1..n without gaps, unique over the planes: see `drua.labels.stack`.

    Returns
    -------
    Outlines
        A ring starts at its topmost, then leftmost corner; rings are in the order of those corners.

    Raises
    ------
    ShapeError
        If the array has not three sides.
    ImageError
        If labels have gaps, or one is on several planes.
    """
    if labels.ndim != 3:
        raise ShapeError(f"outlines need planes (N, Y, X), but the labels are {labels.shape}")
    sides = _join([_trace_plane(plane, number) for number, plane in enumerate(labels)])
    if not len(sides.label):
        return Outlines(*(np.zeros(length, np.int32) for length in (0, 1, 1, 0)))
    return _outlines(sides, _rings(sides.successor))


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
        Labels 1..n.
    """
    planes, height, width = shape
    objects, x, y = _crossings(outlines)
    order = np.lexsort((x, y, objects))
    # in every row of an object the pixels between crossings 0 and 1, 2 and 3, ... are inside
    cells = (outlines.planes[objects].astype(np.int64) * height + y) * (width + 1) + x
    steps = np.zeros(planes * height * (width + 1), np.int64)
    np.add.at(steps, cells[order[0::2]], objects[order[0::2]] + 1)
    np.add.at(steps, cells[order[1::2]], -objects[order[1::2]] - 1)
    return steps.reshape(planes, height, width + 1).cumsum(axis=-1)[..., :-1].astype(np.uint32)


def _trace_plane(plane: NDArray[Any], number: int) -> _Sides:
    width = plane.shape[1] + 2
    flat = np.pad(plane, 1).ravel()  # no neighbour of a pixel lies outside
    ahead = (1, width, -1, -width)
    found = [_straight_sides(flat, direction, ahead, width) for direction in range(4)]
    starts, successors = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    index = np.empty(4 * flat.size, np.int32)
    index[starts] = np.arange(len(starts), dtype=np.int32)
    direction, pixel = np.divmod(starts, flat.size)
    return _Sides(
        label=flat[pixel].astype(np.int64),
        plane=np.full(len(starts), number, np.int64),
        # the corner where a side starts: the first one of the pixel, going round from its top left
        x=pixel % width - 1 + ((direction == 1) | (direction == 2)),
        y=pixel // width - 1 + (direction >= 2),
        direction=direction,
        successor=index[successors].astype(np.int64),
    )


def _straight_sides(
    flat: NDArray[Any], direction: int, ahead: tuple[int, ...], width: int
) -> tuple[Numbers, Numbers]:
    """Return where the sides of one direction start, and where those that follow them start.

    A place is a crack, as direction * pixels + pixel.
    """
    forward, beside = ahead[direction], ahead[direction - 1]
    inside = slice(width, len(flat) - width)
    beyond = flat[inside.start + beside : inside.stop + beside]
    cracks = np.flatnonzero((flat[inside] != beyond) & (flat[inside] != 0)) + width
    label = flat[cracks]
    turns_right = flat[cracks + forward] != label
    turns_left = ~turns_right & (flat[cracks + forward + beside] == label)
    starts = (flat[cracks - forward] != label) | (flat[cracks - forward + beside] == label)
    last = np.flatnonzero(turns_right | turns_left)
    first = np.flatnonzero(starts)
    if direction in (1, 3):  # down the columns, as the sides run
        first = first[np.argsort(cracks[first] % width, kind="stable")]
        last = last[np.argsort(cracks[last] % width, kind="stable")]
    # sides of one direction do not overlap: the n-th start and the n-th end are of one side
    right = cracks[last] + (direction + 1) % 4 * len(flat)
    left = cracks[last] + forward + beside + (direction - 1) % 4 * len(flat)
    return cracks[first] + direction * len(flat), np.where(turns_right[last], right, left)


def _join(planes: list[_Sides]) -> _Sides:
    """Return the sides of all planes as one set."""
    offsets = np.cumsum([0, *(len(sides.label) for sides in planes)])
    moved = [sides.successor + offset for sides, offset in zip(planes, offsets[:-1], strict=True)]
    return _Sides(
        label=_concatenate([sides.label for sides in planes]),
        plane=_concatenate([sides.plane for sides in planes]),
        x=_concatenate([sides.x for sides in planes]),
        y=_concatenate([sides.y for sides in planes]),
        direction=_concatenate([sides.direction for sides in planes]),
        successor=_concatenate(moved),
    )


def _concatenate(arrays: list[Numbers]) -> Numbers:
    return np.concatenate([np.zeros(0, np.int64), *arrays])


def _rings(successor: Numbers) -> Numbers:
    """Return the number of the ring, from 0, that each side belongs to."""
    from scipy.sparse.csgraph import connected_components

    return np.asarray(connected_components(_graph(successor), connection="strong")[1], np.int64)


def _graph(successor: Numbers) -> Any:
    from scipy.sparse import csr_array

    ends = np.arange(len(successor) + 1)
    return csr_array((np.ones(len(successor), np.int8), successor, ends), shape=(len(successor),) * 2)


def _outlines(sides: _Sides, ring: Numbers) -> Outlines:
    start = _starts(sides, ring)
    label, plane, hole = sides.label[start], sides.plane[start], sides.direction[start] != 0
    order = np.lexsort((sides.x[start], sides.y[start], hole, label))
    label, plane = label[order], plane[order]
    objects = _check_labels(label, plane)
    vertices = _walk(sides.successor, ring, start, order)
    return Outlines(
        planes=plane[np.searchsorted(label, np.arange(1, objects + 1))].astype(np.int32),
        parts=np.searchsorted(label, np.arange(1, objects + 2)).astype(np.int32),
        points=np.cumsum([0, *np.bincount(ring)[order]]).astype(np.int32),
        xy=np.stack([sides.x[vertices], sides.y[vertices]], axis=1).astype(np.int32).ravel(),
    )


def _starts(sides: _Sides, ring: Numbers) -> Numbers:
    """Return the side at the topmost, then leftmost corner of each ring; no ring passes that corner twice."""
    corner = sides.y * (sides.x.max() + 1) + sides.x
    first = np.full(ring.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, ring, corner)
    found = np.flatnonzero(corner == first[ring])
    start = np.empty_like(first)
    start[ring[found]] = found
    return start


def _walk(successor: Numbers, ring: Numbers, start: Numbers, order: Numbers) -> Numbers:
    """Return all sides in the order of their rings, and inside a ring from its start on."""
    from scipy.sparse.csgraph import depth_first_order

    last = np.empty_like(start)
    is_start = np.zeros(len(successor), bool)
    is_start[start] = True
    ends = np.flatnonzero(is_start[successor])
    last[ring[ends]] = ends
    # cut every ring open and tie its end to the start of the next one: a single path
    path = successor.copy()
    path[last[order]] = np.roll(start[order], -1)
    return np.asarray(depth_first_order(_graph(path), start[order[0]], return_predecessors=False), np.int64)


def _check_labels(label: Numbers, plane: Numbers) -> int:
    """Return the number of objects, from the label and plane of every ring, sorted by label."""
    changes = np.diff(label) > 0
    objects = 1 + int(np.count_nonzero(changes))
    if objects != label[-1]:
        raise ImageError(
            f"{objects} objects have labels up to {label[-1]}, but outlines need labels without gaps",
            remedy="renumber them with drua.labels.relabel",
        )
    shared = np.flatnonzero(~changes & (np.diff(plane) != 0))
    if len(shared):
        raise ImageError(
            f"label {label[shared[0]]} is on several planes, but an outline lies on one",
            remedy="renumber the planes with drua.labels.stack",
        )
    return objects


def _crossings(outlines: Outlines) -> tuple[Numbers, Numbers, Numbers]:
    """Return object, x and row wherever a vertical side passes a row of pixels."""
    x, y = outlines.xy.reshape(-1, 2).astype(np.int64).T
    after = np.arange(1, len(x) + 1)
    after[outlines.points[1:] - 1] = outlines.points[:-1]
    rings = np.repeat(np.arange(len(outlines)), np.diff(outlines.parts))
    objects = np.repeat(rings, np.diff(outlines.points))
    top, rows = np.minimum(y, y[after]), np.abs(y[after] - y)
    offset = np.arange(rows.sum()) - np.repeat(np.cumsum(rows) - rows, rows)
    return np.repeat(objects, rows), np.repeat(x, rows), np.repeat(top, rows) + offset
