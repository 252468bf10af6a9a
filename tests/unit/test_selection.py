from __future__ import annotations

import numpy as np
import pytest
from drua.errors import ImageError
from drua.image import Image
from drua.models.tensor import Tensor
from drua.selection import select_channels

NAMES = ("DAPI", "GFP", "TL")
IMAGE = Image(np.arange(3 * 5 * 7).reshape(3, 5, 7), "CYX", channel_names=NAMES)
ONE = Tensor("raw", "BCYX", ("nuclei",))
TWO = Tensor("raw", "BCYX", ("nuclei", "cells"))
THREE = Tensor("raw", "BCYX", ("red", "green", "blue"))


@pytest.mark.parametrize(
    ("tensor", "choice", "expected"),
    [
        (ONE, 2, [1]),
        (ONE, "2", [1]),
        (ONE, "GFP", [1]),
        (TWO, "GFP,DAPI", [1, 0]),
        (TWO, "3, 1", [2, 0]),
        (TWO, "TL,TL", [2, 2]),
        (THREE, 0, [0, 1, 2]),
        (THREE, "", [0, 1, 2]),
    ],
)
def test_channels_are_chosen_by_number_or_name_in_the_order_given(tensor, choice, expected) -> None:
    chosen = select_channels(IMAGE, tensor, choice)
    np.testing.assert_array_equal(chosen.pixels, IMAGE.pixels[expected])
    assert chosen.channel_names == tuple(NAMES[number] for number in expected)


@pytest.mark.parametrize(
    ("tensor", "choice", "message"),
    [
        (ONE, 0, r"3 channels \(DAPI, GFP, TL\), but model 'm' takes one; choose channel 1 to 3"),
        (
            TWO,
            0,
            r"takes 2 \(nuclei, cells\); give one image that has these .*Merge Channels.* channel=1,1",
        ),
        (ONE, "RFP", r"channel RFP was chosen, but the image has 3 \(DAPI, GFP, TL\); .* or a name"),
        (ONE, 4, "channel 4 was chosen, but the image has 3"),
        (TWO, "GFP", "1 channel was chosen, but model 'm' takes 2 channels"),
    ],
)
def test_a_choice_that_does_not_fit_is_said(tensor, choice, message) -> None:
    with pytest.raises(ImageError, match=message):
        select_channels(IMAGE, tensor, choice, "m")


@pytest.mark.parametrize(("axes", "word"), [("ZYX", "3 slices"), ("TYX", "3 frames")])
def test_slices_that_may_be_channels_are_named(axes: str, word: str) -> None:
    with pytest.raises(ImageError, match=f"if its {word} are these channels, make them channels"):
        select_channels(Image(IMAGE.pixels, axes), THREE)


def test_grey_stored_as_colour_is_one_channel() -> None:
    grey = Image(np.stack([np.eye(5)] * 3, axis=-1), "YXC")
    assert select_channels(grey, ONE).size("C") == 1


def test_a_name_that_is_there_twice_must_be_a_number() -> None:
    image = Image(IMAGE.pixels, "CYX", channel_names=("DAPI", "GFP", "GFP"))
    with pytest.raises(ImageError, match="2 channels are called 'GFP'; choose by number"):
        select_channels(image, ONE, "GFP")


def test_an_image_without_channels_is_one_channel() -> None:
    assert select_channels(Image(np.zeros((5, 7)), "YX"), ONE).sizes == {"C": 1, "Y": 5, "X": 7}


def test_neighbouring_channels_are_not_copied() -> None:
    assert np.shares_memory(select_channels(IMAGE, TWO, "1,2").pixels, IMAGE.pixels)
