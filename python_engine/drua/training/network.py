"""The network that is trained: a U-Net in two or three dimensions. Tensors are NCYX or NCZYX.

For restoration it is equivariant to gain and offset: for every a > 0 and b, f(a x + b) = a f(x) + b. So it
needs no normalisation, intensities keep their meaning, and neither tiles nor frames of a movie can differ in
theirs. Three things make it so: what it works on is the difference of the image from its local mean, nothing
in it has a bias, and rectifiers and poolings commute with a gain. Networks without biases generalise over
levels of noise, too (Mohan et al., ICLR 2020; Zhang et al., DRUNet, TPAMI 2021).

For blind-spot training the highest level of the way down is not looked at and pooling blurs (Höck et al.,
N2V2, 2022): that avoids the checkerboards of Noise2Void.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Design", "UNet", "build"]

MEAN_RADIUS = {"Z": 1, "Y": 7, "X": 7}
"""How far the local mean reaches, in pixels."""


@dataclass(frozen=True)
class Design:
    """What a network is built from.

    Parameters
    ----------
    axes : str
        'YX' or 'ZYX'. Z is never pooled: stacks are shallow, and coarser along Z.
    inputs, outputs : int
        Channels.
    width : int
        Channels of the highest level; every lower one has twice as many.
    levels : int
        How often Y and X are halved.
    equivariant : bool
        Whether gain and offset of the image become those of the result; `inputs` and `outputs` are equal
        then.
    top_skip : bool
        Whether the highest level of the way up sees that of the way down.
    """

    axes: str = "YX"
    inputs: int = 1
    outputs: int = 1
    width: int = 32
    levels: int = 2
    equivariant: bool = True
    top_skip: bool = True

    @property
    def stride(self) -> dict[str, int]:
        """What sides must be multiples of, in pixels, for each letter."""
        return {letter: 1 if letter == "Z" else 2**self.levels for letter in self.axes}

    @property
    def reach(self) -> dict[str, int]:
        """How far a pixel of the result looks at most, in pixels, for each letter."""
        return {letter: self._reach(letter) for letter in self.axes}

    def to_message(self) -> dict[str, Any]:
        """Return the parameters as JSON values."""
        return asdict(self)

    @classmethod
    def from_message(cls, values: Mapping[str, Any]) -> Design:
        """Return the design with these parameters."""
        return cls(**values)

    def _reach(self, letter: str) -> int:
        mean = MEAN_RADIUS[letter] if self.equivariant else 0
        if letter == "Z":  # the first convolution of every block
            return 2 * self.levels + 1 + mean
        step = [2**level for level in range(self.levels + 1)]
        convolutions = sum(4 * each for each in step[:-1]) + 2 * step[-1] + 1
        # pooling looks 2 pixels around its own two; doubling takes the nearest, up to a step away
        between = sum(3 * each for each in step[:-1])
        return convolutions + between + mean


class UNet(nn.Module):
    """Image to image; see the module for its kinds.

    Parameters
    ----------
    design : Design
        Its kind and size.
    """

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        widths = [design.width * 2**level for level in range(design.levels + 1)]
        ends = [design.inputs, *widths]
        self.down = nn.ModuleList(_Block(design, a, b) for a, b in pairwise(ends))
        self.pool = _BlurPool(design)
        self.up = nn.ModuleList(
            _Block(design, below + (width if level or design.top_skip else 0), width)
            for level, (width, below) in reversed(list(enumerate(pairwise(widths))))
        )
        self.head = _convolution(design, widths[0], design.outputs, flat=True)
        self.register_buffer("gains", torch.ones(1, design.inputs, *(1 for _ in design.axes)))
        if design.equivariant:  # begins as the local mean: nothing must be unlearnt
            nn.init.zeros_(self.head.weight)

    def forward(self, image: Tensor) -> Tensor:
        """Map an image to an image of the same sides, which are multiples of the stride."""
        if not self.design.equivariant:
            return self._detail(image)
        mean = local_mean(image)
        return mean + self.gains * self._detail((image - mean) / self.gains)

    def set_gains(self, gains: Sequence[float]) -> None:
        """Tell the ranges of the channels of images, if these were taken from them in the training."""
        self.gains.copy_(torch.tensor(gains).reshape(self.gains.shape))

    def _detail(self, features: Tensor) -> Tensor:
        skips = []
        for level, block in enumerate(self.down):
            features = block(self.pool(features) if level else features)
            skips.append(features)
        skips.pop()
        for block in self.up:
            features = functional.interpolate(features, scale_factor=self._doubling, mode="nearest")
            skip = skips.pop()
            if skips or self.design.top_skip:
                features = torch.cat([features, skip], dim=1)
            features = block(features)
        return self.head(features)

    @property
    def _doubling(self) -> tuple[float, ...]:
        """By what every side grows on the way up."""
        return tuple(1.0 if letter == "Z" else 2.0 for letter in self.design.axes)


class _Block(nn.Module):
    """Two convolutions with rectifiers; batch normalisation only where there are biases."""

    def __init__(self, design: Design, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_normalised(design, inputs, outputs),
            nn.ReLU(),
            *_normalised(design, outputs, outputs, flat=True),
            nn.ReLU(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map features to features of the same sides."""
        return self.layers(features)


class _BlurPool(nn.Module):
    """The pooling of N2V2: a maximum without a stride, then a binomial blur with a stride of 2; not in Z."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.is_volume = "Z" in design.axes

    def forward(self, features: Tensor) -> Tensor:
        """Map features to features of half the sides."""
        # [1 2 1] is the mean of two, twice.
        if self.is_volume:
            features = functional.max_pool3d(features, (1, 3, 3), 1, (0, 1, 1))
            features = functional.avg_pool3d(features, (1, 2, 2), 1, (0, 1, 1))
            return functional.avg_pool3d(features, (1, 2, 2), (1, 2, 2))
        features = functional.max_pool2d(features, 3, 1, 1)
        return functional.avg_pool2d(functional.avg_pool2d(features, 2, 1, 1), 2, 2)


def local_mean(image: Tensor) -> Tensor:
    """Return the mean around every pixel, at the edges of those that are there."""
    volume = image.ndim == 5
    pool = functional.avg_pool3d if volume else functional.avg_pool2d
    letters = "ZYX" if volume else "YX"
    for number, letter in enumerate(letters):  # one side after the other: a few sums instead of hundreds
        radius = [MEAN_RADIUS[letter] if each == number else 0 for each in range(len(letters))]
        kernel = [2 * each + 1 for each in radius]
        image = pool(image, kernel, 1, radius, count_include_pad=False)
    return image


def build(design: Design) -> UNet:
    """Return a network with random weights."""
    return UNet(design)


def _normalised(design: Design, inputs: int, outputs: int, *, flat: bool = False) -> list[nn.Module]:
    layers: list[nn.Module] = [_convolution(design, inputs, outputs, flat=flat)]
    if not design.equivariant:
        layers.append((nn.BatchNorm3d if "Z" in design.axes else nn.BatchNorm2d)(outputs))
    return layers


def _convolution(design: Design, inputs: int, outputs: int, *, flat: bool = False) -> nn.Module:
    """Return a convolution of 3 pixels along every side; a flat one looks at one slice only."""
    biased = not design.equivariant
    if "Z" in design.axes:
        depth = 1 if flat else 3
        layer = nn.Conv3d(inputs, outputs, (depth, 3, 3), padding=(depth // 2, 1, 1), bias=biased)
    else:
        layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=biased)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
