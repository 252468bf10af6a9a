"""Pictures for people: images side by side on one display range, their difference, and an autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

SIDE = 384
"""Height and width in screen pixels that a panel has at least, and at most twice that."""
_CAPTION = 44
_GAP = 8
_FONT = 15
_LARGEST = 2 * SIDE


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture (Y, X, 3) with two lines above it."""

    title: str
    note: str
    picture: Picture


def grey_panel(title: str, plane: NDArray[Any], low: float, high: float, note: str = "") -> Panel:
    """Return a plane (Y, X), or colours (Y, X, 3), shown black at `low` and white at `high`."""
    shown = np.clip((centre(plane) - low) / max(high - low, 1e-300), 0, 1)
    grey = np.asarray(255 * shown, np.uint8)
    colours = grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, axis=2)
    return Panel(title, note or f"shown {low:.4g} to {high:.4g}", colours)


def signed_panel(title: str, plane: NDArray[Any], limit: float | None = None, note: str = "") -> Panel:
    """Return a plane (Y, X) with blue below 0, white at 0 and red above, full at `limit`.

    Without a limit it is the percentile 99.5 of absolute values, and the note says so.
    """
    shown = centre(plane)
    if limit is None:
        limit = float(np.percentile(np.abs(shown), 99.5))
    part = np.clip(shown / (limit or 1.0), -1, 1)[..., None]
    red, blue, white = (
        np.array(colour, np.float64) for colour in ((178, 24, 43), (33, 102, 172), (247,) * 3)
    )
    colours = white + np.abs(part) * (np.where(part > 0, red, blue) - white)
    return Panel(title, note or f"blue {-limit:.3g}, white 0, red {limit:.3g}", np.asarray(colours, np.uint8))


def centre(plane: NDArray[Any]) -> NDArray[Any]:
    """Return the middle of a plane (Y, X, ...), at most 768 pixels a side."""
    starts = [max(0, (side - _LARGEST) // 2) for side in plane.shape[:2]]
    return plane[starts[0] : starts[0] + _LARGEST, starts[1] : starts[1] + _LARGEST]


def draw(panels: list[Panel]) -> Picture:
    """Return panels in a row, each enlarged by a whole factor, with their captions above."""
    from PIL import Image as Canvas
    from PIL import ImageDraw, ImageFont

    enlarged = [_enlarged(panel.picture) for panel in panels]
    widths = [picture.shape[1] for picture in enlarged]
    height = _CAPTION + max(picture.shape[0] for picture in enlarged) + _GAP
    canvas = Canvas.new("RGB", (sum(widths) + _GAP * (len(panels) + 1), height), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(_FONT)
    left = _GAP
    for panel, picture, width in zip(panels, enlarged, widths, strict=True):
        canvas.paste(Canvas.fromarray(picture), (left, _CAPTION))
        for line, text in enumerate((panel.title, panel.note)):
            fitting = _fitting(text, width, font)
            pen.text((left, 3 + 19 * line), fitting, fill="black" if line == 0 else "dimgray", font=font)
        left += width + _GAP
    return np.asarray(canvas)


def restoration_picture(
    noisy: NDArray[Any] | None, result: NDArray[Any], truth: NDArray[Any], notes: tuple[str, str] = ("", "")
) -> Picture:
    """Return input, result and truth on the truth's range, and the difference of result and truth.

    Parameters
    ----------
    noisy, result, truth : ndarray of float, axes (Y, X) or (Y, X, colour)
        With gain and offset fitted, so that one range does for all. Large ones show their middle. There is no
        first panel without input.
    notes : (str, str)
        Lines below the titles of input and result.
    """
    low, high = (float(value) for value in np.percentile(truth, (0.5, 99.8)))
    difference = result - truth
    if difference.ndim == 3:
        difference = difference.mean(axis=2)
    panels = [] if noisy is None else [grey_panel("input", noisy, low, high, notes[0])]
    return draw(
        [
            *panels,
            grey_panel("result", result, low, high, notes[1]),
            grey_panel("truth", truth, low, high),
            signed_panel("difference, result - truth", difference),
        ]
    )


def residual_picture(
    noisy: NDArray[Any], result: NDArray[Any], autocorrelation: NDArray[np.float64]
) -> Picture:
    """Return input, result, what was removed, and how alike its neighbours are.

    Parameters
    ----------
    noisy, result : ndarray of real, axes (Y, X)
        Large ones show their middle.
    autocorrelation : ndarray of float, axes (Y, X)
        Of the residual, with the distance 0 in the middle; see `drua.residual.Residual`.
    """
    before, after = np.asarray(noisy, np.float64), np.asarray(result, np.float64)
    low, high = (float(value) for value in np.percentile(before, (0.5, 99.8)))
    lags = autocorrelation.shape[1] // 2
    beside = autocorrelation.copy()
    beside[autocorrelation.shape[0] // 2, lags] = 0  # always 1, and would hide the others
    limit = max(0.1, float(np.abs(beside).max()))
    return draw(
        [
            grey_panel("input", before, low, high),
            grey_panel("result", after, low, high),
            signed_panel("removed, input - result", before - after),
            signed_panel(
                f"autocorrelation of what was removed, up to {lags} pixels",
                beside,
                limit,
                f"pure noise is white; red {limit:.2f}: alike",
            ),
        ]
    )


def _enlarged(picture: Picture) -> Picture:
    factor = max(1, -(-SIDE // max(picture.shape[:2])))
    return np.repeat(np.repeat(picture, factor, axis=0), factor, axis=1)


def _fitting(text: str, width: int, font: Any) -> str:
    """Return a text shortened to a width in screen pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
