"""Does an image have any content? Normalising one without would blow its noise up to objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import axes as letters

Pixels = NDArray[Any]
Plane = NDArray[np.float32]


def is_flat(array: Pixels, axes: str) -> bool:
    """Tell whether an image has no content: it is constant, or noise around a constant.

    In noise without content neighbours know nothing of each other, and shuffling its pixels changes nothing.
    So the means of blocks of neighbours vary no more, and deviate no more, than after a shuffle. What a
    microscope images is wider than a pixel: it breaks the first rule if it fills the image, and the second if
    it is a single object. Neither supposes a kind of noise, be it Gaussian, Poisson or hot pixels. A rule on
    values alone could not tell dim from empty.

    Parameters
    ----------
    array : ndarray, axes `axes`
        Finite pixels as acquired: interpolation makes neighbours of noise alike.
    axes : str
        Letters of TCZYX. The image is flat if every plane of it is.

    Returns
    -------
    bool
        False for sides below 32 pixels that are not constant, too few to tell. Vignetting counts as content.
    """
    height, width = (array.shape[letters.position(axes, letter)] for letter in "YX")
    planes = letters.permute(array, axes, axes.translate({ord("Y"): None, ord("X"): None}) + "YX")
    return all(_is_flat_plane(plane) for plane in planes.reshape(-1, height, width))


_LARGEST_BLOCK = 16
_FEWEST_BLOCKS = 64
_TOLERANCE = 1.5
"""Factor in the first rule, beyond chance: cameras correlate neighbours a little."""
_CHANCE = 5.0
"""Standard deviations that count as chance in the first rule."""
_CLEAR = 20.0
"""Factor in the first rule that needs no shuffle, and so a fifth of the time; most images exceed it."""
_EXTREME = 4.0
"""Factor in the second rule: a few deviating pixels can meet in one block."""


def _is_flat_plane(plane: Pixels) -> bool:
    if plane.min() == plane.max():
        return True
    if min(plane.shape) < 2 * _LARGEST_BLOCK:
        return False
    centred = plane - plane.mean(dtype=np.float64)
    centred = (centred / np.abs(centred).max()).astype(np.float32)
    coarse = _block_means(centred)
    if coarse[-1].var() * 4 ** len(coarse) > _CLEAR * centred.var():
        return False
    # the seed is fixed: the same image must get the same answer
    shuffled = np.random.default_rng(0).permutation(centred.ravel()).reshape(centred.shape)
    near, far = _without_hot_pixels(centred), _without_hot_pixels(shuffled)
    levels = enumerate(zip(_block_means(near), _block_means(far), strict=True), start=1)
    return all(_is_as_shuffled(means, reference, near, 4**level) for level, (means, reference) in levels)


def _is_as_shuffled(means: Plane, reference: Plane, plane: Plane, pixels: int) -> bool:
    """Tell whether the means of blocks of `pixels` neighbours in `plane` keep both rules."""
    squares = np.square(plane, dtype=np.float64)
    variance = squares.mean()
    if variance == 0:
        return True
    excess = max(np.square(squares).mean() / variance**2 - 3, 0)
    chance = np.sqrt((2 + excess / pixels) / means.size)
    # a shuffle of few deviating pixels may lose them: the plane itself tells the least to expect
    expected = max(reference.var(), variance / pixels)
    extreme = max(np.abs(reference).max(), np.abs(plane).max() / pixels)
    varies = means.var() > (_TOLERANCE + _CHANCE * chance) * expected
    return not (varies or np.abs(means).max() > _EXTREME * extreme)


def _without_hot_pixels(plane: Plane) -> Plane:
    """Return the plane with every pixel limited to the range of its eight neighbours."""
    padded = np.pad(plane, 1, mode="reflect")
    limited = plane
    for extreme, limit in ((np.maximum, np.minimum), (np.minimum, np.maximum)):
        sides = extreme(padded[:, :-2], padded[:, 2:])
        rows = extreme(sides, padded[:, 1:-1])
        limited = limit(limited, extreme(extreme(rows[:-2], rows[2:]), sides[1:-1]))
    return limited


def _block_means(plane: Plane) -> list[Plane]:
    """Return the means of blocks of 2 x 2 pixels, 4 x 4 and so on; an odd last row or column is left out."""
    means = []
    for _ in range(int(np.log2(_LARGEST_BLOCK))):
        even = plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]
        rows = even[0::2] + even[1::2]
        plane = np.asarray((rows[:, 0::2] + rows[:, 1::2]) / 4, np.float32)
        if plane.size >= _FEWEST_BLOCKS:
            means.append(plane)
    return means
