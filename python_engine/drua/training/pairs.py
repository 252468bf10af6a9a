"""Pairs: which input belongs to which target, whether they lie over each other, how their scales differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import ImageError, SettingError
from drua.files import PICTURES, TIFF
from drua.zarrs import is_zarr

Pixels = NDArray[Any]

WARNED_SHIFT = 1.0
"""Pixels from which a shift is worth a warning."""
LARGEST_SHIFT = 4.0
"""Pixels from which pairs are no pairs: the network would learn a blur as wide as that."""
BELIEVED = 0.05
"""What the correlation of edges must gain by a shift for the shift to be believed."""
ALIKE = 0.1
"""How edges must correlate after it: images that share hardly any edge have peaks anywhere, up to 0.08."""
CHANCE = 27.0
"""The same times the square root of the number of pixels: noise gains less by the best of all shifts."""


@dataclass(frozen=True)
class Shift:
    """How far a target lies from its input.

    Parameters
    ----------
    name : str
        Of the image.
    y, x : float
        Pixels; positive where the target lies lower and further right.
    before, after : float
        The correlation of edges as they lie, and after that shift.
    pixels : int
        How many were compared.
    """

    name: str
    y: float
    x: float
    before: float
    after: float
    pixels: int

    @property
    def believed(self) -> bool:
        """Whether the two look more alike after the shift; else there is too little to tell."""
        gained = self.after - self.before
        return self.after > ALIKE and gained > max(BELIEVED, CHANCE / self.pixels**0.5)

    @property
    def length(self) -> float:
        """The distance in pixels, 0 where it is not believed."""
        return float(np.hypot(self.y, self.x)) if self.believed else 0.0

    @property
    def text(self) -> str:
        """The finding, for people."""
        return (
            f"{self.name}: the target lies {self.y:+.1f} pixels in Y and {self.x:+.1f} in X from the input"
            f" (edges correlate by {self.before:.2f} as they are, by {self.after:.2f} after a shift)"
        )


def images_in(place: Path) -> dict[str, Path]:
    """Return the images of a folder by their names without ending; of a file, itself under ''.

    Raises
    ------
    ImageError
        If there are none, or two have the same name.
    """
    if place.is_file() or is_zarr(place):
        return {"": place}
    if not place.is_dir():
        raise ImageError(f"{place} is neither a folder nor an image", remedy="check the path")
    found: dict[str, Path] = {}
    for path in sorted(place.iterdir()):
        if path.suffix.lower() not in TIFF + PICTURES and not is_zarr(path):
            continue
        name = path.name.partition(".")[0] if is_zarr(path) else path.stem
        if name in found:
            raise ImageError(
                f"{place} holds {found[name].name} and {path.name}, which have the same name",
                remedy="move one of them away",
            )
        found[name] = path
    if not found:
        raise ImageError(f"{place} holds no TIFF, PNG, JPEG or OME-Zarr", remedy="check the path")
    return found


def match(places: Sequence[Path]) -> dict[str, list[Path]]:
    """Return for every name the image of each place; single files belong together whatever their names.

    Raises
    ------
    SettingError
        If a name is not everywhere; it tells which are missing where.
    """
    found = [images_in(place) for place in places]
    single = [set(each) == {""} for each in found]
    if all(single):
        return {places[0].stem: list(places)}
    if any(single):
        raise SettingError(
            "some of the inputs and targets are files and some are folders",
            remedy="give folders everywhere, or files everywhere",
        )
    names = dict.fromkeys(name for each in found for name in each)
    missing = [
        f"{place} has no {_listed([name for name in names if name not in each])}"
        for place, each in zip(places, found, strict=True)
        if set(each) != set(names)
    ]
    if missing:
        raise SettingError(
            f"inputs and targets must have the same names, but {'; '.join(missing)}",
            remedy="rename the files or move the others away",
        )
    return {name: [each[name] for each in found] for name in names}


def shift_between(name: str, given: Pixels, target: Pixels) -> Shift:
    """Measure how far a target lies from its input, by the phase correlation of their edges.

    Edges are where they are in every kind of contrast (Guizar-Sicairos et al., Optics Letters 2008).

    Parameters
    ----------
    name : str
        Of the image.
    given, target : ndarray, (Y, X)
        Planes of the same sides.
    """
    from skimage.registration import phase_cross_correlation

    first, second = _edges(given), _edges(target)
    found = phase_cross_correlation(first, second, upsample_factor=10, normalization=None)[0]
    y, x = (float(-each) for each in found)
    whole = round(y), round(x)
    after = _alike(*_overlap(first, second, *whole))
    return Shift(name, y, x, _alike(first, second), after, first.size)


def gain_and_offset(noisy: Pixels, clean: Pixels, name: str = "") -> tuple[float, float]:
    """Return the a and b of least squares for noisy = a * clean + b.

    Raises
    ------
    ImageError
        If the two do not show the same.
    """
    x, y = np.asarray(clean, np.float64).ravel(), np.asarray(noisy, np.float64).ravel()
    variance = float(np.var(x))
    covariance = float(np.mean((x - x.mean()) * (y - y.mean())))
    if variance == 0 or covariance <= 0:
        raise ImageError(
            f"the noisy and the clean image of {name} do not show the same: where one is bright the other"
            " is not",
            remedy="check that names and polarity fit",
        )
    gain = covariance / variance
    return gain, float(y.mean() - gain * x.mean())


def _edges(plane: Pixels) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

    pixels = np.asarray(plane, np.float32)
    edges = gaussian_gradient_magnitude(pixels, 1.5)
    edges -= gaussian_filter(edges, 12)
    limit = 3 * float(edges.std())  # a hot pixel must not decide
    edges = np.clip(edges, -limit, limit)
    window = np.outer(*(np.hanning(side + 2)[1:-1] for side in edges.shape))
    return np.asarray((edges - edges.mean()) * window, np.float32)


def _overlap(first: Pixels, second: Pixels, y: int, x: int) -> tuple[Pixels, Pixels]:
    """Return the parts of two planes that show the same if the second lies y lower and x further right."""
    rows, columns = first.shape
    own = first[max(-y, 0) : rows - max(y, 0), max(-x, 0) : columns - max(x, 0)]
    other = second[max(y, 0) : rows + min(y, 0), max(x, 0) : columns + min(x, 0)]
    return own, other


def _alike(first: Pixels, second: Pixels) -> float:
    if first.size < 2 or not first.std() or not second.std():
        return 0.0
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
