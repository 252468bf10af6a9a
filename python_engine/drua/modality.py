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

BACKGROUNDS = ("light", "dark")

_CLEAR = 0.6
"""Share of the pixels on one side of the middle grey from which the background is told."""
_WORDS = {
    "light": "dark structures on a light background",
    "dark": "light structures on a dark background",
}


def check(modality: Mapping[str, Any], model: str) -> Mapping[str, Any]:
    """Return what a card says of its images, checked.

    Parameters
    ----------
    modality : mapping
        `kind` (words), `background` ('light' or 'dark'), `bits` (of a pixel's value), `colour` (true: its
        channels are colours, which differ; false: they are no colours), `channels` (for people: the inputs of
        the network tell); each may be missing.
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
            f" {' or '.join(BACKGROUNDS)}"
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
        said.append(
            f"all pixels of the image are {plane.flat[0]:g}, so that there is nothing to predict from"
        )
    kind = str(modality.get("kind") or "images")
    wanted, found = modality.get("background"), background(plane)
    if wanted and found and found != wanted:
        said.append(f"the image shows {_WORDS[found]}, but {model} was made for {_WORDS[wanted]} ({kind})")
    bits = modality.get("bits")
    own = "floating-point" if plane.dtype.kind == "f" else f"{8 * plane.dtype.itemsize}-bit"
    if bits and own != f"{bits}-bit":
        said.append(f"the image is {own}, but {model} was made from {bits}-bit {kind}")
    if (
        modality.get("colour")
        and len(plane) > 1
        and all(np.array_equal(plane[0], each) for each in plane[1:])
    ):
        said.append(
            f"the image is grey in {len(plane)} equal channels, but {model} was made for colours ({kind})"
        )
    if modality.get("colour") is False and is_rgb(image.channel_names or ()):
        said.append(
            f"the channels of the image are red, green and blue, but those of {model} are no colours ({kind})"
        )
    return said


def background(plane: NDArray[Any]) -> str | None:
    """Return whether a plane (C, Y, X) is 'light' or 'dark' between its structures; None if neither is clear.

    What most pixels are is taken for the background, by the middle between percentiles 1 and 99.
    """
    brightness = np.asarray(plane, np.float32).mean(axis=0)
    low, high = np.percentile(brightness, (1, 99))
    if not high > low:
        return None
    lighter = float((brightness > (low + high) / 2).mean())
    if lighter >= _CLEAR:
        return "light"
    return "dark" if lighter <= 1 - _CLEAR else None


def _middle(image: Image) -> NDArray[Any]:
    """Return the plane (C, Y, X) in the middle of all."""
    whole = axes.to(image.pixels, image.axes, "TZCYX")
    return np.asarray(whole[whole.shape[0] // 2, whole.shape[1] // 2])
