from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from drua.backends import onnx
from drua.errors import CardError, DeviceError
from drua.models.card import Weights

ALL = ["CoreMLExecutionProvider", "DmlExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]


@pytest.fixture
def weights(tiny_package: Path) -> Weights:
    return Weights("onnx", tiny_package / "weights.onnx", None)


def test_the_devices_of_all_providers_are_named_best_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ALL)
    assert onnx.devices() == ("cuda:0", "dml:0", "coreml", "cpu")


def test_auto_leaves_out_what_computes_with_half_precision(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = ["CoreMLExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: both)
    assert onnx.open_session(weights, "auto").device == "cpu"


@pytest.mark.parametrize("device", ["cpu:0", "coreml", "cuda:x", "cuda:0", "gpu"])
def test_a_device_that_is_not_there_is_refused(weights: Weights, device: str) -> None:
    with pytest.raises(DeviceError, match=f"device '{device}' is not available here; choose auto or cpu"):
        onnx.open_session(weights, device)


def test_a_provider_that_falls_back_is_an_error(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ALL)
    message = "'dml:0' was asked for, but ONNX Runtime uses CPUExecutionProvider"
    with pytest.warns(UserWarning, match="DmlExecution"), pytest.raises(DeviceError, match=message):
        onnx.open_session(weights, "dml:0")


@pytest.mark.parametrize("sides", [(1, 2, 16, 16), (1, 16, 16)])
def test_sides_that_the_network_does_not_take_are_an_error_of_the_card(
    weights: Weights, sides: tuple
) -> None:
    with pytest.raises(CardError, match=r"the network does not run with image .*; correct axes and sizes"):
        onnx.open_session(weights, "cpu").run([np.zeros(sides, np.float32)])


def test_inputs_in_another_number_are_an_error_of_the_card(weights: Weights) -> None:
    tile = np.zeros((1, 1, 16, 16), np.float32)
    with pytest.raises(CardError, match="the network takes 1 inputs, but the card describes 2"):
        onnx.open_session(weights, "cpu").run([tile, tile])
