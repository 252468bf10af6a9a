"""The network of `nuclei-fluorescence`: a residual U-Net whose body runs at half resolution.

Axes are written as in numpy: N batch, C channels, Y rows, X columns.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = ("foreground", "distance", "boundary")
"""What the channels of the network's output mean, in order."""

STRIDE = 16
"""Sides of the input are multiples of this number of pixels."""


class ConvNorm(nn.Sequential):
    """Convolution without bias, then batch normalisation: one convolution once folded."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs)
        )


class Residual(nn.Module):
    """Two 3 x 3 convolutions around a shortcut, which is a 1 x 1 convolution where the width changes."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = ConvNorm(inputs, outputs)
        self.second = ConvNorm(outputs, outputs)
        self.shortcut = nn.Identity() if inputs == outputs else ConvNorm(inputs, outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map NCYX features to NCYX features of the same Y and X."""
        hidden = functional.relu(self.first(features))
        return functional.relu(self.second(hidden) + self.shortcut(features))


class NucleiNet(nn.Module):
    """Image to foreground, distance and boundary logits.

    The image is folded 2 x 2 into channels first (pixel-unshuffle) and the result unfolded last, so that
    every 3 x 3 convolution costs a quarter of what it would at full resolution. The head sees the folded
    image again next to the decoded features: that brings the full resolution back.

    Parameters
    ----------
    widths : tuple of int
        Channels at strides 2, 4, 8 and 16.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 192)) -> None:
        super().__init__()
        self.stem = ConvNorm(4, widths[0])
        self.encoders = nn.ModuleList(
            nn.Sequential(Residual(widths[max(level - 1, 0)], width), *self._deeper(level, width))
            for level, width in enumerate(widths)
        )
        self.laterals = nn.ModuleList(ConvNorm(below, width, 1) for width, below in pairwise(widths))
        self.decoders = nn.ModuleList(Residual(width, width) for width in widths[:-1])
        self.head = ConvNorm(widths[0] + 4, widths[0])
        self.output = nn.Conv2d(widths[0], 4 * len(CHANNELS), 3, padding=1)

    @staticmethod
    def _deeper(level: int, width: int) -> list[nn.Module]:
        return [Residual(width, width)] if level == 2 else []

    def forward(self, image: Tensor) -> Tensor:
        """Map a normalised image, N1YX, to logits, N3YX; Y and X are multiples of `STRIDE`."""
        folded = functional.pixel_unshuffle(image, 2)
        features = functional.relu(self.stem(folded))
        skips = []
        for level, encoder in enumerate(self.encoders):
            features = encoder(functional.max_pool2d(features, 2) if level else features)
            skips.append(features)
        for level in reversed(range(len(self.decoders))):
            coarse = functional.interpolate(self.laterals[level](features), scale_factor=2.0, mode="nearest")
            features = self.decoders[level](functional.relu(coarse + skips[level]))
        hidden = functional.relu(self.head(torch.cat([features, folded], dim=1)))
        return functional.pixel_shuffle(self.output(hidden), 2)
