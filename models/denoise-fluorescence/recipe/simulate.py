"""Draw the sample: a simulated field of nuclei and filaments, with noise and without.

Everything is drawn from a fixed seed; no real image is in it. Test tensors and cover are made of it. Axes
are Y rows, X columns; lengths are in pixels, light in photons.
"""

from __future__ import annotations

import math

import numpy as np
from noise import LEVELS, FloatImage, expose, filaments
from scipy import ndimage

SHAPE = (288, 384)
SEED = 1789
NOISE = LEVELS["medium"]


def sample() -> tuple[FloatImage, FloatImage]:
    """Return what a camera reads, and the light without noise, (Y, X)."""
    random = np.random.default_rng(SEED)
    light = np.maximum(nuclei(random), 0.35 * filaments(SHAPE, random)) + np.float32(0.04)
    return expose(light, NOISE, random), light * np.float32(NOISE.photons)


def nuclei(random: np.random.Generator) -> FloatImage:
    """Return nuclei of many brightnesses, at most about 1."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    chromatin = ndimage.gaussian_filter(random.normal(size=SHAPE), 2)
    light = np.zeros(SHAPE)
    for _ in range(36):
        y, x = random.uniform(0, SHAPE[0]), random.uniform(0, SHAPE[1])
        long, angle = random.uniform(11, 20), random.uniform(0, math.pi)
        along = ((columns - x) * math.cos(angle) + (rows - y) * math.sin(angle)) / long
        across = ((rows - y) * math.cos(angle) - (columns - x) * math.sin(angle)) / (0.75 * long)
        depth = np.sqrt(np.clip(1 - along**2 - across**2, 0, None))
        light = np.maximum(light, random.uniform(0.2, 0.9) * depth)
    textured = light * (1 + 0.15 * chromatin / chromatin.std())
    blurred: FloatImage = ndimage.gaussian_filter(np.maximum(textured, 0), 1.2).astype(np.float32)
    return blurred
