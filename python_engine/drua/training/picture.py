"""Pictures of a training: what it makes of an image, and the curve of its losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import OutputError, one_line
from drua.platform import replace_file

GAP = 4
WHITE = 255
CURVE = (360, 640)
"""Rows and columns of the curve."""
MARGIN = 44
BLUE_AND_GREEN = ((0, 96, 255), (0, 255, 0))
COLOURS = {"loss": (150, 150, 150), "validation": (200, 40, 40)}
LEGEND = {"loss": "on what is learnt from", "validation": "on what is not"}

Pixels = NDArray[Any]


def preview(given: Pixels, result: Pixels, target: Pixels | None) -> NDArray[np.uint8]:
    """Return input, result and target, each (C, ..., Y, X), side by side, (Y, X, 3).

    Input and result have one range of grey values where they have the same channels, so that a difference is
    one.
    """
    planes = [plane(each) for each in (given, result, target) if each is not None]
    same = given.shape == result.shape
    last = planes[-1] if target is not None else planes[0]
    ranges = [_range(planes[0]) if same or number == 0 else _range(last) for number in range(len(planes))]
    shown = [coloured(each, *limits) for each, limits in zip(planes, ranges, strict=True)]
    return beside(shown)


def write_progress(path: Path, history: Sequence[Mapping[str, float]], shown: NDArray[np.uint8]) -> None:
    """Write the curve of the losses with a preview (Y, X, 3) below it."""
    from PIL import Image

    top = curve(history)
    factor = max(top.shape[1] // shown.shape[1], 1)
    shown = shown.repeat(factor, axis=0).repeat(factor, axis=1)
    width = max(top.shape[1], shown.shape[1])
    parts = [
        np.pad(each, ((0, GAP), (0, width - each.shape[1]), (0, 0)), constant_values=WHITE)
        for each in (top, shown)
    ]
    temporary = path.with_suffix(".new")
    try:
        Image.fromarray(np.concatenate(parts)).save(temporary, format="PNG")
        replace_file(temporary, path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {one_line(error)}", remedy="make room") from error


def curve(history: Sequence[Mapping[str, float]]) -> NDArray[np.uint8]:
    """Return the losses over the steps as a picture, (Y, X, 3); the axis of the losses is logarithmic."""
    from PIL import Image, ImageDraw

    rows, columns = CURVE
    picture = Image.new("RGB", (columns, rows), "white")
    draw = ImageDraw.Draw(picture)
    values = [row[name] for row in history for name in COLOURS if row[name] > 0]
    box = (MARGIN, 12, columns - 12, rows - MARGIN // 2)
    draw.rectangle(box, outline="black")
    if values:
        low, high = np.log10(min(values)), np.log10(max(values))
        high = max(high, low + 0.01)
        last = max(row["step"] for row in history)
        for number, (name, colour) in enumerate(COLOURS.items()):
            points = [
                (
                    box[0] + (box[2] - box[0]) * row["step"] / last,
                    box[3] - (box[3] - box[1]) * (np.log10(row[name]) - low) / (high - low),
                )
                for row in history
                if row[name] > 0
            ]
            draw.line(points, fill=colour, width=2)
            for x, y in points:
                draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=colour)
            draw.text((box[0] + 150 * number, box[3] + 4), LEGEND[name], fill=colour)
        draw.text((2, box[1]), f"{max(values):.3g}", fill="black")
        draw.text((2, box[3] - 10), f"{min(values):.3g}", fill="black")
        draw.text((box[2] - 90, box[3] + 4), f"{last:.0f} steps", fill="black")
    return np.asarray(picture)


def plane(pixels: Pixels) -> Pixels:
    """Return the middle plane, (C, Y, X)."""
    return pixels if pixels.ndim == 3 else pixels[:, pixels.shape[1] // 2]


def coloured(pixels: Pixels, low: Pixels, high: Pixels) -> NDArray[np.uint8]:
    """Return a plane (C, Y, X) for the screen, (Y, X, 3).

    Three channels are red, green and blue, two are blue and green; of other numbers the first is shown.
    """
    grey = np.clip((pixels - low) / np.maximum(high - low, 1e-9), 0, 1)
    if len(grey) == 2:
        mixed = np.minimum(np.tensordot(BLUE_AND_GREEN, grey, axes=(0, 0)), 255)
        return np.asarray(mixed, np.uint8).transpose(1, 2, 0)
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
