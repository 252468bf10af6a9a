"""Measurements of objects with ImageJ's names and definitions, equal to its own Measure on the same ROIs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import ShapeError

if TYPE_CHECKING:
    from drua.image import Image

COLUMNS = ("Label", "Area", "Mean", "StdDev", "Min", "Max", "X", "Y", "BX", "BY", "Width", "Height")
STACK_COLUMNS = ("Slice", "Frame")
"""Z and T of an object, counted from 1, in tables of images with several planes."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of numbers under named columns.

    Parameters
    ----------
    columns : tuple of str
        Their names.
    rows : ndarray, float64, (objects, columns)
        One row for each object, in order of label.
    """

    columns: tuple[str, ...]
    rows: Numbers


def measure(labels: NDArray[np.uint32], image: Image) -> Table:
    """Return the measurements of every object, in the image's units.

    Area is in square units, X and Y are the mean of pixel centres, BX, BY, Width and Height the bounding box
    in pixel edges. StdDev has n - 1 in its denominator and is 0 for a single pixel.

    Parameters
    ----------
    labels : ndarray, uint32, (T, Z, Y, X)
        0 is background; each object lies on one plane.
    image : Image
        One channel, with the sides of the labels.

    Returns
    -------
    Table
        Slice and Frame follow the other columns if there are several planes.

    Raises
    ------
    AxesError
        If the image has several channels.
    ShapeError
        If image and labels differ in a side.
    """
    pixels = image.to("TZYX").pixels
    if labels.shape != pixels.shape:
        raise ShapeError(f"labels of {labels.shape} do not fit an image of {pixels.shape} (T, Z, Y, X)")
    objects = _Objects.of(labels)
    t, z, y, x = np.unravel_index(objects.position, labels.shape)
    columns: tuple[str, ...] = COLUMNS
    table = [
        objects.label,
        *_size_and_intensity(objects, pixels[t, z, y, x].astype(np.float64), image),
        *_place(objects, x, y, image),
    ]
    if labels.shape[0] * labels.shape[1] > 1:
        columns += STACK_COLUMNS
        table += [objects.lowest(z) + 1, objects.lowest(t) + 1]
    return Table(columns, np.stack(table, axis=1).astype(np.float64))


@dataclass(frozen=True, eq=False)
class _Objects:
    """The pixels of all objects, object after object, and statistics of them without a loop over objects.

    Parameters
    ----------
    label : ndarray, (objects,)
        Ascending.
    count : ndarray, (objects,)
        In pixels.
    position : ndarray, (pixels,)
        In the flat label image; ascending in each object.
    """

    label: NDArray[Any]
    count: NDArray[np.intp]
    position: NDArray[np.intp]

    @classmethod
    def of(cls, labels: NDArray[Any]) -> _Objects:
        inside = np.flatnonzero(labels)
        values = labels.ravel()[inside]
        order = np.argsort(values, kind="stable")
        label, count = np.unique(values[order], return_counts=True)
        return cls(label, count, inside[order])

    @property
    def start(self) -> NDArray[np.intp]:
        return np.cumsum(self.count) - self.count

    def total(self, values: NDArray[Any]) -> Numbers:
        # one pixel after the other, as ImageJ adds them: reduceat would round otherwise
        number = len(self.count)
        return np.bincount(np.repeat(np.arange(number), self.count), values, number).astype(np.float64)

    def lowest(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.minimum.reduceat(values, self.start)) if len(self.count) else values

    def highest(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.maximum.reduceat(values, self.start)) if len(self.count) else values


def _size_and_intensity(objects: _Objects, values: Numbers, image: Image) -> list[NDArray[Any]]:
    """Return Area, Mean, StdDev, Min and Max."""
    count, total = objects.count, objects.total(values)
    # ImageJ's formula, so that even its rounding is the same
    variance = (count * objects.total(values * values) - total * total) / count
    return [
        count * image.scale("X") * image.scale("Y"),
        total / count,
        np.sqrt(np.maximum(variance, 0) / np.maximum(count - 1, 1)),
        objects.lowest(values),
        objects.highest(values),
    ]


def _place(objects: _Objects, x: NDArray[np.intp], y: NDArray[np.intp], image: Image) -> list[NDArray[Any]]:
    """Return X, Y, BX, BY, Width and Height."""
    centre, edge, side = [], [], []
    for letter, positions in (("X", x), ("Y", y)):
        origin, scale = image.origin.get(letter, 0.0), image.scale(letter)
        first, last = objects.lowest(positions), objects.highest(positions)
        centre.append((objects.total(positions) / objects.count + 0.5 + origin) * scale)
        edge.append((first + origin) * scale)
        side.append((last - first + 1) * scale)
    return [*centre, *edge, *side]
