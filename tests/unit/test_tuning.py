from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drua import inference, tuning
from drua.errors import Cancelled, DeviceMemoryError
from drua.models.card import ModelCard, read_card
from drua.tuning import size_for
from numpy.typing import NDArray

from tests.tiny_model import write_package


class Paced:
    """A backend that takes as long as its shape is told to, and no more than some pixels."""

    device, provider = "cpu", "test"

    def __init__(self, slow: int = 0, most: int = 10**9, lanes: int = 1) -> None:
        self.slow, self.most, self._lanes = slow, most, lanes
        self.shapes: list[tuple[int, ...]] = []

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        shape = inputs[0].shape
        self.shapes.append(shape)
        if inputs[0].size > self.most:
            raise DeviceMemoryError("the memory of cpu is full")
        time.sleep(2e-3 + inputs[0].size * (1e-7 if shape[-1] == self.slow else 1e-8))
        return [inputs[0]]

    def lanes(self, runs: int) -> int:
        return min(self._lanes, runs)

    def close(self) -> None:
        pass


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    monkeypatch.setattr(tuning, "WORTH_IT", 10**6)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return read_card(write_package(tmp_path / "tiny"))


def _silent(_what: str, _done: int, _total: int) -> None:
    pass


def test_a_small_image_gets_what_the_card_prefers_and_is_not_kept_waiting(card: ModelCard) -> None:
    backend = Paced()
    assert size_for(card, backend, (500, 500), 1, _silent).tile == {"Y": 64, "X": 64}
    assert backend.shapes == []


def test_many_small_planes_are_worth_a_measurement(card: ModelCard) -> None:
    backend = Paced()
    size_for(card, backend, (500, 500), 100, _silent)
    assert backend.shapes


def test_the_shape_that_is_soonest_done_with_the_image_is_taken(card: ModelCard) -> None:
    fast = size_for(card, Paced(), (2000, 2000), 1, _silent)
    grid = inference.grid_of(card, (2000, 2000), fast)
    assert grid.tile[0] >= 1000, "a larger tile is faster here and computes less twice"


def test_a_shape_that_is_slow_on_this_device_is_not_taken(card: ModelCard) -> None:
    tile = size_for(card, Paced(slow=1024), (2000, 2000), 1, _silent).tile
    assert tile in ({"Y": 256, "X": 256}, {"Y": 512, "X": 512})


def test_what_was_measured_is_measured_once(card: ModelCard) -> None:
    first, second = Paced(), Paced()
    size = size_for(card, first, (2000, 2000), 1, _silent)
    assert size_for(card, second, (2000, 2000), 1, _silent) == size
    assert (len(first.shapes) > 2, second.shapes) == (True, [])


def test_a_spoiled_cache_is_measured_again(card: ModelCard) -> None:
    size_for(card, Paced(), (2000, 2000), 1, _silent)
    for path in (tuning.platform.cache_folder() / "speed").iterdir():
        path.write_text('[{"tile": 3}]')
    again = Paced()
    size_for(card, again, (2000, 2000), 1, _silent)
    assert again.shapes


def test_shapes_beyond_the_memory_are_left_out(card: ModelCard) -> None:
    size = size_for(card, Paced(most=512 * 512), (2000, 2000), 1, _silent)
    assert size.tile["Y"] * size.tile["X"] * size.batch <= 512 * 512


@pytest.mark.parametrize("lanes", [1, 4])
def test_the_tiles_at_a_time_share_a_part_of_the_free_memory(
    card: ModelCard, monkeypatch: pytest.MonkeyPatch, lanes: int
) -> None:
    gigabyte = 2**30
    monkeypatch.setattr(tuning.platform, "free_memory", lambda: gigabyte)
    size = size_for(card, Paced(lanes=lanes), (5000, 5000), 1, _silent)
    pixels = size.tile["Y"] * size.tile["X"] * size.batch
    assert pixels * lanes * tuning.LEAST_BYTES <= gigabyte * tuning.SHARE_OF_MEMORY
    assert pixels * lanes * tuning.LEAST_BYTES > gigabyte * tuning.SHARE_OF_MEMORY / 16, "and they use it"


def test_measuring_can_be_cancelled(card: ModelCard) -> None:
    def stop(what: str, _done: int, _total: int) -> None:
        assert what == "measuring the device, shapes"
        raise Cancelled

    with pytest.raises(Cancelled):
        size_for(card, Paced(), (2000, 2000), 1, stop)


def test_a_network_of_one_size_has_no_choice(tmp_path: Path, card: ModelCard) -> None:
    package = write_package(tmp_path / "fixed")
    description = package / "bioimageio.yaml"
    text = description.read_text().replace("size: {min: 16, step: 4}", "size: 64")
    description.write_text(text.replace("- {type: batch}", "- {type: batch, size: 1}"))
    backend = Paced()
    assert size_for(read_card(package), backend, (2000, 2000), 1, _silent).batch == 1
    assert backend.shapes == []


def test_the_measured_tile_gives_the_same_maps(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    import drua
    from drua.image import Image

    pixels = np.random.default_rng(4).random((700, 900)).astype(np.float32)
    small = drua.predict(Image(pixels, "YX"), str(card.folder), maps=True)
    monkeypatch.setattr(tuning, "WORTH_IT", 1)
    tuned = drua.predict(Image(pixels, "YX"), str(card.folder), maps=True)
    assert tuned.run["tiles"] < small.run["tiles"]
    np.testing.assert_allclose(tuned.maps["maps"].pixels, small.maps["maps"].pixels, atol=1e-6)
