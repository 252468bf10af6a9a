"""Images of the same field, to be compared pixel by pixel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import ImageError, ShapeError
from drua.image import Image

ORDER = "CTZYX"


def aligned(images: Mapping[str, Image]) -> list[NDArray[Any]]:
    """Return views of images with the same axes, checked to have the same sides.

    Parameters
    ----------
    images : mapping of str to Image
        What each is to the user, "result" or "truth", and the image.

    Returns
    -------
    list of ndarray, axes (C, T, Z, Y, X)

    Raises
    ------
    ShapeError
        If sides differ.
    """
    views = {role: image.to(ORDER).pixels for role, image in images.items()}
    (first, reference), *others = views.items()
    for role, view in others:
        if view.shape != reference.shape:
            sides, expected = _sides(images[role]), _sides(images[first])
            raise ShapeError(
                f"the {role} has the sides {sides}, but the {first} has {expected}",
                remedy="compare images of the same field, with the same axes",
            )
    return list(views.values())


def finite(plane: NDArray[Any], role: str) -> NDArray[np.float64]:
    """Return a plane as numbers to compute with.

    Raises
    ------
    ImageError
        If a pixel is infinite or not a number.
    """
    numbers = np.asarray(plane, np.float64)
    wrong = numbers.size - int(np.isfinite(numbers).sum())
    if wrong:
        raise ImageError(
            f"the {role} has {wrong} pixels that are infinite or no numbers, but every pixel is compared",
            remedy="crop them away, or replace them in all images",
        )
    return numbers


def _sides(image: Image) -> str:
    return ", ".join(f"{letter} {length}" for letter, length in image.sizes.items())
