"""Scenes small enough to learn from in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from scipy.ndimage import gaussian_filter


@pytest.fixture(scope="package", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads cost tiny networks more than they give."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def scene(seed: int, sides: tuple[int, ...] = (96, 112)) -> np.ndarray:
    """Return a smooth image with bright spots, 100 to 400 or so."""
    random = np.random.default_rng(seed)
    texture = gaussian_filter(random.normal(0, 1, sides), [3.0] * len(sides))
    return (200 + 80 * np.maximum(texture / texture.std(), -1)).astype(np.float32)


def noisy(clean: np.ndarray, seed: int, spread: float = 50.0) -> np.ndarray:
    """Return an image with white noise."""
    return (clean + np.random.default_rng(seed).normal(0, spread, clean.shape)).astype(np.float32)


@pytest.fixture
def pair_folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders, noisy and clean, with three images of the same names."""
    folders = tmp_path / "noisy", tmp_path / "clean"
    for folder in folders:
        folder.mkdir()
    for number in range(3):
        clean = scene(number)
        tifffile.imwrite(folders[0] / f"field{number}.tif", noisy(clean, 50 + number))
        tifffile.imwrite(folders[1] / f"field{number}.tif", clean)
    return folders
