"""What a network learns by. Tensors are NCYX or NCZYX."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

STRUCTURE = 1.0
"""Weight of the differences of neighbours beside that of the values."""


def mean_squared(result: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean of the squared errors, where `weights` are 1: its best answer is the mean."""
    error = (result - target).square()
    if weights is None:
        return error.mean()
    return (error * weights).sum() / (weights.sum() * error.shape[1]).clamp(min=1)


def mean_absolute(result: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean of the absolute errors: its best answer is the median."""
    error = (result - target).abs()
    if weights is None:
        return error.mean()
    return (error * weights).sum() / (weights.sum() * error.shape[1]).clamp(min=1)


def absolute_and_structure(result: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return absolute errors of the values, and of the differences of neighbours at three scales.

    The latter keep edges where they are, and small things from being averaged away (Mathieu et al., ICLR
    2016).
    """
    loss = mean_absolute(result, target, weights)
    for _ in range(3):
        for side in (-1, -2):
            loss = loss + STRUCTURE * (result.diff(dim=side) - target.diff(dim=side)).abs().mean() / 3
        result, target = _halved(result), _halved(target)
    return loss


def _halved(image: Tensor) -> Tensor:
    if image.ndim == 5:
        return torch.nn.functional.avg_pool3d(image, (1, 2, 2))
    return torch.nn.functional.avg_pool2d(image, 2)


LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": mean_squared,
    "l1": mean_absolute,
    "l1+structure": absolute_and_structure,
}
