"""Modality: whether an image is of the kind that a model was made for, as far as pixels tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import axes
from drua.display import is_rgb
from drua.errors import CardError
from drua.image import Image
from drua.statistics import all_equal

BACKGROUNDS = ("light", "dark", "grey")

_FITTING = {"dark": (0.0, 0.6), "grey": (0.3, 0.75), "light": (0.4, 1.0)}
"""Where the median may lie between percentiles 1 and 99: crowded fields are no mistakes, so they overlap."""
_WORDS = {
    "light": "dark structures on a light background",
    "dark": "light structures on a dark background",
    "grey": "structures lighter and darker than their background",
}


def check(modality: Mapping[str, Any], model: str) -> Mapping[str, Any]:
    """Return what a card says of its images, checked.

    Parameters
    ----------
    modality : mapping
        `kind` (words), `background` ('light', 'dark' or 'grey'), `bits` (of a pixel's value), `colour` (true:
        its channels are colours; false: they are none), `channels` (for people: the inputs of the network
        tell); each may be missing.
    model : str
        For the message.

    Raises
    ------
    CardError
        If a value is none of those.
    """
    background = modality.get("background")
    if background is not None and background not in BACKGROUNDS:
        raise CardError(
            f"model {model!r} says that its images have a {background!r} background, but it must be"
            f" {', '.join(BACKGROUNDS)}"
        )
    return modality


def words(modality: Mapping[str, Any]) -> str:
    """Return what images a model was made for, for people; empty if its card does not say."""
    said = [str(modality["kind"])] if modality.get("kind") else []
    if modality.get("background"):
        said.append(_WORDS[modality["background"]])
    if modality.get("bits"):
        said.append(f"{modality['bits']}-bit")
    return ", ".join(said)


def mismatches(image: Image, modality: Mapping[str, Any], model: str) -> list[str]:
    """Return, in words, how an image differs from those that a model was made for.

    Parameters
    ----------
    image : Image
        The channels that go into the network, with a C axis.
    modality : mapping
        Of the card; see `check`.
    model : str
        Its id.
    """
    plane = _middle(image)
    said = []
    if np.ptp(plane) == 0 and np.ptp(image.pixels) == 0:
        return [f"all pixels of the image are {plane.flat[0]:g}, so that there is nothing to predict from"]
    kind = str(modality.get("kind") or "images")
    wanted, level = modality.get("background"), background(plane)
    if wanted and level is not None and not _FITTING[wanted][0] <= level <= _FITTING[wanted][1]:
        found = "dark" if level < 0.5 else "light"
        said.append(f"the image shows {_WORDS[found]}, but {model} was made for {_WORDS[wanted]} ({kind})")
    bits = modality.get("bits")
    own = "floating-point" if plane.dtype.kind == "f" else f"{8 * plane.dtype.itemsize}-bit"
    if bits and own != f"{bits}-bit":
        said.append(f"the image is {own}, but {model} was made from {bits}-bit {kind}")
    if len(plane) > 1 and all_equal(plane):
        different = "colours" if modality.get("colour") else "different channels"
        said.append(
            f"the image is the same in its {len(plane)} channels, but {model} was made for {different}"
            f" ({kind})"
        )
    if modality.get("colour") is False and is_rgb(image.channel_names or ()):
        said.append(
            f"the channels of the image are red, green and blue, but those of {model} are no colours ({kind})"
        )
    return said


def background(plane: NDArray[Any]) -> float | None:
    """Return how light a plane (C, Y, X) is between its structures, 0 to 1; None if it is all the same.

    What most pixels are is taken for the background: the median, between percentiles 1 and 99.
    """
    brightness = np.asarray(plane, np.float32).mean(axis=0)
    low, middle, high = np.percentile(brightness, (1, 50, 99))
    return float((middle - low) / (high - low)) if high > low else None


def _middle(image: Image) -> NDArray[Any]:
    """Return the plane (C, Y, X) in the middle of all."""
    whole = axes.to(image.pixels, image.axes, "TZCYX")
    return np.asarray(whole[whole.shape[0] // 2, whole.shape[1] // 2])
