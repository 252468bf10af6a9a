"""Training images: read once, kept in memory, warped and degraded anew for every patch.

Axes are written as in numpy: N batch, C channels, Y rows, X columns. Lengths are in pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

FloatImage = NDArray[np.float32]
LabelImage = NDArray[np.int32]


@dataclass(frozen=True)
class Field:
    """One image with its truth: `image` YX (normalised), `labels` YX and `distance` YX (0..1)."""

    name: str
    image: FloatImage
    labels: LabelImage
    distance: FloatImage

    @property
    def count(self) -> int:
        """Number of nuclei."""
        return len(np.unique(self.labels)) - 1

    @property
    def diameter(self) -> float:
        """Median diameter of the nuclei in pixels, 20 where there is none."""
        areas = np.bincount(self.labels.ravel())[1:]
        areas = areas[areas > 0]
        return float(np.median(2 * np.sqrt(areas / np.pi))) if len(areas) else 20.0


def is_validation(name: str) -> bool:
    """Whether a file stem belongs to the fixed validation fifth."""
    return int(name, 16) % 5 == 0


def normalise(image: NDArray[np.generic]) -> FloatImage:
    """Scale the percentiles 1 and 99.8 of the whole image, YX, to 0 and 1 (bioimage.io `scale_range`)."""
    values = image.astype(np.float32)
    low, high = np.percentile(values, [1.0, 99.8])
    return ((values - low) / (high - low + 1e-6)).astype(np.float32)


def distance_map(labels: LabelImage) -> FloatImage:
    """Distance to the edge of the object, divided by the object's largest; YX to YX, 0 outside."""
    result = np.zeros(labels.shape, np.float32)
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        inside = labels[box] == label
        depth = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
        result[box][inside] = (depth / depth.max())[inside]
    return result


def read_fields(data: Path, validation: bool) -> list[Field]:
    """Read the validation fifth, or the rest, of a folder with `images` and `labels`, sorted by name."""
    fields = []
    for path in sorted((data / "images").glob("*.png")):
        if is_validation(path.stem) != validation:
            continue
        image = np.asarray(Image.open(path).convert("L"))
        labels = np.asarray(Image.open(data / "labels" / path.name)).astype(np.int32)
        fields.append(Field(path.stem, normalise(image), labels, distance_map(labels)))
    return fields


class Sampler:
    """Draws augmented patches.

    Parameters
    ----------
    fields : list of Field
        What to draw from: half of the draws uniform, half in proportion to the number of nuclei.
    patch : int
        Side of a patch in pixels.
    seed : int
        Seed of everything random here.
    """

    def __init__(self, fields: list[Field], patch: int, seed: int) -> None:
        self.patch = patch
        self.random = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.diameters = [field.diameter for field in fields]
        counts = np.array([field.count for field in fields], float)
        self.weights = 0.5 / len(fields) + 0.5 * counts / counts.sum()
        self.smooth = [torch.from_numpy(np.stack([f.image, f.distance]))[None] for f in fields]
        self.labels = [torch.from_numpy(f.labels.astype(np.float32))[None, None] for f in fields]

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Draw images, N1YX, and targets, N3YX: foreground, distance, boundary."""
        chosen = self.random.choice(len(self.weights), size, p=self.weights)
        warped = [self._warp(int(index)) for index in chosen]
        images = torch.cat([smooth[:, :1] for smooth, _ in warped])
        labels = torch.cat([label for _, label in warped])
        foreground = (labels > 0).float()
        distance = torch.cat([smooth[:, 1:] for smooth, _ in warped]) * foreground
        targets = torch.cat([foreground, distance, boundary(labels)], dim=1)
        images = self._degrade(images)
        for index in np.flatnonzero(self.random.random(size) < 0.04):
            images[index] = self._empty()
            targets[index] = 0
        return images, targets

    def _uniform(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def _zoom(self, diameter: float) -> float:
        """A random magnification that leaves typical nuclei 9 to 70 pixels wide."""
        zoom = math.exp(self._uniform(math.log(0.6), math.log(1.8)))
        return float(np.clip(zoom, min(1.0, 9 / diameter), max(1.0, 70 / diameter)))

    def _warp(self, index: int) -> tuple[Tensor, Tensor]:
        """Rotate, flip, scale and shift one field: 1CYX image and distance, 11YX labels."""
        height, width = self.labels[index].shape[-2:]
        zoom, angle = self._zoom(self.diameters[index]), self._uniform(0, 2 * math.pi)
        stretch = math.exp(self._uniform(-0.12, 0.12))
        flip = self.random.choice([-1.0, 1.0])
        linear = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        linear = linear @ np.diag([flip * stretch, 1 / stretch]) * self.patch / 2 / zoom
        # The centre keeps the patch inside the image where that is possible; the rest is reflected.
        room = [max(side - self.patch / zoom, 0) / 2 for side in (width, height)]
        centre = [self._uniform(-1, 1) * (r + 8) for r in room]
        affine = np.column_stack([linear, centre]) / np.array([[width / 2], [height / 2]])
        theta = torch.from_numpy(affine.astype(np.float32))[None]
        grid = functional.affine_grid(theta, [1, 1, self.patch, self.patch], align_corners=False)
        return (
            functional.grid_sample(self.smooth[index], grid, "bilinear", "reflection", align_corners=False),
            functional.grid_sample(self.labels[index], grid, "nearest", "reflection", align_corners=False),
        )

    def _column(self, size: int, low: float, high: float) -> Tensor:
        values = self.random.uniform(low, high, size).astype(np.float32)
        return torch.from_numpy(values)[:, None, None, None]

    def _chance(self, size: int, probability: float) -> Tensor:
        hits = (self.random.random(size) < probability).astype(np.float32)
        return torch.from_numpy(hits)[:, None, None, None]

    def _noise(self, like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=self.generator)

    def _uneven(self, size: int) -> Tensor:
        """Smooth fields, N1YX, of values between about -1 and 1."""
        coarse = torch.randn((size, 1, 3, 3), generator=self.generator) * 0.5
        return functional.interpolate(coarse, (self.patch, self.patch), mode="bicubic")

    def _degrade(self, images: Tensor) -> Tensor:
        """Vary gamma, gain, offset, saturation, background, blur and noise of images, N1YX."""
        size = len(images)
        gamma = torch.exp(self._column(size, -0.6, 0.6) * self._chance(size, 0.6))
        images = images.clamp(min=1e-4) ** gamma + images.clamp(max=0)
        images = images * (1 + 0.3 * self._uneven(size) * self._chance(size, 0.3))
        images = images + 0.25 * self._uneven(size).clamp(min=0) * self._chance(size, 0.3)
        ceiling = self._column(size, 0.6, 1.2) + 10 * self._chance(size, 0.9)
        images = torch.minimum(images, ceiling)
        images = blur(images, self._column(size, 0.5, 2.0) * self._chance(size, 0.3))
        images = images * self._column(size, 0.75, 1.35) + self._column(size, -0.08, 0.08)
        read = self._column(size, 0, 0.1) ** 2 * 10 * self._chance(size, 0.5)
        shot = self._column(size, 0, 0.3) ** 2 * self._chance(size, 0.5)
        return images + self._noise(images) * (read + shot * images.clamp(min=0).sqrt())

    def _empty(self) -> Tensor:
        """A patch without nuclei, 1YX, as the normalisation delivers it: noise fills the range 0..1."""
        image = self._noise(torch.empty(1, 1, self.patch, self.patch))
        image = blur(image, self._column(1, 0.4, 1.5) * self._chance(1, 0.4))
        image = image / image.std() + self._uneven(1) * self._column(1, 0, 3) * self._chance(1, 0.5)
        if self.random.random() < 0.3:  # a camera that shows a handful of grey levels
            image = torch.round(image * self._uniform(0.3, 2))
        if self.random.random() < 0.1:
            return torch.zeros(1, self.patch, self.patch)
        return torch.from_numpy(normalise(image[0].numpy()))


def boundary(labels: Tensor) -> Tensor:
    """Mark the pixels, N1YX, that have a different label among their eight neighbours."""
    highest = functional.max_pool2d(labels, 3, 1, 1)
    lowest = -functional.max_pool2d(-labels, 3, 1, 1)
    return (highest != lowest).float()


def blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur images, N1YX, each by its own Gaussian: `sigma`, N111, in pixels, 0 for none."""
    offsets = torch.arange(-4, 5, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma.clamp(min=1e-3)) ** 2)
    kernel = kernel / kernel.sum(-1, keepdim=True)
    stacked = functional.pad(images, (4, 4, 4, 4), mode="reflect").transpose(0, 1)
    stacked = functional.conv2d(stacked, kernel, groups=len(images))
    return functional.conv2d(stacked, kernel.transpose(2, 3), groups=len(images)).transpose(0, 1)
