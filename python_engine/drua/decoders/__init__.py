"""Decoders: from a network's maps to a result. One file each; a dict literal is the registry.

A decoder gets the whole stitched maps of one plane or volume, so that no seam can cut an object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from drua.decoders import classes, image, watershed
from drua.errors import CardError

Decode = Callable[[NDArray[Any], tuple[str, ...], Mapping[str, Any]], NDArray[Any]]


@dataclass(frozen=True)
class Decoder:
    """What a decoder makes, 'label_image' or 'intensity', and the function that makes it.

    The function takes the maps (C, Y, X) or (C, Z, Y, X), float32, the names of their channels, and the
    parameters: the card's, the user's settings, and `sampling`, the pixel size along each axis of a map by
    that of X (absent: all 1). Lengths among the parameters are in pixels of X, sizes are numbers of pixels.
    A label decoder returns a label image (Y, X) or (Z, Y, X), uint32, 0 background, 1..n without gaps; an
    intensity decoder returns maps.
    """

    kind: str
    decode: Decode


DECODERS: dict[str, Decoder] = {
    "image": Decoder("intensity", image.decode),
    "classes": Decoder("label_image", classes.decode),
    "watershed": Decoder("label_image", watershed.decode),
}


def find_decoder(name: str) -> Decoder:
    """Return the decoder with this id; CardError if there is none."""
    if name not in DECODERS:
        raise CardError(f"the model needs the decoder {name!r}, but Drua has {', '.join(DECODERS)}")
    return DECODERS[name]
