"""The U-Nets of torch-em, in two and three dimensions, and what the zoo derives from them.

Tensors are NCYX or NCZYX. The names of parameters, and what they mean, are torch-em's. A number of features
is `initial_features * gain ** level`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

Factors = Sequence[int] | int
"""How much a level is smaller than the one above it, along every axis or along each (Z, Y, X)."""

MOST_GROUPS = 32
"""Groups of a group normalisation, if there are that many channels."""


class ConvBlock(nn.Module):
    """Twice: normalisation, if there is any, of what comes in; convolution; rectifier."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        dimensions: int,
        kernel_size: Any = 3,
        padding: Any = 1,
        norm: str | None = "InstanceNorm",
    ) -> None:
        super().__init__()
        convolution = _of(nn, "Conv", dimensions)
        layers: list[nn.Module] = []
        for before in (inputs, outputs):
            layers += [] if norm is None else [_normalisation(norm, dimensions, before)]
            layers += [convolution(before, outputs, kernel_size, padding=padding), nn.ReLU()]
        self.block = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Map features to features; Y and X stay where the padding fits the kernel."""
        return self.block(features)


class Upsampler(nn.Module):
    """Linear interpolation, then a convolution that only mixes channels."""

    def __init__(self, factor: Factors, inputs: int, outputs: int, dimensions: int) -> None:
        super().__init__()
        self.factor = [float(each) for each in _each(factor, dimensions)]
        self.mode = "bilinear" if dimensions == 2 else "trilinear"
        self.conv = _of(nn, "Conv", dimensions)(inputs, outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map features to features that are larger by the factor."""
        larger = nn.functional.interpolate(
            features, scale_factor=self.factor, mode=self.mode, align_corners=False
        )
        return self.conv(larger)


class Encoder(nn.Module):
    """The way down: a block at every level, and what it gives for the way up."""

    def __init__(self, widths: Sequence[int], factors: Sequence[Factors], dimensions: int, **block: Any):
        super().__init__()
        kernel = _kernel(factors, block)
        self.blocks = nn.ModuleList(ConvBlock(*pair, dimensions, **kernel) for pair in pairwise(widths))
        pool = _of(nn, "MaxPool", dimensions)
        self.poolers = nn.ModuleList(pool(factor) for factor in factors)

    def forward(self, features: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the features of the deepest level, and those of every level, highest first."""
        skips = []
        for block, pooler in zip(self.blocks, self.poolers, strict=True):
            skips.append(block(features))
            features = pooler(skips[-1])
        return features, skips


class Decoder(nn.Module):
    """The way up: every level takes what its like on the way down gave."""

    def __init__(
        self,
        widths: Sequence[int],
        skipped: Sequence[int],
        factors: Sequence[Factors],
        dimensions: int,
        **block: Any,
    ):
        super().__init__()
        kernel = _kernel(factors, block)
        self.blocks = nn.ModuleList(
            ConvBlock(above + skip, above, dimensions, **kernel)
            for above, skip in zip(widths[1:], skipped, strict=True)
        )
        self.samplers = nn.ModuleList(
            Upsampler(factor, *pair, dimensions)
            for factor, pair in zip(factors, pairwise(widths), strict=True)
        )

    def forward(self, features: Tensor, skips: Sequence[Tensor]) -> list[Tensor]:
        """Return the features of every level, deepest first."""
        levels = []
        for block, sampler, skip in zip(self.blocks, self.samplers, reversed(skips), strict=True):
            features = block(torch.cat([sampler(features), skip], dim=1))
            levels.append(features)
        return levels


class _UNet(nn.Module):
    """What the U-Nets below have in common.

    Parameters
    ----------
    dimensions : int
        2 or 3.
    out_channels : int, sequence of int or None
        Channels of the output, or of one output for each level; None gives the features themselves.
    return_side_outputs : bool
        Whether every level has an output; the first is the full-sized one.
    final_activation : str or None
        Name of a class of torch.nn.
    postprocessing : str or None
        A key of `POSTPROCESSING`.
    """

    def __init__(
        self,
        dimensions: int,
        in_channels: int,
        out_channels: int | Sequence[int] | None,
        scale_factors: Sequence[Factors],
        initial_features: int = 32,
        gain: int = 2,
        final_activation: str | None = None,
        return_side_outputs: bool = False,
        anisotropic_kernel: bool = False,
        postprocessing: str | None = None,
        **block: Any,
    ) -> None:
        super().__init__()
        depth = len(scale_factors)
        widths = [initial_features * gain**level for level in range(depth + 1)]
        kernel = {"anisotropic": anisotropic_kernel, **block}
        self.encoder = Encoder([in_channels, *widths[:-1]], scale_factors, dimensions, **kernel)
        self.base = ConvBlock(widths[-2], widths[-1], dimensions, **block)
        self.decoder = Decoder(widths[::-1], widths[-2::-1], scale_factors[::-1], dimensions, **kernel)
        convolution = _of(nn, "Conv", dimensions)
        if return_side_outputs:
            channels = [out_channels] * depth if isinstance(out_channels, int) else list(out_channels or [])
            self.out_conv = nn.ModuleList(
                convolution(width, count, 1) for width, count in zip(widths[-2::-1], channels, strict=True)
            )
        else:
            self.out_conv = None if out_channels is None else convolution(widths[0], out_channels, 1)
        self.final_activation = None if final_activation is None else _of(nn, final_activation)()
        self.combine = None if postprocessing is None else POSTPROCESSING[postprocessing]

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        """Map an image to one output, or to one of each level."""
        levels = self.decoder(*self._encode(image))
        if isinstance(self.out_conv, nn.ModuleList):
            outputs = [self._finish(conv(one)) for conv, one in zip(self.out_conv, levels, strict=True)]
            return outputs[::-1]
        return self._finish(levels[-1] if self.out_conv is None else self.out_conv(levels[-1]))

    def _encode(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        deepest, skips = self.encoder(image)
        return self.base(deepest), skips

    def _finish(self, output: Tensor) -> Tensor:
        if self.final_activation is not None:
            output = self.final_activation(output)
        return output if self.combine is None else _strongest(output, *self.combine)


class UNet2d(_UNet):
    """A U-Net of `depth` levels that halve Y and X."""

    def __init__(
        self, in_channels: int, out_channels: int | Sequence[int] | None, depth: int = 4, **more: Any
    ) -> None:
        super().__init__(2, in_channels, out_channels, [2] * depth, **more)


class AnisotropicUNet(_UNet):
    """A U-Net whose levels each have their own factors along Z, Y and X."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int | Sequence[int] | None,
        scale_factors: Sequence[Factors],
        **more: Any,
    ) -> None:
        factors = [factor if isinstance(factor, int) else tuple(factor) for factor in scale_factors]
        super().__init__(3, in_channels, out_channels, factors, **more)


class UNet3d(_UNet):
    """A U-Net of `depth` levels that halve Z, Y and X."""

    def __init__(
        self, in_channels: int, out_channels: int | Sequence[int] | None, depth: int = 4, **more: Any
    ) -> None:
        super().__init__(3, in_channels, out_channels, [2] * depth, **more)


class MultiTensorUNet(UNet2d):
    """A `UNet2d` without normalisation that takes and gives each channel as an image of its own."""

    def __init__(self, in_channels: int, out_channels: int, norm: str | None = None, **more: Any) -> None:
        super().__init__(in_channels, out_channels, norm=norm, **more)

    def forward(self, *images: Tensor) -> list[Tensor]:
        """Map images N1YX to images N1YX."""
        output: Any = super().forward(torch.cat(images, dim=1))
        return list(output.split(1, dim=1))


POSTPROCESSING = {
    "affinities_to_boundaries2d": (0, 0, 2),
    "affinities_with_foreground_to_boundaries2d": (1, 1, 3),
    "affinities_to_boundaries3d": (0, 0, 3),
    "affinities_with_foreground_to_boundaries3d": (1, 1, 4),
}
"""torch-em's name -> how many channels are kept, and which (from, to) become one: the largest of them."""


def _strongest(output: Tensor, kept: int, first: int, behind: int) -> Tensor:
    strongest = output[:, first:behind].amax(dim=1, keepdim=True)
    return torch.cat([output[:, :kept], strongest], dim=1) if kept else strongest


def _of(library: Any, name: str, dimensions: int | None = None) -> Any:
    """Return a class of layers by its name: 'Conv' in two dimensions is Conv2d."""
    return getattr(library, name if dimensions is None else f"{name}{dimensions}d")


def _normalisation(norm: str, dimensions: int, channels: int) -> nn.Module:
    if norm == "GroupNorm":
        return nn.GroupNorm(min(MOST_GROUPS, channels), channels)
    if norm == "InstanceNormTrackStats":
        layer = _of(nn, "InstanceNorm", dimensions)
        return layer(channels, affine=True, track_running_stats=True, momentum=0.01)
    if norm not in ("InstanceNorm", "BatchNorm"):
        raise ValueError(
            f"norm {norm!r} is none of InstanceNorm, InstanceNormTrackStats, GroupNorm, BatchNorm"
        )
    return _of(nn, norm, dimensions)(channels)


def _kernel(factors: Sequence[Factors], block: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of all blocks of a way: an anisotropic kernel is flat where its level is.

    torch-em gives every level, the isotropic ones as well, the kernel of the first anisotropic level.
    """
    uneven = [factor for factor in factors if not isinstance(factor, int) and len(set(factor)) > 1]
    if not block.pop("anisotropic") or not uneven:
        return block
    size, padding = block.get("kernel_size", 3), block.get("padding", 1)
    if not isinstance(size, int) or not isinstance(padding, int):
        return block
    flat = [factor == 1 for factor in uneven[0]]
    return block | {
        "kernel_size": tuple(1 if one else size for one in flat),
        "padding": tuple(0 if one else padding for one in flat),
    }


def _each(factor: Factors, dimensions: int) -> Sequence[int]:
    return [factor] * dimensions if isinstance(factor, int) else factor
