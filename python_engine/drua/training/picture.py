"""Pictures of a training: what it makes of an image, and the curve of its losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

GAP = 4
WHITE = 255
CURVE = (360, 640)
"""Rows and columns of the curve."""
MARGIN = 44
COLOURS = {"loss": (150, 150, 150), "validation": (200, 40, 40)}

Pixels = NDArray[Any]


def preview(given: Pixels, result: Pixels, target: Pixels | None) -> NDArray[np.uint8]:
    """Return input, result and target, each (C, ..., Y, X), side by side, (Y, X, 3).

    Input and result have one range of grey values where they have the same channels, so that a difference is one.
    """
    planes = [plane(each) for each in (given, result, target) if each is not None]
    same = given.shape == result.shape
    last = planes[-1] if target is not None else planes[0]
    ranges = [_range(planes[0]) if same or number == 0 else _range(last) for number in range(len(planes))]
    shown = [coloured(each, *limits) for each, limits in zip(planes, ranges, strict=True)]
    return beside(shown)


def plane(pixels: Pixels) -> Pixels:
    """Return the middle plane, (C, Y, X)."""
    return pixels if pixels.ndim == 3 else pixels[:, pixels.shape[1] // 2]


def coloured(pixels: Pixels, low: Pixels, high: Pixels) -> NDArray[np.uint8]:
    """Return a plane (C, Y, X) for the screen, (Y, X, 3): one channel grey, three as colours, else the first."""
    grey = np.clip((pixels - low) / np.maximum(high - low, 1e-9), 0, 1)
    three = grey if len(grey) == 3 else np.repeat(grey[:1], 3, axis=0)
    return np.asarray(255 * three, np.uint8).transpose(1, 2, 0)


def beside(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return pictures (Y, X, 3) of any height in a row."""
    height = max(len(each) for each in pictures)
    parts: list[NDArray[np.uint8]] = []
    for number, each in enumerate(pictures):
        if number:
            parts.append(np.full((height, GAP, 3), WHITE, np.uint8))
        parts.append(np.pad(each, ((0, height - len(each)), (0, 0), (0, 0)), constant_values=WHITE))
    return np.concatenate(parts, axis=1)


def _range(pixels: Pixels) -> tuple[Pixels, Pixels]:
    low, high = np.percentile(pixels, (0.5, 99.8), axis=(1, 2), keepdims=True)
    return low, high
