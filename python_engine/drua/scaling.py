"""Images at the pixel size that a model was made for, and results back at that of the image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import ImageError
from drua.image import Image
from drua.models.card import ModelCard

_MICROMETRES = {
    "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "micrometre": 1.0, "um": 1.0, "µm": 1.0, "μm": 1.0,
    "nanometer": 1e-3, "nanometre": 1e-3, "nm": 1e-3, "millimeter": 1e3, "millimetre": 1e3, "mm": 1e3,
    "centimeter": 1e4, "centimetre": 1e4, "cm": 1e4, "meter": 1e6, "metre": 1e6, "m": 1e6,
    "inch": 25400.0, "inches": 25400.0, "angstrom": 1e-4,
}  # fmt: skip

NEGLIGIBLE = 0.02
"""Relative difference of pixel sizes that is left alone: interpolation would cost more than it gives."""

_LARGEST = 20.0


def factors(image: Image, card: ModelCard, scale: float) -> tuple[dict[str, float], str | None]:
    """Return what to multiply the sides of an image by, for each letter of the card's grid.

    Parameters
    ----------
    image : Image
        Its pixel size counts, in any unit of length.
    card : ModelCard
        Its pixel size counts.
    scale : float
        The user's factor for Y and X; 0 for the pixel sizes to tell.

    Returns
    -------
    factors : dict
        1 where nothing is to be done.
    note : str or None
        What the user should know: that pixel sizes could not be compared.

    Raises
    ------
    ImageError
        If the image would become more than 20 times larger or smaller.
    """
    plain = dict.fromkeys(card.grid, 1.0)
    if scale:
        return plain | dict.fromkeys("YX", scale), None
    if not card.pixel_size:
        return plain, None
    wanted, own = _MICROMETRES.get(card.unit.lower()), _MICROMETRES.get(image.unit.strip().lower())
    if wanted is None or own is None or "X" not in image.pixel_size:
        size = f"{card.pixel_size.get('X', 0):g} {card.unit}"
        return (
            plain,
            f"the image has no pixel size in a unit of length, so that its own pixels are taken for {size}",
        )
    found = {
        letter: image.scale(letter) * own / (card.pixel_size[letter] * wanted)
        for letter in card.grid
        if letter in card.pixel_size and letter in image.pixel_size
    }
    for letter, factor in found.items():
        if not 1 / _LARGEST <= factor <= _LARGEST:
            raise ImageError(
                f"the pixel size along {letter} is {image.scale(letter):g} {image.unit}, {factor:.3g} times"
                f" the {card.pixel_size[letter]:g} {card.unit} of model {card.id!r}",
                remedy="correct it (in ImageJ: Image > Properties...), or set scale to 1",
            )
    return plain | {k: 1.0 if abs(math.log(v)) < NEGLIGIBLE else v for k, v in found.items()}, None


def resize(pixels: NDArray[Any], sides: Sequence[int], *, labels: bool = False) -> NDArray[Any]:
    """Return an image with other sides.

    Parameters
    ----------
    pixels : ndarray, (..., Y, X) or (..., Z, Y, X)
        Any real type.
    sides : sequence of int
        The last sides of the result, in pixels.
    labels : bool
        Whether to take the nearest pixel instead of interpolating between smoothed ones.

    Returns
    -------
    ndarray
        The array itself if it has these sides; of the input's type for labels, else float32.
    """
    from skimage import transform  # a slow import that a start does not need

    outer = pixels.shape[: pixels.ndim - len(sides)]
    if pixels.shape[len(outer) :] == tuple(sides):
        return pixels
    flat = pixels.reshape(-1, *pixels.shape[len(outer) :])
    result = np.empty((len(flat), *sides), pixels.dtype if labels else np.float32)
    for source, target in zip(flat, result, strict=True):
        if labels:
            target[...] = source[
                np.ix_(*(_nearest(old, new) for old, new in zip(source.shape, sides, strict=True)))
            ]
        else:
            smaller = any(new < old for old, new in zip(source.shape, sides, strict=True))
            target[...] = transform.resize(
                source.astype(np.float32),
                sides,
                order=1,
                mode="reflect",
                anti_aliasing=smaller,
                preserve_range=True,
            )
    return result.reshape(*outer, *sides)


def _nearest(old: int, new: int) -> NDArray[np.intp]:
    """Return which of `old` pixels lies under the centre of each of `new` ones."""
    return ((np.arange(new) + 0.5) * old / new).astype(np.intp)
