"""What noise an image has, told from the image alone: its level, how it grows with brightness, and stripes.

All of it looks at differences between neighbours that smooth structure does not have, and takes medians, so
that edges and small bright objects do not count as noise. Noise that is alike in neighbouring pixels, as
after resampling or smoothing, is underestimated for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating]

_MAD = 0.6744897501960817
"""Median absolute value of normal noise of standard deviation 1."""
_BINS = 24
_FEWEST = 64
"""Differences in a bin of brightness, so that its median means something."""
_ROUNDS = 8
_MIDDLE_HALF = 1.21
"""Variance of the mean of the middle half of normal values, as a multiple of that of the mean of all."""
_REACH = 6
"""Distance in pixels over which noise may be alike along a row and yet be no stripe."""


@dataclass(frozen=True)
class NoiseModel:
    """Noise whose variance is a straight line of brightness: photons and the camera's own.

    variance = slope * brightness + constant. For a camera with `gain` grey values a photon, offset `o` and
    read-out noise `r`, slope is the gain, and constant is r² - gain * o, which may be negative.

    Parameters
    ----------
    slope : float
        Grey values a photon; 0 for noise that does not depend on brightness.
    constant : float
        In squared grey values.
    floor : float
        Smallest variance anywhere in the image, so that no brightness gets less than 0.
    """

    slope: float
    constant: float
    floor: float

    def sigma(self, brightness: Plane) -> Plane:
        """Return the standard deviation of the noise at every brightness, in grey values."""
        return np.asarray(np.sqrt(np.maximum(self.slope * brightness + self.constant, self.floor)))


def level(plane: Plane) -> float:
    """Return the standard deviation of the noise that differs from pixel to pixel, in grey values.

    The mask of Immerkaer 1996 (Comput. Vis. Image Underst. 64, 300), which straight edges and gradients do
    not pass, with the median of absolute values instead of their mean (Donoho & Johnstone 1994).

    Parameters
    ----------
    plane : ndarray of real, axes (Y, X)
        At least 3 x 3 pixels, else the level is 0.
    """
    return _spread(_differences(plane)) if min(plane.shape) >= 3 else 0.0


def model(planes: Sequence[Plane], guides: Sequence[Plane] | None = None) -> NoiseModel:
    """Fit how the noise's variance grows with brightness.

    After Foi et al. 2008 (IEEE Trans. Image Process. 17, 1737): the spread of differences, by brightness, and
    a straight line through it that is not misled by bins where structure dominates.

    Parameters
    ----------
    planes : sequence of ndarray of real, axes (Y, X)
        At least 3 x 3 pixels each.
    guides : sequence of ndarray of real, axes (Y, X), optional
        What tells the brightness: denoised planes, if there are any; else means of 3 x 3 pixels are taken.
    """
    differences = np.concatenate([_differences(plane).ravel() for plane in planes])
    brightness = np.concatenate([_means(plane).ravel() for plane in (guides or planes)])
    order = np.argsort(brightness)
    bins = max(1, min(_BINS, len(order) // _FEWEST))
    parts = np.array_split(order, bins)
    x = np.array([brightness[part].mean() for part in parts])
    variance = np.array([_spread(differences[part]) ** 2 for part in parts])
    slope, constant = _line(x, variance)
    typical = float(np.median(variance))
    positive = variance[variance > 0]
    floor = max(float(positive.min()) / 2 if len(positive) else 0.0, typical * 1e-3)
    return NoiseModel(slope, constant, floor)


def stripes(plane: Plane, axis: int) -> float:
    """Return the standard deviation, in grey values, of offsets of whole rows (axis 0) or columns (axis 1).

    Each row's difference from the rows beside it, as the mean of its middle half, which edges do not move;
    less what noise that differs from pixel to pixel contributes, also where neighbours along rows are alike.
    Structure that itself lies along whole rows, from one border to the other, counts as well.

    Parameters
    ----------
    plane : ndarray of real, axes (Y, X)
        At least 16 rows and columns, else the level is 0.
    """
    if min(plane.shape) < 16:
        return 0.0
    rows = np.asarray(plane if axis == 0 else plane.T, np.float64)
    second = (2 * rows[1:-1] - rows[:-2] - rows[2:]) / np.sqrt(6)
    quarter = second.shape[1] // 4
    offsets = np.sort(second, axis=1)[:, quarter:-quarter].mean(axis=1)
    rest = second - offsets[:, None]
    # noise of few photons leans to one side, and so does the middle half, of every row alike
    offsets = offsets - np.median(offsets)
    by_chance = _MIDDLE_HALF * float(np.mean(rest**2)) * _alike_along_rows(rest) / rest.shape[1]
    spread = (float(np.median(np.abs(offsets))) / _MAD) ** 2
    if spread <= by_chance * (1 + 5 * np.sqrt(2.7 / len(offsets))):
        return 0.0
    return float(np.sqrt(spread - by_chance))


def _alike_along_rows(rows: NDArray[np.float64]) -> float:
    """Return how many times the variance of a row's mean exceeds that of independent pixels, at least 1."""
    variance = float(np.mean(rows**2))
    if variance == 0:
        return 1.0
    shared = sum(float(np.mean(rows[:, lag:] * rows[:, :-lag])) for lag in range(1, _REACH + 1))
    return max(1.0, 1 + 2 * shared / variance)


def _differences(plane: Plane) -> NDArray[np.float64]:
    """Return Immerkaer's mask over a plane, scaled so that noise keeps its standard deviation."""
    rows = np.asarray(plane, np.float64)
    across = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return np.asarray((across[:-2] - 2 * across[1:-1] + across[2:]) / 6)


def _means(plane: Plane) -> NDArray[np.float64]:
    rows = np.asarray(plane, np.float64)
    across = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return np.asarray((across[:-2] + across[1:-1] + across[2:]) / 9)


def _spread(differences: NDArray[np.float64]) -> float:
    """Return the standard deviation of normal noise with these differences."""
    absolute = np.abs(differences)
    middle = float(np.median(absolute)) / _MAD
    # with few photons, most differences are exactly 0
    return middle if middle > 0 else float(np.sqrt(np.mean(np.square(absolute))))


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope, not negative, and constant of a line through points of which some lie far above it."""
    slope, constant = 0.0, float(np.median(y))
    least = 1e-3 * float(y.mean())
    if least == 0 or np.ptp(x) <= 1e-9 * np.abs(x).max():
        return slope, constant
    weights = np.ones_like(y)
    for _ in range(_ROUNDS):
        # a variance's own uncertainty is in proportion to it
        sure = weights / np.maximum(slope * x + constant, least) ** 2
        centre = np.average(x, weights=sure)
        spread = np.sum(sure * (x - centre) ** 2)
        slope = max(float(np.sum(sure * (x - centre) * y) / spread), 0.0) if spread > 0 else 0.0
        constant = float(np.average(y - slope * x, weights=sure))
        fitted = np.maximum(slope * x + constant, least)
        relative = (y - fitted) / fitted
        weights = 1 / (1 + (np.maximum(relative, 0) / 0.2) ** 2)
    return slope, constant
