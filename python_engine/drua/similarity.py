"""How alike two planes are: PSNR, SSIM, multi-scale SSIM, NRMSE, Pearson r, and gain and offset between them.

What scikit-image defines is scikit-image's. Nothing here chooses a range of values: who calls says which, and
tells the reader, because PSNR and SSIM mean nothing without it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]

SIGMA = 1.5
"""Width of SSIM's Gaussian window in pixels (Wang 2004)."""
WINDOW = 11
"""Side of that window in pixels; a plane needs at least this on every side."""
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Weights of the scales of multi-scale SSIM, finest first (Wang 2003)."""
_K1, _K2 = 0.01, 0.03


@dataclass(frozen=True)
class Fit:
    """The straight line that brings an image closest to the truth: truth = gain * image + offset."""

    gain: float
    offset: float

    def __str__(self) -> str:
        return f"{self.gain:.4g} x values {'-' if self.offset < 0 else '+'} {abs(self.offset):.4g}"

    def apply(self, plane: Plane) -> Plane:
        """Return a plane with the gain and the offset."""
        return np.asarray(self.gain * plane + self.offset, np.float64)


class Moments:
    """Sums over pairs of planes, from which come the fit and Pearson's r of all of them together.

    Two numerically sound passes in one: the sums are those of deviations from the means so far (Chan 1983).
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean = np.zeros(2)
        self._scatter = np.zeros((2, 2))

    def add(self, image: Plane, truth: Plane) -> None:
        """Count two planes (Y, X) of the same shape."""
        pair = np.stack([image.ravel(), truth.ravel()])
        mean = pair.mean(axis=1)
        centred = pair - mean[:, None]
        step = mean - self._mean
        total = self._count + image.size
        self._scatter += centred @ centred.T + np.outer(step, step) * (self._count * image.size / total)
        self._mean += step * (image.size / total)
        self._count = total

    def fit(self) -> Fit:
        """Return the least-squares line; gain 0 and the truth's mean for a constant image."""
        (spread, both), _ = self._scatter
        gain = float(both / spread) if spread > 0 else 0.0
        return Fit(gain, float(self._mean[1] - gain * self._mean[0]))

    def pearson(self) -> float | None:
        """Return Pearson's r, -1..1; None where one of the images is constant."""
        (image, both), (_, truth) = self._scatter
        if not (image > 0 and truth > 0):
            return None
        return float(np.clip(both / np.sqrt(image) / np.sqrt(truth), -1, 1))


def fit(image: Plane, truth: Plane) -> Fit:
    """Return the line of least squares from an image to the truth, of the same shape."""
    moments = Moments()
    moments.add(image, truth)
    return moments.fit()


def pearson(image: Plane, truth: Plane) -> float | None:
    """Return Pearson's r, -1..1; None where one of the images is constant."""
    moments = Moments()
    moments.add(image, truth)
    return moments.pearson()


def nrmse(image: Plane, truth: Plane, data_range: float) -> float:
    """Return the root mean square error as a part of the range.

    With the range from the truth's minimum to its maximum this is scikit-image's ``min-max``.
    """
    return float(np.sqrt(np.mean(np.square(image - truth)))) / data_range


def psnr(error: float) -> float:
    """Return the peak signal-to-noise ratio in dB of an `nrmse` of the same range; infinite for no error."""
    return -20 * float(np.log10(error)) if error > 0 else float("inf")


def ssim(image: Plane, truth: Plane, data_range: float) -> float | None:
    """Return the structural similarity, at most 1, by scikit-image.

    Gaussian window of sigma 1.5 (11 x 11) and population covariance, as in Wang 2004 (IEEE Trans. Image
    Process. 13, 600).

    Parameters
    ----------
    image, truth : ndarray of float, axes (Y, X)
    data_range : float
        What counts as full contrast, in grey values.

    Returns
    -------
    float or None
        None for planes smaller than the window.
    """
    if min(image.shape) < WINDOW:
        return None
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(
            image,
            truth,
            data_range=data_range,
            gaussian_weights=True,
            sigma=SIGMA,
            use_sample_covariance=False,
            K1=_K1,
            K2=_K2,
        )
    )


def scales_of(shape: tuple[int, ...]) -> int:
    """Return how many scales of multi-scale SSIM fit a plane: five from 176 pixels on, 0 below 11."""
    scales, side = 0, min(shape)
    while side >= WINDOW and scales < len(SCALE_WEIGHTS):
        scales, side = scales + 1, side // 2
    return scales


def ms_ssim(image: Plane, truth: Plane, data_range: float) -> float | None:
    """Return the multi-scale structural similarity, 0..1.

    After Wang, Simoncelli and Bovik 2003 (Asilomar, 1398): contrast and structure at every scale, luminance
    at the coarsest; each scale is the former in means of 2 x 2 pixels. A plane too small for five scales
    takes as many as fit (`scales_of`), with the weights of those in proportion; with one scale this is
    `ssim`. Opposed structure, which a root cannot take, counts as none.

    Parameters
    ----------
    image, truth : ndarray of float, axes (Y, X)
    data_range : float
        What counts as full contrast, in grey values.

    Returns
    -------
    float or None
        None for planes smaller than the window.
    """
    scales = scales_of(image.shape)
    if scales == 0:
        return None
    weights = np.array(SCALE_WEIGHTS[:scales]) / sum(SCALE_WEIGHTS[:scales])
    product = 1.0
    for scale, weight in enumerate(weights, start=1):
        luminance, structure = _ssim_terms(image, truth, data_range)
        term = np.mean(luminance * structure if scale == scales else structure)
        product *= max(float(term), 0.0) ** weight
        image, truth = _halved(image), _halved(truth)
    return product


def _ssim_terms(image: Plane, truth: Plane, data_range: float) -> tuple[Plane, Plane]:
    """Return SSIM's luminance term and the product of the other two, without what the border falsifies."""
    mean_i, mean_t = _windowed(image), _windowed(truth)
    var_i = _windowed(image * image) - mean_i**2
    var_t = _windowed(truth * truth) - mean_t**2
    covariance = _windowed(image * truth) - mean_i * mean_t
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    luminance = (2 * mean_i * mean_t + c1) / (mean_i**2 + mean_t**2 + c1)
    structure = (2 * covariance + c2) / (var_i + var_t + c2)
    inside = (slice(WINDOW // 2, -(WINDOW // 2)),) * 2
    return luminance[inside], structure[inside]


def _windowed(plane: Plane) -> Plane:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(plane, SIGMA, truncate=WINDOW // 2 / SIGMA))


def _halved(plane: Plane) -> Plane:
    even = plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]
    return np.asarray((even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4)
