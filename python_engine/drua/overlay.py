"""A picture for people: outlines in colours over the image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST_SIDE = 768
"""Smaller images are enlarged by a whole factor, so that an outline is thin beside its object."""


def draw_overlay(plane: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a plane (Y, X) as RGB (Y, X, 3) with the borders of its labels (Y, X) in colours."""
    factor = max(1, SMALLEST_SIDE // max(plane.shape))
    grey = np.kron(as_grey(plane), np.ones((factor, factor), np.uint8))
    objects = np.kron(labels, np.ones((factor, factor), labels.dtype))
    picture = np.repeat(grey[..., None], 3, axis=2)
    border = _inner_border(objects)
    picture[border] = colours(objects[border])
    return picture


def colours(labels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a bright colour (n, 3) for each label (n); labels that follow each other differ most."""
    golden_angle = 0.61803398875
    hue = (labels.astype(np.float64) * golden_angle % 1.0)[:, None] * 6
    ramp = np.abs((hue + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1
    return np.asarray(255 * (0.25 + 0.75 * np.clip(ramp, 0, 1)), np.uint8)


def as_grey(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a plane (Y, X) as grey values for the screen: percentiles 0.5 to 99.8 become 0 to 255."""
    low, high = np.percentile(plane, (0.5, 99.8))
    return np.asarray(255 * np.clip((plane - low) / max(float(high - low), 1e-9), 0, 1), np.uint8)


def _inner_border(objects: NDArray[Any]) -> NDArray[np.bool_]:
    padded = np.pad(objects, 1)
    middle = padded[1:-1, 1:-1]
    differs = np.zeros(middle.shape, bool)
    for neighbour in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
        differs |= neighbour != middle
    return differs & (middle > 0)
