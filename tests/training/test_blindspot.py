from __future__ import annotations

import numpy as np
import pytest
from drua.training.blindspot import STRUCTURE_REACH, hide, measure

from tests.training.conftest import noisy, scene


@pytest.mark.parametrize("structure", ["none", "rows", "columns"])
@pytest.mark.parametrize("shape", [(3, 1, 29, 31), (2, 2, 5, 19, 23)])
def test_nothing_of_a_hidden_pixel_is_left(structure: str, shape: tuple[int, ...]) -> None:
    patches = np.random.default_rng(1).random(shape, np.float32)
    hidden, weights = hide(patches, np.random.default_rng(2), structure)
    spots = np.broadcast_to(weights > 0, shape)
    assert spots.any()
    # all values differ, so that a copy of a hidden value anywhere would be found
    assert not np.isin(hidden, patches[spots]).any()


def test_other_pixels_stay_as_they_are() -> None:
    patches = np.random.default_rng(1).random((2, 1, 32, 32), np.float32)
    before = patches.copy()
    hidden, weights = hide(patches, np.random.default_rng(2))
    assert np.array_equal(patches, before)
    assert np.array_equal(hidden[weights == 0], patches[weights == 0])
    assert 0.01 < weights.mean() < 0.06


@pytest.mark.parametrize(("structure", "step"), [("rows", (0, 1)), ("columns", (1, 0))])
def test_neighbours_along_the_structure_are_hidden_too(structure: str, step: tuple[int, int]) -> None:
    patches = np.random.default_rng(1).random((1, 1, 64, 64), np.float32)
    hidden, weights = hide(patches, np.random.default_rng(2), structure)
    changed = (hidden != patches)[0, 0]
    for y, x in np.argwhere(weights[0, 0] > 0):
        for distance in range(-STRUCTURE_REACH, STRUCTURE_REACH + 1):
            place = y + distance * step[0], x + distance * step[1]
            if all(0 <= each < 64 for each in place):
                assert changed[place]


@pytest.mark.parametrize("turned", [False, True])
def test_noise_along_rows_or_columns_is_found(turned: bool) -> None:
    white = np.random.default_rng(4).normal(0, 30, (128, 160))
    plane = scene(1, (128, 160)) + white + np.roll(white, 1, axis=1)
    found = measure([plane.T if turned else plane])
    assert found.structure == ("columns" if turned else "rows")
    assert max(found.rows, found.columns) == pytest.approx(0.5, abs=0.12)
    assert found.structure in found.text


def test_white_noise_and_smooth_images_have_no_structure() -> None:
    clean = scene(2, (128, 160))
    assert measure([noisy(clean, 3)]).structure == "none"
    assert measure([clean]).structure == "none"
    assert "in both directions" in measure([clean]).text.replace("both\ndirections", "both directions")


def test_a_constant_plane_has_no_noise() -> None:
    assert measure([np.full((64, 64), 7)]).structure == "none"
