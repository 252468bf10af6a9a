from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drua import memory, platform
from drua.backends import Backend
from drua.errors import DeviceMemoryError
from drua.image import Image
from drua.memory import FrugalBackend
from drua.pipeline import Model, open_model, predict, predict_maps
from numpy.typing import NDArray


class Cramped:
    """A backend whose device has memory for inputs up to a side only."""

    def __init__(self, backend: Backend, largest: int, device: str = "cpu") -> None:
        self.backend, self.largest, self.device = backend, largest, device
        self.provider = backend.provider
        self.inputs: list[tuple[int, ...]] = []

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        self.inputs.append(inputs[0].shape[-2:])
        if max(inputs[0].shape[-2:]) > self.largest:
            raise DeviceMemoryError(f"the memory of {self.device} is full")
        return self.backend.run(inputs)

    def close(self) -> None:
        self.backend.close()


def test_a_tile_that_does_not_fit_is_predicted_in_pieces_with_the_same_result(
    tiny_package: Path, discs: np.ndarray
) -> None:
    with open_model(tiny_package) as model:
        expected = predict_maps(discs, model.card, model.backend, 64, _nothing)
        cramped = Cramped(model.backend, 40)
        frugal = FrugalBackend(cramped, model.card)
        maps = predict_maps(discs, model.card, frugal, 64, _nothing)
    assert np.abs(maps - expected).max() <= 1e-5
    assert frugal.notes == ["the memory of cpu was full: tiles of 32 pixels instead of 64"]
    assert cramped.inputs.count((64, 64)) == 1, "what has failed once is not tried again"


def test_the_tiles_before_the_memory_was_full_are_kept(tiny_package: Path, discs: np.ndarray) -> None:
    done = 0

    def on_tile() -> None:
        nonlocal done
        done += 1
        cramped.largest = 40 if done == 3 else cramped.largest

    with open_model(tiny_package) as model:
        expected = predict_maps(discs, model.card, model.backend, 64, _nothing)
        cramped = Cramped(model.backend, 64)
        maps = predict_maps(discs, model.card, FrugalBackend(cramped, model.card), 64, on_tile)
    assert np.abs(maps - expected).max() <= 1e-5
    assert cramped.inputs.count((64, 64)) == 4


def test_a_device_without_memory_is_left_for_the_cpu(tiny_package: Path, discs: np.ndarray) -> None:
    expected = predict(Image(discs, "YX"), str(tiny_package))
    with open_model(tiny_package) as model:
        cramped = Cramped(model.backend, 0, "cuda:0")
        prediction = predict(Image(discs, "YX"), Model(model.card, cramped))
    np.testing.assert_array_equal(prediction.image.pixels, expected.image.pixels)
    assert prediction.run["device"] == "cuda:0, then cpu"
    assert prediction.run["notes"][-1].endswith("the rest was predicted on the CPU")


def test_no_memory_at_all_is_an_error_with_the_numbers(tiny_package: Path, discs: np.ndarray) -> None:
    with open_model(tiny_package) as model:
        cramped = Cramped(model.backend, 0)
        with pytest.raises(DeviceMemoryError, match=r"a tile of 24 x 24 pixels .* GB are free"):
            predict(Image(discs, "YX"), Model(model.card, cramped))


def test_what_cannot_fit_is_refused_before_it_starts(
    tiny_package: Path, discs: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "free_memory", lambda: 10**6)
    with open_model(tiny_package) as model:
        cramped = Cramped(model.backend, 64)
        with pytest.raises(DeviceMemoryError, match=r"need about 0\.0 GB of memory, but 0\.0 GB are free"):
            predict(Image(discs, "YX"), Model(model.card, cramped))
    assert cramped.inputs == []


def test_the_numbers_of_a_refusal_are_those_of_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "free_memory", lambda: 8 * 10**9)
    memory.check((1, 1, 8000, 8000))
    with pytest.raises(DeviceMemoryError, match=r"^40000 x 30000 x 1 pixels need about 139\.2 GB"):
        memory.check((1, 1, 30000, 40000))


def test_free_memory_is_at_most_what_the_container_may_use(tmp_path: Path) -> None:
    everything = platform.free_memory(tmp_path / "none")
    assert everything > 10**6
    (tmp_path / "memory.current").write_text("600\n")
    (tmp_path / "memory.max").write_text("1000\n")
    assert platform.free_memory(tmp_path) == 400
    (tmp_path / "memory.max").write_text("max\n")
    assert platform.free_memory(tmp_path) > 10**6


def _nothing() -> None:
    pass
