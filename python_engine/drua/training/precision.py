"""Precision: whether a step computes in bfloat16, found out by a short measurement.

Weights, losses and checks are float32 always. Convolutions in bfloat16 (automatic mixed precision,
Micikevicius et al., ICLR 2018) are several times as fast on processors and GPUs that are made for it, and
slower where they are emulated. What a machine is made for is better measured than looked up.
"""

from __future__ import annotations

import copy
import time

import torch
from torch import Tensor, nn

FASTER = 1.3
"""How many times as fast bfloat16 must be to be worth its rounding."""
TRIALS = 3


def faster(network: nn.Module, seen: Tensor) -> torch.dtype:
    """Return what convolutions of this network are best computed in, on the device where it is.

    Parameters
    ----------
    network : Module
        Is left as it is.
    seen : Tensor
        A batch of patches.
    """
    if seen.device.type not in ("cpu", "cuda"):
        return torch.float32
    trial = copy.deepcopy(network).train()
    plain = _seconds(trial, seen, torch.float32)
    try:
        mixed = _seconds(trial, seen, torch.bfloat16)
    except RuntimeError:  # what torch says where an operation has no bfloat16 on this device
        return torch.float32
    return torch.bfloat16 if mixed * FASTER < plain else torch.float32


def run(network: nn.Module, seen: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what the network gives, as float32, with convolutions in `dtype`."""
    with torch.autocast(seen.device.type, dtype, enabled=dtype is not torch.float32):
        result: Tensor = network(seen).float()
    return result


def _seconds(network: nn.Module, seen: Tensor, dtype: torch.dtype) -> float:
    """Return the shortest time of a step, after one that gets everything ready."""
    taken = []
    for _ in range(1 + TRIALS):
        started = time.perf_counter()
        network.zero_grad(set_to_none=True)
        value = run(network, seen, dtype).square().mean()
        value.backward()
        value.item()  # waits for a GPU
        taken.append(time.perf_counter() - started)
    return min(taken[1:])
