"""Fixtures for all tests: a tiny package with a known network, and the shared data where it is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tiny_model import write_package

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests out of the user's cache and models."""
    patch = pytest.MonkeyPatch()
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))


@pytest.fixture(scope="session")
def tiny_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bioimage.io package whose network smooths and thresholds: receptive field 2 px, stride 4."""
    return write_package(tmp_path_factory.mktemp("packages") / "tiny")


@pytest.fixture
def discs() -> np.ndarray:
    """A noisy 16-bit field (Y, X) of 97 x 131 with four bright discs, two of them close to the border."""
    y, x = np.mgrid[:97, :131]
    field = np.random.default_rng(7).normal(200, 4, (97, 131))
    for row, column, radius in ((20, 20, 9), (20, 60, 11), (70, 100, 13), (88, 30, 12)):
        field[(y - row) ** 2 + (x - column) ** 2 < radius**2] += 900
    return field.astype(np.uint16)
