"""Image: pixels that never travel without their axes and calibration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drua import axes as axis
from drua.errors import AxesError, ImageError, SettingError

if TYPE_CHECKING:
    import xarray

_CALIBRATED = "TZYX"
_DIMENSIONS = {"pln": "Z", "row": "Y", "col": "X", "ch": "C"}
"""pyimagej's names of dimensions, where they are not one of our letters."""


@dataclass(frozen=True, eq=False)
class Image:
    """Pixels with axes, pixel size, origin and channel names.

    Parameters
    ----------
    pixels : ndarray, axes `axes`
        Any real type. Shared, never copied: who changes it must copy it first.
    axes : str
        Letters of TCZYX, slowest first.
    pixel_size : mapping of str to float
        Letter to size: of X, Y and Z in `unit`, of T in `time_unit`. An absent letter means 1, uncalibrated.
    unit, time_unit : str
        ``pixel`` means uncalibrated.
    origin : mapping of str to float
        Letter to the pixel coordinate of the first pixel: calibrated = (index + origin) * pixel size. An
        absent letter means 0.
    channel_names : tuple of str, optional
        One name for each channel.

    Raises
    ------
    AxesError, ShapeError
        If the axes are invalid or do not fit the pixels.
    ImageError
        If a pixel size is not positive, an origin not finite, or names and channels differ in number.
    """

    pixels: NDArray[Any]
    axes: str
    pixel_size: Mapping[str, float] = field(default_factory=dict)
    unit: str = "pixel"
    time_unit: str = "sec"
    origin: Mapping[str, float] = field(default_factory=dict)
    channel_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        axis.check_shape(axis.validate(self.axes), self.pixels.shape)
        for letter in {**self.pixel_size, **self.origin}:
            _check_calibrated(letter)
        for letter, size in self.pixel_size.items():
            _check_size(letter, size)
        for letter, first in self.origin.items():
            if not math.isfinite(first):
                raise ImageError(f"the origin of {letter} is {first:g}, but it must be finite")
        if self.channel_names is not None and len(self.channel_names) != self.size("C"):
            raise ImageError(
                f"{len(self.channel_names)} channel names for an image with {self.size('C')} channels"
            )

    @property
    def sizes(self) -> dict[str, int]:
        """Letter to length in pixels, in the order of the axes."""
        return dict(zip(self.axes, self.pixels.shape, strict=True))

    def size(self, letter: str) -> int:
        """Return the length of an axis in pixels, 1 if the image does not have it."""
        return self.sizes.get(letter, 1)

    def scale(self, letter: str) -> float:
        """Return the pixel size along an axis, 1 if it is uncalibrated."""
        return float(self.pixel_size.get(letter, 1.0))

    def with_pixels(self, pixels: NDArray[Any], axes: str) -> Image:
        """Return an image of other pixels with the same calibration.

        Channel names stay if the number of channels does.
        """
        channels = pixels.shape[axes.index("C")] if "C" in axes and pixels.ndim == len(axes) else 1
        names = self.channel_names if channels == self.size("C") else None
        return replace(self, pixels=pixels, axes=axes, channel_names=names)

    def with_channels(self, pixels: NDArray[Any], names: tuple[str, ...] | None) -> Image:
        """Return an image of the same axes with other channels."""
        return replace(self, pixels=pixels, channel_names=names)

    def to(self, axes: str) -> Image:
        """Return a view with other axes; see `drua.axes.to`."""
        return replace(self, pixels=axis.to(self.pixels, self.axes, axes), axes=axes)

    def select_channel(self, number: int) -> Image:
        """Return a view of one channel, without C in its axes.

        Parameters
        ----------
        number : int
            Counted from 1, as in ImageJ.

        Raises
        ------
        SettingError
            If there is no such channel.
        """
        channels = self.size("C")
        if not 1 <= number <= channels:
            raise SettingError(
                f"channel {number} does not exist in an image with {channels}",
                remedy=f"choose 1 to {channels}",
            )
        if "C" not in self.axes:
            return self
        chosen = tuple(number - 1 if letter == "C" else slice(None) for letter in self.axes)
        names = None if self.channel_names is None else (self.channel_names[number - 1],)
        return replace(self, pixels=self.pixels[chosen], axes=self.axes.replace("C", ""), channel_names=names)

    def to_xarray(self) -> xarray.DataArray:
        """Return the image as an xarray with our letters as dimensions and calibrated coordinates.

        Returns
        -------
        DataArray, dims `axes`
            Shares memory with `pixels`. The attributes are `unit`, `time_unit` and `pixel_size`, as a single
            coordinate does not tell the size of its pixel.
        """
        import xarray  # takes longer to import than the rest of the engine

        coordinates: dict[str, Any] = {
            letter: (np.arange(length) + self.origin.get(letter, 0.0)) * self.scale(letter)
            for letter, length in self.sizes.items()
            if letter in self.pixel_size or letter in self.origin
        }
        if self.channel_names is not None and "C" in self.axes:
            coordinates["C"] = list(self.channel_names)
        attributes = {"unit": self.unit, "time_unit": self.time_unit, "pixel_size": dict(self.pixel_size)}
        return xarray.DataArray(self.pixels, dims=list(self.axes), coords=coordinates, attrs=attributes)

    @classmethod
    def from_xarray(cls, array: xarray.DataArray) -> Image:
        """Return the image of an xarray whose dimensions are named.

        Parameters
        ----------
        array : DataArray
            Dimensions are letters of TCZYX, or pyimagej's t, pln, row, col, ch, in either case. Evenly spaced
            coordinates become pixel size and origin, names of channels stay names.

        Raises
        ------
        AxesError
            If a dimension has another name.
        ImageError
            If coordinates are not numbers that increase evenly.
        """
        letters = [letter_of(str(name)) for name in array.dims]
        # NB: `coords.get` would invent positions for a dimension without any
        positions = {
            letter: array.coords[name]
            for letter, name in zip(letters, array.dims, strict=True)
            if name in array.coords
        }
        stated = array.attrs.get("pixel_size", {})
        sizes, origin = {}, {}
        for letter in _CALIBRATED:
            size, first = _calibration(letter, positions.get(letter), stated.get(letter))
            if size is not None:
                sizes[letter] = size
            if first:
                origin[letter] = first
        return cls(
            pixels=array.values,
            axes="".join(letters),
            pixel_size=sizes,
            unit=str(array.attrs.get("unit", "pixel")),
            time_unit=str(array.attrs.get("time_unit", "sec")),
            origin=origin,
            channel_names=_names(positions.get("C")),
        )


def _check_calibrated(letter: str) -> None:
    if letter not in _CALIBRATED:
        raise AxesError(
            f"axis {letter!r} has a pixel size or origin, but only {', '.join(_CALIBRATED)} can have one"
        )


def _check_size(letter: str, size: float) -> None:
    if not (math.isfinite(size) and size > 0):
        raise ImageError(
            f"the pixel size of {letter} is {size:g}, but it must be positive and finite",
            remedy="correct it (in ImageJ: Image > Properties...)",
        )


def letter_of(name: str) -> str:
    """Return the letter of a dimension's name in an xarray; AxesError if it has none."""
    letter = _DIMENSIONS.get(name.lower(), name.upper())
    if letter not in axis.LETTERS:
        known = ", ".join([*axis.LETTERS, "t", *_DIMENSIONS])
        raise AxesError(f"dimension {name!r} is none of {known}", remedy="rename the dimensions of the array")
    return letter


def _calibration(
    letter: str, coordinate: xarray.DataArray | None, stated: float | None
) -> tuple[float | None, float]:
    """Return pixel size and origin of one axis; the size is None where nothing tells it."""
    if coordinate is None:
        return stated, 0.0
    positions = coordinate.values
    if positions.dtype.kind not in "iuf":
        raise ImageError(f"the coordinates of {letter} are {positions.dtype}, but positions are numbers")
    if len(positions) == 1:
        return stated, 0.0 if stated is None else round(float(positions[0]) / stated, 9)
    size = float(positions[-1] - positions[0]) / (len(positions) - 1)
    if size == 0:  # an unknown frame interval
        return stated, 0.0
    if not (size > 0 and np.allclose(np.diff(positions), size, rtol=1e-3, atol=0)):
        raise ImageError(
            f"the coordinates of {letter} do not increase evenly, but an axis has one pixel size",
            remedy="sort or resample the array along it",
        )
    if stated is not None and math.isclose(size, stated, rel_tol=1e-9):
        size = stated
    return size, round(float(positions[0]) / size, 9)


def _names(coordinate: xarray.DataArray | None) -> tuple[str, ...] | None:
    if coordinate is None or coordinate.dtype.kind not in "UOT":
        return None
    return tuple(str(name) for name in coordinate.values)
