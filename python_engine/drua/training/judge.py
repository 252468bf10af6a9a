"""Judge: the same patches at every check, which nothing is learnt from, and what networks make of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drua import similarity
from drua.training.losses import LOSSES
from drua.training.network import UNet
from drua.training.picture import preview
from drua.training.plan import Plan

Batch = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32] | None]
"""Inputs, targets and, where only some pixels count, weights, each (N, C, ..., Y, X)."""


class Judge:
    """Judges networks.

    Parameters
    ----------
    plan : Plan
        Names task, method and loss.
    batches : sequence of Batch
        The patches.
    tensor : callable
        Brings an array to the device of the networks.
    """

    def __init__(
        self, plan: Plan, batches: Sequence[Batch], tensor: Callable[[NDArray[np.float32]], Tensor]
    ) -> None:
        self.batches = batches
        self._plan = plan
        self._tensor = tensor

    def look(self, network: UNet) -> tuple[float, NDArray[np.uint8]]:
        """Return the mean loss, and a picture of the first patch."""
        losses = [
            self._loss(self._predict(network, given), wanted, weights)
            for given, wanted, weights in self.batches
        ]
        given, wanted, _ = self.batches[0]
        if self._plan.method == "blind_spot":  # what it will be given, with nothing hidden
            picture = preview(wanted[0], self._predict(network, wanted[:1])[0], None)
        else:
            picture = preview(given[0], self._predict(network, given[:1])[0], wanted[0])
        return float(np.mean(losses)), picture

    def constant(self) -> float:
        """Return the mean loss of the best image of one value in each channel: what has learnt nothing."""
        targets = np.concatenate([wanted for _, wanted, _ in self.batches])
        every = tuple(axis for axis in range(targets.ndim) if axis != 1)
        values = np.median(targets, axis=every, keepdims=True)
        return float(
            np.mean(
                [self._loss(np.broadcast_to(values, each.shape), each, None) for _, each, _ in self.batches]
            )
        )

    def gain(self, network: UNet) -> float | None:
        """Return by how many dB results are nearer to their targets than inputs; None without targets."""
        if self._plan.task != "denoise" or self._plan.method != "pairs":
            return None
        before = after = 0.0
        for given, wanted, _ in self.batches:
            before += float(np.square(given - wanted).mean())
            after += float(np.square(self._predict(network, given) - wanted).mean())
        return 10 * math.log10(before / after) if before and after else None

    def pearson(self, network: UNet) -> tuple[float, ...] | None:
        """Return Pearson's r of results and targets of a stain, for each channel; None for a denoiser."""
        if self._plan.task != "stain":
            return None
        pairs = [(self._predict(network, given), wanted) for given, wanted, _ in self.batches]
        results, targets = (np.moveaxis(np.concatenate(each), 1, 0) for each in zip(*pairs, strict=True))
        found = [
            similarity.pearson(np.float64(result).ravel(), np.float64(target).ravel())
            for result, target in zip(results, targets, strict=True)
        ]
        return tuple(0.0 if each is None else each for each in found)

    def _loss(
        self, result: NDArray[np.float32], wanted: NDArray[np.float32], weights: NDArray[np.float32] | None
    ) -> float:
        mask = None if weights is None else self._tensor(weights)
        return float(LOSSES[self._plan.loss](self._tensor(result), self._tensor(wanted), mask))

    def _predict(self, network: UNet, given: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(network(self._tensor(given)).cpu().numpy(), np.float32)
