"""Classical denoisers at their best: each with its strength tuned, and with or without an Anscombe transform.

They are told what noise there is. Images are Y rows, X columns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy import ndimage

Plane = np.ndarray
Denoiser = Callable[[Plane, float], Plane]
"""Takes an image and a strength; that of the methods which know of noise is in units of its deviation."""


@dataclass(frozen=True)
class Camera:
    """The noise of an image: variance = gain * brightness + constant, and its mean deviation."""

    gain: float
    constant: float
    sigma: float


@dataclass(frozen=True)
class Setting:
    """How strong, and whether the noise is made equal everywhere first."""

    strength: float
    stabilised: bool = False

    def __str__(self) -> str:
        return f"{self.strength:g}{', Anscombe' if self.stabilised else ''}"


@dataclass(frozen=True)
class Method:
    """A denoiser, the strengths to try, and whether it takes white noise of deviation 1 (else pixels)."""

    run: Denoiser
    strengths: Sequence[float]
    knows_noise: bool

    def settings(self) -> list[Setting]:
        """Return what to try."""
        stabilised = (False, True) if self.knows_noise else (False,)
        return [Setting(strength, each) for each in stabilised for strength in self.strengths]

    def denoise(self, image: Plane, setting: Setting, camera: Camera) -> Plane:
        """Return the image without noise, in its own units."""
        image = np.asarray(image, np.float64)
        if not self.knows_noise:
            return self.run(image, setting.strength)
        if setting.stabilised:
            level = camera.constant / camera.gain**2
            white = _stabilise(image / camera.gain, level)
            return camera.gain * _undo(self.run(white, setting.strength), level)
        return camera.sigma * self.run(image / camera.sigma, setting.strength)


def tuned(
    method: Method, images: Sequence[tuple[Plane, Plane, Camera]], quality: Callable[[Plane, Plane], float]
) -> Setting:
    """Return the setting with the best mean quality over triples of noisy image, truth and noise."""

    def mean(setting: Setting) -> float:
        results = [quality(method.denoise(noisy, setting, camera), truth) for noisy, truth, camera in images]
        return float(np.mean(results))

    return max(method.settings(), key=mean)


def methods() -> dict[str, Method]:
    """Return the methods by name; BM3D where it is installed (pip install bm3d)."""
    known = {
        "Gaussian": Method(_gaussian, (0.5, 0.7, 1, 1.4, 2, 2.8, 4), False),
        "median": Method(_median, (1, 2, 3, 4, 6), False),
        "total variation": Method(_total_variation, (0.3, 0.5, 0.8, 1.2, 1.8, 2.7, 4), True),
        "non-local means": Method(_non_local_means, (0.4, 0.6, 0.8, 1.0, 1.3), True),
    }
    if find_spec("bm3d") is not None:
        known["BM3D"] = Method(_bm3d, (0.8, 1.0, 1.25, 1.6), True)
    return known


def _gaussian(image: Plane, sigma: float) -> Plane:
    return ndimage.gaussian_filter(image, sigma)


def _median(image: Plane, radius: float) -> Plane:
    from skimage.morphology import disk

    return ndimage.median_filter(image, footprint=disk(int(radius)))


def _total_variation(image: Plane, weight: float) -> Plane:
    from skimage.restoration import denoise_tv_chambolle

    return np.asarray(denoise_tv_chambolle(image, weight))


def _non_local_means(image: Plane, strength: float) -> Plane:
    from skimage.restoration import denoise_nl_means

    return np.asarray(
        denoise_nl_means(
            image,
            patch_size=5,
            patch_distance=9,
            h=strength,
            sigma=1.0,
            fast_mode=True,
            preserve_range=True,
        )
    )


def _bm3d(image: Plane, strength: float) -> Plane:
    import bm3d

    result: Any = bm3d.bm3d(image, sigma_psd=strength)
    return np.asarray(result)


def _stabilise(counts: Plane, variance: float) -> Plane:
    """Return counts with noise of deviation 1 everywhere (Starck et al. 1998)."""
    return 2 * np.sqrt(np.maximum(counts + 3 / 8 + variance, 0))


def _undo(stable: Plane, variance: float) -> Plane:
    """Return the counts: the exact unbiased inverse in closed form (Makitalo and Foi 2011, 2013)."""
    root = math.sqrt(1.5)
    d = np.maximum(stable, 1.0)  # below it the series means nothing
    return d**2 / 4 + root / 4 / d - 11 / 8 / d**2 + 5 / 8 * root / d**3 - 1 / 8 - variance
