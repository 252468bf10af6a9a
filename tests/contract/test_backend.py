"""What every backend must do. A backend joins by subclassing `BackendContract`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drua.backends import Backend, onnx
from drua.models.card import Weights


class BackendContract:
    """Tests of a backend that has loaded the tiny network."""

    @pytest.fixture
    def backend(self, tiny_package: Path) -> Backend:
        raise AssertionError("a subclass opens its backend")

    def test_it_says_where_it_runs(self, backend: Backend) -> None:
        assert backend.device == "cpu"
        assert backend.provider

    @pytest.mark.parametrize("shape", [(1, 1, 16, 20), (3, 1, 64, 48)])
    def test_output_is_float32_with_the_sides_of_the_input(self, backend: Backend, shape: tuple) -> None:
        (output,) = backend.run([np.random.default_rng(0).random(shape, np.float32)])
        assert (output.dtype, output.shape) == (np.float32, shape)

    def test_a_batch_gives_what_its_tiles_give_alone(self, backend: Backend) -> None:
        tiles = np.random.default_rng(1).random((4, 1, 16, 20), np.float32)
        alone = np.concatenate([backend.run([tile[None]])[0] for tile in tiles])
        np.testing.assert_allclose(backend.run([tiles])[0], alone, atol=1e-6)

    def test_the_input_is_left_as_it_was(self, backend: Backend) -> None:
        tiles = np.random.default_rng(2).random((1, 1, 16, 20), np.float32)
        before = tiles.copy()
        tiles.flags.writeable = False
        backend.run([tiles])
        np.testing.assert_array_equal(tiles, before)

    def test_a_view_that_is_not_contiguous_is_understood(self, backend: Backend) -> None:
        tiles = np.random.default_rng(3).random((1, 1, 20, 16), np.float32)
        view = tiles.swapaxes(2, 3)
        np.testing.assert_array_equal(backend.run([view]), backend.run([view.copy()]))


class TestOnnx(BackendContract):
    @pytest.fixture
    def backend(self, tiny_package: Path) -> Backend:
        return onnx.open_session(Weights("onnx", tiny_package / "weights.onnx", None), "auto")
