"""The U-Net of the bioimage.io example `unet2d_nuclei_broad`. Tensors are NCYX."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

WIDTHS = (16, 32, 64, 128)


class UNet2d(nn.Module):
    """Three levels; each has two convolutions with one rectifier behind them.

    Parameters
    ----------
    input_channels, output_channels : int
        Sizes of the C axis.
    """

    def __init__(self, input_channels: int, output_channels: int) -> None:
        super().__init__()
        *outer, deepest = WIDTHS
        down = list(pairwise((input_channels, *outer)))
        up = list(pairwise(reversed(WIDTHS)))
        self.encoders = nn.ModuleList(_convolutions(*widths) for widths in down)
        self.base = _convolutions(outer[-1], deepest)
        self.upsamplers = nn.ModuleList(nn.Sequential(_double(), nn.Conv2d(*widths, 1)) for widths in up)
        self.decoders = nn.ModuleList(_convolutions(*widths) for widths in up)
        self.output = nn.Conv2d(outer[0], output_channels, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Map an image to logits of the same Y and X, which are multiples of 8."""
        features, skips = image, []
        for encoder in self.encoders:
            skips.append(encoder(features))
            features = nn.functional.max_pool2d(skips[-1], 2)
        features = self.base(features)
        for upsampler, decoder in zip(self.upsamplers, self.decoders, strict=True):
            features = decoder(torch.cat([skips.pop(), upsampler(features)], dim=1))
        return self.output(features)


def _convolutions(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1), nn.ReLU()
    )


def _double() -> nn.Upsample:
    return nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False)
