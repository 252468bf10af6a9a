"""The finest detail of an image, and how much of it two images share.

Fourier ring correlation (Saxton & Baumeister 1982; for light microscopy Nieuwenhuizen et al. 2013, Nature
Methods 10, 557) asks of every fineness whether two images agree on it. Decorrelation analysis (Descloux,
Grussmayer & Radenovic 2019, Nature Methods 16, 918) asks a single image down to which fineness it holds more
than noise. Both are of the plane; several planes are pooled. A resolution is the period, in pixels, of the
finest detail: no image can hold a finer one than 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating]
Curve = NDArray[np.float64]

HALVES = 1 / 7
"""Threshold between two images that are noisy alike, as two exposures are."""
REFERENCE = 1 / 2
"""Threshold between an image and a truth without noise: the same quality as 1/7 between two halves of the
data that made the image (Rosenthal & Henderson 2003, J. Mol. Biol. 333, 721)."""
SMALLEST_SIDE = 32
"""Sides with fewer pixels have too few rings to tell."""
_SMOOTHED = 5
"""Neighbouring rings that are averaged before the threshold, because the inner ones have few pixels."""
_FILTERS = 20
_WEAKEST, _STRONGEST = 0.25, 0.15
"""High-pass filters of the decorrelation analysis: sigmas from a quarter of the side to 0.15 pixels."""
_CLEAR_PEAK = 5e-4
"""What a decorrelation curve must fall after its peak."""


@dataclass(frozen=True)
class Spectra:
    """Sums over the rings of equal frequency of two images' spectra, pooled by adding.

    Parameters
    ----------
    frequency : ndarray of float, axis (ring,)
        Of the ring, in periods per pixel, above 0 up to 0.5.
    pixels : ndarray of float, axis (ring,)
        How many values of the spectrum the ring has.
    cross : ndarray of float, axis (ring,)
        Real part of one spectrum times the other's conjugate.
    power : ndarray of float, axes (image, ring)
        Squared amplitudes of both.
    amplitude : ndarray of float, axes (image, ring)
        Amplitudes of both.
    """

    frequency: Curve
    pixels: Curve
    cross: Curve
    power: Curve
    amplitude: Curve

    def __add__(self, other: Spectra) -> Spectra:
        """Pool two pairs of planes of the same shape."""
        return Spectra(
            self.frequency,
            self.pixels + other.pixels,
            self.cross + other.cross,
            self.power + other.power,
            self.amplitude + other.amplitude,
        )

    def correlation(self) -> Curve:
        """Return the Fourier ring correlation, axis (ring,), -1..1; 0 where an image has nothing."""
        product = np.sqrt(self.power[0]) * np.sqrt(self.power[1])
        return np.asarray(np.divide(self.cross, product, out=np.zeros_like(product), where=product > 0))

    def shared_resolution(self, threshold: float = HALVES) -> float | None:
        """Return the period in pixels of the finest detail that both images show alike.

        Returns
        -------
        float or None
            Where the correlation first falls below the threshold; 2 if it never does, None if it always is.
        """
        return _falls_below(_smoothed(self.correlation(), self.pixels), threshold, self.frequency)

    def transfer(self) -> Curve:
        """Return which part of the second image's contrast the first has, axis (ring,); 0 if there is none.

        The slope of one spectrum over the other, as a modulation transfer function: noise does not change
        it, blur makes it fall.
        """
        cross, power = self.cross, self.power[1]
        return np.asarray(np.divide(cross, power, out=np.zeros_like(power), where=power > 0))

    def kept_resolution(self, part: float = 0.5) -> float | None:
        """Return the period in pixels down to which the first image has that part of the second's contrast.

        Returns
        -------
        float or None
            2 if it has it everywhere, None if nowhere.
        """
        return _falls_below(_smoothed(self.transfer(), self.pixels), part, self.frequency)

    def own_resolution(self, image: int) -> float | None:
        """Return the period in pixels of the finest detail of the first (0) or second (1) image alone.

        Returns
        -------
        float or None
            By decorrelation analysis; None if no fineness stands out, as in noise.
        """
        peaks = [
            _peak(_decorrelation(self.amplitude[image], self.power[image], self.pixels, high_pass))
            for high_pass in _high_passes(self.frequency)
        ]
        finest = max((self.frequency[peak] for peak in peaks if peak is not None), default=None)
        return None if finest is None else 1 / float(finest)

    def finer_power(self, period: float) -> float | None:
        """Return the first image's power in detail finer than a period, as a multiple of the second's.

        Returns
        -------
        float or None
            Below 1: detail is missing; above 1: there is more than there should be, noise or invention. None
            if nothing is finer, or the second image has nothing there.
        """
        finer = self.frequency > 1 / period
        first, second = self.power[:, finer].sum(axis=1)
        return float(first / second) if second > 0 else None


def spectra(first: Plane, second: Plane) -> Spectra | None:
    """Return the sums from which resolutions come.

    Parameters
    ----------
    first, second : ndarray of float, axes (Y, X), the same shape
        Pixels must be square. A Hann window takes the borders away, which would look like detail.

    Returns
    -------
    Spectra or None
        None for sides below 32 pixels.
    """
    if min(first.shape) < SMALLEST_SIDE:
        return None
    rings, frequency = _rings(first.shape)
    transformed = [_transformed(plane) for plane in (first, second)]
    powers = [np.square(np.abs(values)) for values in transformed]
    cross = (transformed[0] * transformed[1].conj()).real

    def total(values: NDArray[np.float64]) -> Curve:
        return np.asarray(np.bincount(rings.ravel(), values.ravel(), len(frequency) + 2)[1:-1], np.float64)

    return Spectra(
        frequency,
        total(np.ones(first.shape)),
        total(cross),
        np.stack([total(power) for power in powers]),
        np.stack([total(np.sqrt(power)) for power in powers]),
    )


def shared_resolution(first: Plane, second: Plane, threshold: float = HALVES) -> float | None:
    """Return the period in pixels of the finest detail that two images (Y, X) show alike.

    `HALVES` is the threshold between two noisy images of the same object, `REFERENCE` the one against a truth
    without noise. None if they share nothing, or have a side below 32 pixels.
    """
    sums = spectra(first, second)
    return None if sums is None else sums.shared_resolution(threshold)


def own_resolution(image: Plane) -> float | None:
    """Return the period in pixels of the finest detail of one image (Y, X), by decorrelation analysis.

    None if no fineness stands out, as in noise, or for sides below 32 pixels.
    """
    sums = spectra(image, image)
    return None if sums is None else sums.own_resolution(0)


def _rings(shape: tuple[int, ...]) -> tuple[NDArray[np.int64], Curve]:
    """Return the ring of every value of a spectrum, and the frequencies of all but the first and last."""
    side = min(shape)
    distance = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None])
    count = side // 2
    rings = np.minimum(np.rint(distance * side), count + 1).astype(np.int64)
    return rings, np.arange(1, count + 1) / side


def _transformed(plane: Plane) -> NDArray[np.complex128]:
    from scipy.fft import fft2
    from scipy.signal.windows import hann

    if plane.min() == plane.max():  # rounding would make detail of its mean
        return np.zeros(plane.shape, np.complex128)
    window = np.outer(*(hann(side, sym=False) for side in plane.shape))
    # the mean of what the window leaves, so that no part of it leaks into the first rings
    centred = plane - np.sum(plane * window) / window.sum()
    return np.asarray(fft2(centred * window))


def _falls_below(curve: Curve, threshold: float, frequency: Curve) -> float | None:
    """Return the period where a curve first falls below a threshold; 2 if never, None if from the start."""
    below = np.flatnonzero(curve < threshold)
    if len(below) == 0:
        return 2.0
    ring = int(below[0])
    if ring == 0:
        return None
    part = (curve[ring - 1] - threshold) / (curve[ring - 1] - curve[ring])
    return 1 / float(np.interp(ring - 1 + part, np.arange(len(curve)), frequency))


def _smoothed(curve: Curve, weights: Curve) -> Curve:
    kernel = np.ones(_SMOOTHED)
    return np.convolve(curve * weights, kernel, "same") / np.convolve(weights, kernel, "same")


def _high_passes(frequency: Curve) -> list[Curve]:
    """Return no filter and Gaussian high-pass filters from weak to strong, as factors for the rings."""
    widest = _WEAKEST / frequency[0]
    sigmas = np.geomspace(widest, _STRONGEST, _FILTERS)
    return [np.ones_like(frequency)] + [1 - np.exp(-2 * (np.pi * sigma * frequency) ** 2) for sigma in sigmas]


def _decorrelation(amplitude: Curve, power: Curve, pixels: Curve, high_pass: Curve) -> Curve:
    """Return the correlation of an image with its own phases up to each ring.

    All filters are functions of the frequency alone, so that sums over rings are all that is needed.
    """
    total = np.sum(power * high_pass**2)
    if total == 0:
        return np.zeros_like(power)
    return np.asarray(np.cumsum(amplitude * high_pass) / np.sqrt(total * np.cumsum(pixels)))


def _peak(curve: Curve) -> int | None:
    """Return the place of the highest value after which the curve falls clearly."""
    end = len(curve)
    while end > 1:
        peak = int(np.argmax(curve[:end]))
        if peak == 0:
            return None
        if curve[peak] - curve[peak:].min() >= _CLEAR_PEAK:
            return peak
        end = peak
    return None
