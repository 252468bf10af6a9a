"""Steps in bfloat16: only where they are faster, and without a trace in the network."""

from __future__ import annotations

import copy

import pytest
import torch
from drua.training import precision
from drua.training.network import Design, build


def test_the_faster_one_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    network, seen = build(Design(width=4, levels=1)), torch.randn(2, 1, 16, 16)
    before = copy.deepcopy(network.state_dict())
    for seconds, expected in (((1.0, 0.5), torch.bfloat16), ((1.0, 0.9), torch.float32)):
        by_type = dict(zip((torch.float32, torch.bfloat16), seconds, strict=True))
        monkeypatch.setattr(precision, "_seconds", lambda _network, _seen, dtype, all_=by_type: all_[dtype])
        assert precision.faster(network, seen) is expected
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_a_device_without_bfloat16_takes_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds(_network: object, _seen: object, dtype: torch.dtype) -> float:
        if dtype is torch.bfloat16:
            raise RuntimeError('"slow_conv3d" not implemented for BFloat16')
        return 1.0

    monkeypatch.setattr(precision, "_seconds", seconds)
    assert precision.faster(build(Design(width=4, levels=1)), torch.randn(2, 1, 16, 16)) is torch.float32


def test_measuring_leaves_the_network_as_it_is() -> None:
    network = build(Design(width=4, levels=1, equivariant=False))  # with statistics of batches
    before = copy.deepcopy(network.state_dict())
    assert precision.faster(network, torch.randn(2, 1, 16, 16)) in (torch.float32, torch.bfloat16)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(value.grad is None for value in network.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_results_are_float32_and_near(dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    network, seen = build(Design(width=4, levels=1, equivariant=False)), torch.randn(2, 1, 16, 16)
    result, exact = precision.run(network, seen, dtype), network(seen)
    assert result.dtype is torch.float32
    assert torch.equal(result, exact) == (dtype is torch.float32)
    assert (result - exact).abs().max() < 0.1 * exact.abs().max()
