"""Draw the sample: a simulated field of stained tissue, with its nuclei.

Everything is drawn from a fixed seed; no real image is in it. Test tensors and cover are made of it. It
looks simpler than tissue does. Axes are Y rows, X columns, C colours; lengths are in pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SHAPE = (288, 384)
SEED = 1789
DENSITIES = {
    "haematoxylin": (0.65, 0.70, 0.29),
    "eosin": (0.07, 0.99, 0.11),
}
"""How much red, green and blue light a stain takes (Ruifrok and Johnston 2001)."""
FloatImage = NDArray[np.float64]


def sample() -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return the field, (Y, X, C), and the labels of its nuclei, (Y, X)."""
    random = np.random.default_rng(SEED)
    labels = nuclei(random)
    haematoxylin, eosin = stains(labels, random)
    density = sum(
        amount[..., None] * np.array(DENSITIES[name])
        for name, amount in (("haematoxylin", haematoxylin), ("eosin", eosin))
    )
    light = ndimage.gaussian_filter(10.0 ** -np.asarray(density), (1.0, 1.0, 0))
    light = light * (0.96, 0.95, 0.94) + random.normal(0, 0.01, light.shape)
    return np.asarray(np.rint(255 * np.clip(light, 0, 1)), np.uint8), labels


def nuclei(random: np.random.Generator) -> NDArray[np.uint16]:
    """Return labels, (Y, X), of round and long nuclei, some of which touch."""
    labels = np.zeros(SHAPE, np.uint16)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for _ in range(150):
        y, x = random.uniform(0, SHAPE[0]), random.uniform(0, SHAPE[1])
        long = random.uniform(8, 14)
        short = long * random.uniform(0.4, 0.9)
        angle = random.uniform(0, np.pi)
        along = ((columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)) / long
        across = ((rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)) / short
        area = np.hypot(along, across) < 1 + 0.05 * np.cos(3 * np.arctan2(across, along) + angle)
        if area.sum() > 40 and (labels[area] > 0).mean() < 0.02:
            labels[area & (labels == 0)] = labels.max() + 1
    return labels


def stains(labels: NDArray[np.uint16], random: np.random.Generator) -> tuple[FloatImage, FloatImage]:
    """Return the amounts of haematoxylin and eosin, (Y, X): chromatin in nuclei, fibres around them."""
    amounts = random.uniform(0.35, 0.75, int(labels.max()) + 1)
    chromatin = _blotches(1.5, random)
    inside = ndimage.gaussian_filter((labels > 0) * amounts[labels], 0.8)
    haematoxylin = inside * np.clip(1 + 0.25 * chromatin, 0.4, None) + 0.05
    fibres = np.abs(_blotches(6, random) + 0.4 * _blotches(2.5, random))
    eosin = 0.12 + 0.16 * np.exp(-3 * fibres) + 0.05 * np.clip(_blotches(20, random), -2, 2)
    return haematoxylin, np.clip(eosin, 0.02, None)


def _blotches(sigma: float, random: np.random.Generator) -> FloatImage:
    smooth = ndimage.gaussian_filter(random.normal(size=SHAPE), sigma)
    scaled: FloatImage = smooth / smooth.std()
    return scaled
