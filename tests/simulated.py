"""Simulated images with known noise and known detail."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter


def nuclei(seed: int = 0, shape: tuple[int, int] = (211, 257), count: int = 45) -> np.ndarray:
    """Bright discs (Y, X), 20 to some 300 grey values, blurred as by a lens."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    field = np.full(shape, 20.0)
    for _ in range(count):
        row, column, radius = random.uniform(0, shape[0]), random.uniform(0, shape[1]), random.uniform(4, 12)
        field += random.uniform(30, 200) * ((y - row) ** 2 + (x - column) ** 2 < radius**2)
    return gaussian_filter(field, 1.2)


def band_limited(cut_off: float, seed: int = 0, shape: tuple[int, int] = (256, 256)) -> np.ndarray:
    """A texture (Y, X) of unit variance with no frequency above `cut_off`, in periods per pixel."""
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None])
    lens = np.clip(1 - frequency / cut_off, 0, 1) / np.maximum(frequency, 1 / shape[0]) ** 0.7
    noise = np.random.default_rng(seed).normal(size=shape)
    texture = np.fft.ifft2(np.fft.fft2(noise) * lens).real
    return texture / texture.std()
