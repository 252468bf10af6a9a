"""Draw the sample: something like neurons in phase contrast at three depths, and their stains.

Everything is drawn from a fixed seed; no real image is in it. Test tensors and cover are made of it. It
looks simpler than neurons do. Axes are Y rows, X columns; lengths are in pixels, values those of 16-bit
images.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SHAPE = (288, 384)
SEED = 1789
BLURS = (1.8, 1.3, 0.9)
"""Sigma of the blur of each depth."""
DARK, BRIGHT = (14190.0, 12880.0), (500.0, 4500.0)
"""Background of the stains, and what the brightest has above it: about what is predicted for the drawing."""
FloatImage = NDArray[np.float64]


def sample() -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    """Return phase contrast at three depths, (3, Y, X), and nuclei and neurites, (2, Y, X)."""
    random = np.random.default_rng(SEED)
    bodies, nuclei = cells(random)
    threads = neurites(random)
    granules = np.sqrt(bodies) * (2.5 * _blotches(1.6, random) + 7 * _blotches(4, random))
    thickness = 4 * bodies + granules + 2.5 * threads + 0.3 * _blotches(2, random)
    depths = np.stack([_relief(ndimage.gaussian_filter(thickness, sigma)) for sigma in BLURS])
    noisy = 30000 + 16000 * depths + random.normal(0, 900, depths.shape)
    light = np.stack([nuclei, np.maximum(0.8 * threads, 0.3 * bodies)])
    stains = np.reshape(DARK, (2, 1, 1)) + np.reshape(BRIGHT, (2, 1, 1)) * light
    return np.clip(np.rint(noisy), 0, 65535).astype(np.uint16), stains.astype(np.float32)


def cells(random: np.random.Generator) -> tuple[FloatImage, FloatImage]:
    """Return the height of cell bodies in groups, and the light of their nuclei, 0 to 1."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    bodies, nuclei = np.zeros(SHAPE), np.zeros(SHAPE)
    for _ in range(4):
        middle = random.uniform(0, SHAPE[0]), random.uniform(0, SHAPE[1])
        for _ in range(random.integers(5, 16)):
            y, x = (each + random.normal(0, 22) for each in middle)
            radius = random.uniform(9, 13)
            far = np.hypot(rows - y, columns - x) / radius
            bodies = np.maximum(bodies, np.sqrt(np.clip(1.3**2 - far**2, 0, None)))
            nuclei = np.maximum(nuclei, random.uniform(0.5, 1) * np.sqrt(np.clip(1 - far**2, 0, None)))
    return bodies, ndimage.gaussian_filter(nuclei, 1.5)


def neurites(random: np.random.Generator) -> FloatImage:
    """Return threads across the field, at most 1."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    light = np.zeros(SHAPE)
    for _ in range(16):
        angle, reach = random.uniform(0, math.pi), random.uniform(-200, 200)
        along = (columns - SHAPE[1] / 2) * math.cos(angle) + (rows - SHAPE[0] / 2) * math.sin(angle)
        across = (rows - SHAPE[0] / 2) * math.cos(angle) - (columns - SHAPE[1] / 2) * math.sin(angle)
        bend = random.uniform(4, 18) * np.sin(along / random.uniform(40, 90) + random.uniform(0, 7))
        width = random.uniform(1.0, 1.8)
        light = np.maximum(
            light, random.uniform(0.2, 1) * np.exp(-0.5 * ((across - reach - bend) / width) ** 2)
        )
    return light


def _relief(height: FloatImage) -> FloatImage:
    """Return the slope towards the light, as oblique illumination shows it."""
    down, right = np.gradient(height)
    slope: FloatImage = 0.7 * down + 0.7 * right
    return slope


def _blotches(sigma: float, random: np.random.Generator) -> FloatImage:
    smooth = ndimage.gaussian_filter(random.normal(size=SHAPE), sigma)
    scaled: FloatImage = smooth / smooth.std()
    return scaled
