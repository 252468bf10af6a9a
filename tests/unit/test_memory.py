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
from drua.models.card import read_card
from drua.pipeline import Model, open_model, predict
from numpy.typing import NDArray

from tests.network_maps import maps_of


class Cramped:
    """A backend whose device has memory for inputs up to a side only."""

    def __init__(self, backend: Backend, largest: int, device: str = "cpu", most: int = 99) -> None:
        self.backend, self.largest, self.device, self.most = backend, largest, device, most
        self.provider = backend.provider
        self.inputs: list[tuple[int, ...]] = []

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        self.inputs.append(inputs[0].shape[-2:])
        if max(inputs[0].shape[-2:]) > self.largest or len(inputs[0]) > self.most:
            raise DeviceMemoryError(f"the memory of {self.device} is full")
        return self.backend.run(inputs)

    def lanes(self, runs: int) -> int:
        return 1

    def close(self) -> None:
        self.backend.close()


def test_a_tile_that_does_not_fit_is_predicted_in_pieces_with_the_same_result(
    tiny_package: Path, discs: np.ndarray
) -> None:
    with open_model(tiny_package) as model:
        expected = maps_of(discs, model.card, model.backend, 64)
        cramped = Cramped(model.backend, 40)
        frugal = FrugalBackend(cramped, model.card)
        maps = maps_of(discs, model.card, frugal, 64)
    assert np.abs(maps - expected).max() <= 1e-5
    assert frugal.notes == ["the memory of cpu was full: tiles of 28 x 24 pixels instead of 56 x 52"]
    assert cramped.inputs.count((56, 52)) == 1, "what has failed once is not tried again"


def test_the_tiles_before_the_memory_was_full_are_kept(tiny_package: Path, discs: np.ndarray) -> None:
    done = 0

    def on_tile() -> None:
        nonlocal done
        done += 1
        cramped.largest = 40 if done == 3 else cramped.largest

    with open_model(tiny_package) as model:
        expected = maps_of(discs, model.card, model.backend, 64)
        cramped = Cramped(model.backend, 64)
        maps = maps_of(discs, model.card, FrugalBackend(cramped, model.card), 64, on_tile)
    assert np.abs(maps - expected).max() <= 1e-5
    assert cramped.inputs.count((56, 52)) in (4, 5), "the next one may have been on its way"


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


def test_the_numbers_of_a_refusal_are_those_of_the_image(
    tiny_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = read_card(tiny_package)
    monkeypatch.setattr(platform, "free_memory", lambda: 8 * 10**9)
    memory.check(64 * 10**6, 64 * 10**6, card, "label_image")
    with pytest.raises(DeviceMemoryError, match=r"^1200 megapixels need about 139\.2 GB"):
        memory.check(1200 * 10**6, 1200 * 10**6, card, "label_image")


def test_a_batch_that_does_not_fit_is_halved_with_the_same_result(
    tiny_package: Path, discs: np.ndarray
) -> None:
    with open_model(tiny_package) as model:
        expected = maps_of(discs, model.card, model.backend, 40)
        cramped = Cramped(model.backend, 40, most=2)
        frugal = FrugalBackend(cramped, model.card)
        maps = maps_of(discs, model.card, frugal, 40, batch=8)
    np.testing.assert_allclose(maps, expected, atol=1e-6)
    assert frugal.notes == [
        "the memory of cpu was full: 4 tiles at a time instead of 8",
        "the memory of cpu was full: 2 tiles at a time instead of 4",
    ]


def test_free_memory_is_at_most_what_the_container_may_use(tmp_path: Path) -> None:
    everything = platform.free_memory(tmp_path / "none")
    assert everything > 10**6
    (tmp_path / "memory.current").write_text("600\n")
    (tmp_path / "memory.max").write_text("1000\n")
    assert platform.free_memory(tmp_path) == 400
    (tmp_path / "memory.max").write_text("max\n")
    assert platform.free_memory(tmp_path) > 10**6
