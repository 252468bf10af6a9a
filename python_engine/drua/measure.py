"""Measurements of objects with ImageJ's names and definitions, equal to its own Measure on the same ROIs.

ImageJ measures no volumes: theirs are the same definitions with Z beside X and Y.
"""

from __future__ import annotations

from collections.abc import Mapping
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

VOLUME_COLUMNS = (
    *("Label", "Volume", "Mean", "StdDev", "Min", "Max"),
    *("X", "Y", "Z", "BX", "BY", "BZ", "Width", "Height", "Depth"),
)
"""Of objects that span slices; Frame follows if there are several frames."""

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


def measure(labels: NDArray[np.uint32], image: Image, volumes: bool = False) -> Table:
    """Return the measurements of every object, in the image's units.

    Area is in square units, Volume in cubic ones: the number of pixels times the size of one. X, Y and Z are
    the mean of pixel centres, BX, BY, BZ, Width, Height and Depth the bounding box in pixel edges: the first
    slice reaches from 0 to 1 pixel size of Z, moved by the origin, just as columns and rows do. Mean, StdDev,
    Min and Max are of the pixel values inside; StdDev has n - 1 in its denominator and is 0 for a single
    pixel.

    Parameters
    ----------
    labels : ndarray, uint32, (T, Z, Y, X)
        0 is background; each object lies on one plane, or with `volumes` in one frame.
    image : Image
        One channel, with the sides of the labels.
    volumes : bool
        Whether objects may span slices. Then the columns are `VOLUME_COLUMNS`, else `COLUMNS`.

    Returns
    -------
    Table
        Of planes, Slice and Frame follow the other columns if there are several; of volumes, Frame does.

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
    places = dict(zip("TZYX", np.unravel_index(objects.position, labels.shape), strict=True))
    letters = "XYZ" if volumes else "XY"
    columns: tuple[str, ...] = VOLUME_COLUMNS if volumes else COLUMNS
    table = [
        objects.label,
        _size(objects, letters, image),
        *_intensity(objects, pixels[tuple(places.values())].astype(np.float64)),
        *_place(objects, {letter: places[letter] for letter in letters}, image),
    ]
    for name, letter in _stack_columns(labels.shape, volumes):
        columns += (name,)
        table.append(objects.lowest(places[letter]) + 1)
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


def _stack_columns(shape: tuple[int, ...], volumes: bool) -> list[tuple[str, str]]:
    """Return the columns that tell an object's place in a stack (T, Z, Y, X), each with its letter."""
    if volumes:
        return [("Frame", "T")] if shape[0] > 1 else []
    return list(zip(STACK_COLUMNS, "ZT", strict=True)) if shape[0] * shape[1] > 1 else []


def _size(objects: _Objects, letters: str, image: Image) -> Numbers:
    """Return Area or Volume, multiplied in ImageJ's order."""
    size = objects.count.astype(np.float64)
    for letter in letters:
        size *= image.scale(letter)
    return size


def _intensity(objects: _Objects, values: Numbers) -> list[NDArray[Any]]:
    """Return Mean, StdDev, Min and Max."""
    count, total = objects.count, objects.total(values)
    # ImageJ's formula, so that even its rounding is the same
    variance = (count * objects.total(values * values) - total * total) / count
    return [
        total / count,
        np.sqrt(np.maximum(variance, 0) / np.maximum(count - 1, 1)),
        objects.lowest(values),
        objects.highest(values),
    ]


def _place(objects: _Objects, places: Mapping[str, NDArray[np.intp]], image: Image) -> list[NDArray[Any]]:
    """Return X, Y (and Z), BX, BY (and BZ), Width, Height (and Depth), for the letters of `places`."""
    centre, edge, side = [], [], []
    for letter, positions in places.items():
        origin, scale = image.origin.get(letter, 0.0), image.scale(letter)
        first, last = objects.lowest(positions), objects.highest(positions)
        centre.append((objects.total(positions) / objects.count + 0.5 + origin) * scale)
        edge.append((first + origin) * scale)
        side.append((last - first + 1) * scale)
    return [*centre, *edge, *side]
