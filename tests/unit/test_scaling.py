from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drua import scaling
from drua.errors import ImageError
from drua.image import Image
from drua.models.card import ModelCard, read_card


@pytest.fixture
def card(tiny_package: Path) -> ModelCard:
    return replace(read_card(tiny_package), pixel_size={"Y": 0.5, "X": 0.5}, unit="micrometer")


def _image(size: float, unit: str) -> Image:
    return Image(np.zeros((10, 20)), "YX", {"Y": size, "X": size}, unit)


@pytest.mark.parametrize(
    ("size", "unit", "factor"),
    [(0.25, "micron", 0.5), (1000, "nm", 2), (0.001, "mm", 2), (0.5, "\u00b5m", 1), (0.505, "um", 1)],
)
def test_pixel_sizes_are_compared_in_any_unit_of_length(card, size, unit, factor) -> None:
    found, note = scaling.factors(_image(size, unit), card, 0)
    assert found == pytest.approx({"Y": factor, "X": factor})
    assert note is None


def test_the_user_may_say_the_factor(card) -> None:
    assert scaling.factors(_image(3, "pixel"), card, 1.5)[0] == {"Y": 1.5, "X": 1.5}


def test_an_image_without_calibration_is_left_as_it_is_and_this_is_said(card) -> None:
    found, note = scaling.factors(_image(1, "pixel"), card, 0)
    assert found == {"Y": 1, "X": 1}
    assert note is not None
    assert "0.5 micrometer" in note


def test_a_model_without_a_pixel_size_takes_any_image(card) -> None:
    assert scaling.factors(_image(9, "mm"), replace(card, pixel_size={}), 0) == ({"Y": 1, "X": 1}, None)


def test_an_absurd_factor_is_a_wrong_calibration(card) -> None:
    with pytest.raises(ImageError, match=r"1 mm, 2e\+03 times the 0.5 micrometer .*Properties"):
        scaling.factors(_image(1, "mm"), card, 0)


def test_labels_keep_their_values_there_and_back() -> None:
    labels = np.kron(np.arange(6, dtype=np.uint32).reshape(2, 3), np.ones((8, 8), np.uint32))
    larger = scaling.resize(labels, (37, 41), labels=True)
    np.testing.assert_array_equal(scaling.resize(larger, labels.shape, labels=True), labels)


def test_intensities_keep_their_mean_when_they_shrink() -> None:
    noise = np.random.default_rng(0).random((2, 64, 96))
    smaller = scaling.resize(noise, (16, 24))
    assert smaller.shape == (2, 16, 24)
    np.testing.assert_allclose(smaller.mean(axis=(1, 2)), noise.mean(axis=(1, 2)), atol=0.01)
    assert smaller.std() < noise.std() / 2, "what is too fine must be smoothed, not picked"


def test_the_same_size_is_the_array_itself() -> None:
    array = np.zeros((2, 5, 7))
    assert scaling.resize(array, (5, 7)) is array
