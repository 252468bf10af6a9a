"""How far a change of an image spreads in a network's result: changes, and what they tell; pure numpy.

::

     changed        what changes in the result
    |=======|~~~~~~~~~~~~~~~~~~~~~~~~~. . . . . . . .    receptive field: the last place that changes
    |=======|~~~~~~~~~~~~~~~. . . . . . . . . . . . .    halo: beyond it changes are below a thousandth
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]

FAINT = 1e-3
"""Part of the largest change below which a change does not count for the halo."""

ROUNDING = 1e-5
"""Part of the largest value below which two results are the same but for float32 rounding."""

_FLOORS = (0.0, 0.1 * ROUNDING, ROUNDING)
"""Parts of the largest value, the first that gives an end to the receptive field is taken.

Some runtimes compute several pixels at once, or in threads, and differ by rounding where nothing has changed.
"""


def texture(shape: tuple[int, ...], axes: str, seed: int = 0) -> Pixels:
    """Return an image of 0 to 1 with grain of several sizes and noise, far from a plain ground.

    Parameters
    ----------
    shape : tuple of int
        The sides of the letters of `axes`; each batch and channel gets a texture of its own.
    axes : str
        Letters of BTCZYX.
    seed : int
        The same seed gives the same image.
    """
    from scipy import ndimage  # a slow import that a start does not need

    noise = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    image = 0.3 * noise
    for blur in (1.5, 6.0):
        grain = ndimage.gaussian_filter(noise, [blur if letter in "ZYX" else 0 for letter in axes])
        image += grain / max(float(grain.std()), 1e-6)
    low, high = np.percentile(image, (0.5, 99.5))
    return np.asarray(np.clip((image - low) / max(float(high - low), 1e-6), 0, 1), np.float32)


@dataclass(frozen=True)
class Reach:
    """How far changes spread, in pixels of the input; `field` is None where they reached the end."""

    field: int | None
    halo: int


@dataclass(frozen=True)
class Change:
    """How much the result changes along an axis, and how far from what was changed in the image.

    A realistic change is as images differ; it is of one pixel or of one end of the image. `scale` is the
    largest value of the result.
    """

    profile: NDArray[np.float64]
    away: NDArray[np.float64]
    is_realistic: bool
    is_pixel: bool
    scale: float

    @property
    def largest(self) -> float:
        """The largest change."""
        return float(self.profile.max())

    @property
    def field(self) -> float:
        """The distance to the farthest place that changes, infinite if that is the end of the image."""
        end = self.away.max() - 1
        for floor in _FLOORS:
            if (farthest := _farthest(self.away, self.profile > floor * self.scale)) < end:
                return farthest
        return math.inf

    def halo(self, largest: float) -> float:
        """Return the distance to the farthest place where it counts beside the largest of its kind."""
        level = _level(self.profile, self.away) if math.isinf(self.field) else 0.0
        return _farthest(self.away, self.profile > FAINT * largest + 2 * level)


def reach_of(changes: list[Change]) -> Reach:
    """Return how far the changes spread."""
    field = max(change.field for change in changes)
    halo = 0.0
    for is_pixel in (True, False):
        kind = [change for change in changes if change.is_realistic and change.is_pixel == is_pixel]
        largest = max(change.largest for change in kind)
        halo = max(halo, *(change.halo(largest) for change in kind))
    return Reach(None if math.isinf(field) else math.ceil(field), math.ceil(halo))


def _level(profile: NDArray[np.float64], away: NDArray[np.float64]) -> float:
    """Return the change far away if it does not fade, as statistics of an image spread it; else 0."""
    end = float(away.max())
    far, near = profile[away > 0.75 * end], profile[(away > 0.25 * end) & (away <= 0.5 * end)]
    level = float(np.median(far))
    return level if near.size and level > 0.5 * float(np.median(near)) else 0.0


def _farthest(away: NDArray[np.float64], changed: NDArray[np.bool_]) -> float:
    return max(0.0, float(away[changed].max())) if changed.any() else 0.0
