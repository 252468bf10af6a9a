"""Display: how an image is shown, in ranges and colours of its channels. It changes no pixel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import CardError, ProtocolError

WHITE = "#ffffff"
RGB = ("#ff0000", "#00ff00", "#0000ff")
MODES = ("composite", "color", "grayscale")
"""ImageJ's words: all channels together, or one at a time, in its colour or in grey."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_BY_NAME = (
    ("#0000ff", ("nucle", "dapi", "hoechst", "dna")),
    ("#00ff00", ("neurit", "tubul", "gfp", "fitc", "map2", "membran")),
    ("#ff0000", ("actin", "rfp", "mcherry", "mito")),
)
"""Colours that microscopists expect of some stains, by parts of their names."""
_CYCLE = ("#00ffff", "#ff00ff", "#ffff00", "#ff0000", "#00ff00", "#0000ff")
_SHOWN = (0.1, 99.9)
"""Percentiles of predicted values that are shown as black and full: a few stray values do not darken all."""
_A_LITTLE = 0.5
"""Part of the highest value shown that the lowest may be below 0, and be no value of its own."""
_LOOKED_AT = 1 << 22
"""Pixels of a channel that its range is taken from, evenly spread: more would tell the same."""


@dataclass(frozen=True)
class Display:
    """How an image is shown.

    Parameters
    ----------
    ranges : tuple of (float, float)
        The values shown black and in full colour, for each channel.
    colours : tuple of str
        '#rrggbb' for each channel.
    is_rgb : bool
        Whether three 8-bit channels are red, green and blue of one picture.
    mode : str
        How several channels are shown: one of `MODES`.
    """

    ranges: tuple[tuple[float, float], ...]
    colours: tuple[str, ...]
    is_rgb: bool = False
    mode: str = "composite"

    def of(self, channels: Sequence[int]) -> Display:
        """Return the display of some channels, counted from 0."""
        picked = tuple(self.ranges[number] for number in channels)
        return replace(
            self, ranges=picked, colours=tuple(self.colours[number] for number in channels), is_rgb=False
        )

    def over(self, channels: int) -> Display | None:
        """Return the display of so many channels, which may share one; None if there is none for each."""
        if len(self.ranges) == 1:
            return self.of([0] * channels)
        return self if len(self.ranges) == channels else None

    def __add__(self, other: Display) -> Display:
        return Display(self.ranges + other.ranges, self.colours + other.colours)

    def to_message(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "ranges": [list(each) for each in self.ranges],
            "colours": list(self.colours),
            "rgb": self.is_rgb,
            "mode": self.mode,
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Display:
        """Return the display that a message describes; ProtocolError if it does not hold together."""
        try:
            ranges = tuple((float(low), float(high)) for low, high in message["ranges"])
            colours = tuple(map(str, message["colours"]))
            mode = str(message.get("mode", "composite"))
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(
                f"display is {dict(message)!r:.80}, but ranges and colours are expected"
            ) from error
        if len(ranges) != len(colours) or not all(map(is_colour, colours)):
            raise ProtocolError(f"display is {dict(message)!r:.80}, but each range needs a colour #rrggbb")
        if mode not in MODES:
            raise ProtocolError(f"the mode of a display is {mode!r}, but must be of {', '.join(MODES)}")
        return cls(ranges, colours, mode=mode)


def is_colour(text: str) -> bool:
    """Return whether a text is '#rrggbb'."""
    return _COLOUR.fullmatch(text) is not None


def check_colours(colours: Sequence[str], names: Sequence[str], model: str) -> tuple[str, ...]:
    """Return the colours that a card gives to the channels of a result; CardError if they do not fit."""
    if len(colours) != len(names) or not all(is_colour(str(colour)) for colour in colours):
        raise CardError(
            f"model {model!r} has the colours {', '.join(map(str, colours))}, but needs one as #rrggbb for"
            f" each of {', '.join(names)}"
        )
    return tuple(map(str, colours))


def of_pixels(pixels: NDArray[Any], colours: Sequence[str]) -> Display:
    """Return a display that shows most of what the channels of an image hold.

    Values a little below 0, as networks give them where nothing is, are as black as 0.

    Parameters
    ----------
    pixels : ndarray, axes TZCYX
        Any real type. All of 0 to 255 is shown of 8 bits.
    colours : sequence of str
        One for each channel.
    """
    if pixels.dtype == np.uint8:
        return Display(((0.0, 255.0),) * len(colours), tuple(colours))
    ranges = []
    for channel in range(pixels.shape[2]):
        values = pixels[:, :, channel].ravel()
        values = values[:: max(values.size // _LOOKED_AT, 1)]
        low, high = (float(value) for value in np.percentile(values, _SHOWN))
        if -high * _A_LITTLE < low < 0:
            low = 0.0
        ranges.append((low, high if high > low else low + 1))
    return Display(tuple(ranges), tuple(colours))


def colours_for(names: Sequence[str]) -> tuple[str, ...]:
    """Return a colour for each channel, by its name if it tells a stain; one alone is white."""
    if len(names) == 1:
        return (WHITE,)
    if is_rgb(names):
        return RGB
    chosen: list[str] = []
    for name in names:
        known = [colour for colour, words in _BY_NAME if any(word in name.lower() for word in words)]
        free = [colour for colour in (*known, *_CYCLE) if colour not in chosen]
        chosen.append((free or [WHITE])[0])
    return tuple(chosen)


def is_rgb(names: Sequence[str]) -> bool:
    """Return whether channels are called red, green and blue, in this order."""
    return [name.lower()[:1] for name in names] == ["r", "g", "b"] and all(
        name.lower() in ("r", "g", "b", "red", "green", "blue") for name in names
    )
