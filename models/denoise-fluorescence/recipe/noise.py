"""Clean light and what a camera makes of it. Lengths are in pixels, light in photons."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatImage = NDArray[np.float32]

SMOOTH = 0.7
"""Sigma of the Gaussian that takes the remaining noise and the 8-bit steps out of the images."""
DARKEST = 8.0
"""Grey levels that are taken for bright at least: what is darker is background, and not to be amplified."""
PHOTONS = (3.0, 300.0)
"""Photons of the brightest pixels in training, at random on a logarithmic scale."""


@dataclass(frozen=True)
class Noise:
    """What a camera adds: photons of the brightest pixels, and read noise in photons (root mean square)."""

    photons: float
    read: float


LEVELS = {"low": Noise(100, 2), "medium": Noise(30, 2), "high": Noise(10, 1)}
"""The noise that figures are given for."""


def is_validation(stem: str) -> bool:
    """Return whether a file belongs to the fixed fifth that no model learns from."""
    return int(stem, 16) % 5 == 0


def clean(pixels: NDArray[np.generic]) -> FloatImage:
    """Return an image, YX, as light from 0 to about 1, without most of its own noise."""
    smooth = ndimage.gaussian_filter(pixels.astype(np.float32), SMOOTH)
    low, high = np.percentile(smooth, [0.1, 99.9])
    light: FloatImage = np.maximum((smooth - low) / max(high - low, DARKEST), 0).astype(np.float32)
    return light


def expose(light: FloatImage, noise: Noise, random: np.random.Generator) -> FloatImage:
    """Return what a camera reads where light of 1 is `noise.photons` photons."""
    counted = random.poisson(light.astype(np.float64) * noise.photons)
    read: FloatImage = (counted + random.normal(0, noise.read, light.shape)).astype(np.float32)
    return read


def corrupt(patch: FloatImage, random: np.random.Generator) -> tuple[FloatImage, FloatImage]:
    """Return a noisy and a clean version of a patch, (1, Y, X), in photons.

    The light is changed at random first: its contrast, its background, and simulated spots and filaments in
    it or instead of it. Nuclei alone would teach that there is nothing smaller than a nucleus.
    """
    light = clean(patch[0])
    if random.random() < 0.4:
        light **= math.exp(random.uniform(-0.5, 0.5))
    if random.random() < 0.25:
        light = light + _structures(light.shape, random)
    elif random.random() < 0.2:
        light = _structures(light.shape, random)
    if random.random() < 0.6:
        light = light + np.float32(random.uniform(0, 0.5) ** 2)
    photons = math.exp(random.uniform(*np.log(PHOTONS)))
    read = min(random.uniform(0, 3), 0.2 * photons) if random.random() < 0.6 else 0.0
    return expose(light, Noise(photons, read), random)[None], (light * np.float32(photons))[None]


def _structures(shape: tuple[int, ...], random: np.random.Generator) -> FloatImage:
    drawn = spots(shape, random) if random.random() < 0.5 else filaments(shape, random)
    return drawn * np.float32(random.uniform(0.2, 1.0))


def spots(shape: tuple[int, ...], random: np.random.Generator) -> FloatImage:
    """Return spots of one size and many brightnesses, at most about 1."""
    sigma = random.uniform(0.8, 2.5)
    places = random.random(shape) < 10 ** random.uniform(-3.3, -1.7)
    light = np.where(places, random.exponential(size=shape), 0)
    spots = ndimage.gaussian_filter(light, sigma) * math.pi * sigma**2
    limited: FloatImage = np.minimum(spots, 1.5).astype(np.float32)
    return limited


def filaments(shape: tuple[int, ...], random: np.random.Generator) -> FloatImage:
    """Return curves of one width: where smooth random fields pass through zero."""
    light = np.zeros(shape)
    width = random.uniform(0.8, 1.8)
    for _ in range(random.integers(1, 4)):
        field = ndimage.gaussian_filter(random.normal(size=shape), random.uniform(6, 20), mode="wrap")
        slope = np.hypot(*np.gradient(field)) + 1e-6
        light += np.exp(-0.5 * (field / slope / width) ** 2) * random.uniform(0.3, 1)
    smooth: FloatImage = ndimage.gaussian_filter(light, 0.8).astype(np.float32)
    return smooth
