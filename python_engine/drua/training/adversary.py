"""The adversary: a small network that tells results from targets patch by patch (PatchGAN).

Isola et al., pix2pix, CVPR 2017; with the squared errors of Mao et al., LSGAN, ICCV 2017. It makes results
sharper and textures likely, also where they are not true. Tensors are NCYX or NCZYX.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from drua.training.network import Design

WIDTHS = (32, 64, 128)
RATE = 2e-4


class Adversary(nn.Module):
    """Judges pairs of an input and a result, or a target: near 1 is true, near 0 is made up."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        volume = "Z" in design.axes
        convolution = nn.Conv3d if volume else nn.Conv2d
        kernel, stride, padding = ((3, 4, 4), (1, 2, 2), (1, 1, 1)) if volume else (4, 2, 1)
        layers: list[nn.Module] = []
        inputs = design.inputs + design.outputs
        for width in WIDTHS:
            layers += [convolution(inputs, width, kernel, stride, padding), nn.LeakyReLU(0.2)]
            inputs = width
        self.layers = nn.Sequential(*layers, convolution(inputs, 1, 3, padding=1))
        self.optimiser = torch.optim.Adam(self.parameters(), RATE, betas=(0.5, 0.999))

    def forward(self, given: Tensor, judged: Tensor) -> Tensor:
        """Return a verdict for every patch of 8 x 8 pixels and what is around it."""
        return self.layers(torch.cat([given, judged], dim=1))

    def learn(self, given: Tensor, result: Tensor, target: Tensor) -> None:
        """Take one step towards telling results from targets."""
        made_up = self(given, result.detach())
        true = self(given, target)
        loss = made_up.square().mean() + (true - 1).square().mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()

    def objection(self, given: Tensor, result: Tensor) -> Tensor:
        """Return how far a result is from being taken for true."""
        return (self(given, result) - 1).square().mean()
