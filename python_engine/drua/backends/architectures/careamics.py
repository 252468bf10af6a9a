"""The U-Net of CAREamics (CARE, Noise2Noise, Noise2Void and N2V2), in two and three dimensions.

Tensors are NCYX or NCZYX. The names of parameters, and what they mean, are CAREamics'.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

ACTIVATIONS = {
    "None": nn.Identity,
    "Sigmoid": nn.Sigmoid,
    "Softmax": lambda: nn.Softmax(dim=1),
    "Tanh": nn.Tanh,
    "ReLU": nn.ReLU,
    "LeakyReLU": nn.LeakyReLU,
    "ELU": nn.ELU,
}


class ConvBlock(nn.Module):
    """Twice: convolution, batch normalisation where it is used, rectifier."""

    def __init__(
        self, dimensions: int, inputs: int, between: int, outputs: int, groups: int, normalised: bool
    ) -> None:
        super().__init__()
        convolution = getattr(nn, f"Conv{dimensions}d")
        normalisation = getattr(nn, f"BatchNorm{dimensions}d")
        self.conv1 = convolution(inputs, between, 3, padding=1, groups=groups)
        self.conv2 = convolution(between, outputs, 3, padding=1, groups=groups)
        # A state dict has these also where they are not used.
        self.batch_norm1 = normalisation(between)
        self.batch_norm2 = normalisation(outputs)
        self.normalised = normalised

    def forward(self, features: Tensor) -> Tensor:
        """Map features to features of the same sides."""
        features = self.conv1(features)
        features = nn.functional.relu(self.batch_norm1(features) if self.normalised else features)
        features = self.conv2(features)
        return nn.functional.relu(self.batch_norm2(features) if self.normalised else features)


class MaxBlurPool(nn.Module):
    """The pooling of N2V2: the maximum without a stride, then a binomial blur with a stride of 2."""

    def __init__(self, dimensions: int, size: int) -> None:
        super().__init__()
        line = torch.tensor([1.0, 2.0, 1.0])
        kernel = line
        for _ in range(dimensions - 1):
            kernel = kernel[..., None] * line
        self.register_buffer("kernel", kernel / kernel.sum(), persistent=False)
        self.maximum = getattr(nn, f"MaxPool{dimensions}d")(size, stride=1)
        self.convolve = getattr(nn.functional, f"conv{dimensions}d")

    def forward(self, features: Tensor) -> Tensor:
        """Map features to features of half the sides."""
        channels = features.shape[1]
        kernel = self.kernel.to(features.dtype).expand(channels, 1, *self.kernel.shape)
        return self.convolve(self.maximum(features), kernel, padding=1, stride=2, groups=channels)


class Encoder(nn.Module):
    """The way down: blocks and poolings in turn."""

    def __init__(self, blocks: list[nn.Module], pooling: nn.Module) -> None:
        super().__init__()
        self.encoder_blocks = nn.ModuleList(layer for block in blocks for layer in (block, pooling))

    def forward(self, features: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the features of the deepest level, and those of every level, highest first."""
        skips = []
        for layer in self.encoder_blocks:
            features = layer(features)
            if isinstance(layer, ConvBlock):
                skips.append(features)
        return features, skips


class Decoder(nn.Module):
    """The way up: doubling and blocks in turn; N2V2 does not look at the highest level of the way down."""

    def __init__(self, bottleneck: nn.Module, blocks: list[nn.Module], mode: str, groups: int, n2v2: bool):
        super().__init__()
        double = nn.Upsample(scale_factor=2, mode=mode)
        self.bottleneck = bottleneck
        self.decoder_blocks = nn.ModuleList(layer for block in blocks for layer in (double, block))
        self.groups = groups
        self.n2v2 = n2v2

    def forward(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        """Map the deepest features and those of the way down to the highest features."""
        features = self.bottleneck(features)
        for layer in self.decoder_blocks:
            features = layer(features)
            if isinstance(layer, nn.Upsample):
                skip = skips.pop()
                if skips or not self.n2v2:
                    features = self._interleave(features, skip)
        return features

    def _interleave(self, features: Tensor, skip: Tensor) -> Tensor:
        """Concatenate group by group: channels that are independent stay so."""
        pairs = zip(features.chunk(self.groups, dim=1), skip.chunk(self.groups, dim=1), strict=True)
        return torch.cat([part for pair in pairs for part in pair], dim=1)


class UNet(nn.Module):
    """The U-Net of CAREamics.

    Parameters
    ----------
    conv_dims : int
        2 or 3.
    num_classes, in_channels : int
        Channels of the output and of the input.
    depth : int
        How often Y and X (and Z) are halved.
    num_channels_init : int
        Channels of the highest level (for each group).
    use_batch_norm : bool
        Whether batch normalisation is used.
    pool_kernel : int
        Side of the window of the pooling.
    residual : bool
        Whether the input is added to the output.
    final_activation : str
        A key of `ACTIVATIONS`.
    n2v2 : bool
        Whether it is the network of N2V2.
    independent_channels : bool
        Whether every channel is a network of its own.
    """

    def __init__(
        self,
        conv_dims: int,
        num_classes: int = 1,
        in_channels: int = 1,
        depth: int = 3,
        num_channels_init: int = 64,
        use_batch_norm: bool = True,
        pool_kernel: int = 2,
        residual: bool = False,
        final_activation: str = "None",
        n2v2: bool = False,
        independent_channels: bool = True,
    ) -> None:
        super().__init__()
        groups = in_channels if independent_channels else 1
        widths = [num_channels_init * groups * 2**level for level in range(depth)]

        def block(inputs: int, between: int, outputs: int) -> ConvBlock:
            return ConvBlock(conv_dims, inputs, between, outputs, groups, use_batch_norm)

        down = [block(before, width, width) for before, width in zip([in_channels, *widths], widths)]  # noqa: B905
        up = [block(2 * width, width, width // 2) for width in reversed(widths[1:])]
        up.append(block(widths[0] * (1 if n2v2 else 2), widths[0], widths[0]))
        pooling = MaxBlurPool(conv_dims, pool_kernel) if n2v2 else _pooling(conv_dims, pool_kernel)
        bottleneck = block(widths[-1], 2 * widths[-1], widths[-1])
        mode = "bilinear" if conv_dims == 2 else "trilinear"
        self.encoder = Encoder(down, pooling)
        self.decoder = Decoder(bottleneck, up, mode, groups, n2v2)
        self.final_conv = getattr(nn, f"Conv{conv_dims}d")(widths[0], num_classes, 1, groups=groups)
        self.residual = residual
        self.final_activation = ACTIVATIONS[final_activation]()

    def forward(self, image: Tensor) -> Tensor:
        """Map an image to an image of the same sides, which are multiples of 2 ** depth."""
        output = self.final_conv(self.decoder(*self.encoder(image)))
        return self.final_activation(output + image if self.residual else output)


def _pooling(dimensions: int, size: int) -> Any:
    return getattr(nn, f"MaxPool{dimensions}d")(size)
