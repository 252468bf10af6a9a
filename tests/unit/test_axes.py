import numpy as np
import pytest
from drua import axes
from drua.errors import AxesError, ShapeError


@pytest.mark.parametrize("text", ["YX", "XY", "TCZYX", "TZCYX", "ZYX"])
def test_valid_axes_are_returned(text):
    assert axes.validate(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("QYX", "has the unknown letter 'Q'"),
        ("yx", "has the unknown letter"),
        ("YYX", "repeats Y"),
        ("", "axes '' has no Y"),
        ("ZX", "has no Y"),
        ("TCZY", "has no X"),
    ],
)
def test_invalid_axes_are_refused_by_name(text, reason):
    with pytest.raises(AxesError, match=reason) as caught:
        axes.validate(text)
    assert "each at most once, with Y and X" in str(caught.value)


def test_shape_of_another_number_of_sides_is_refused():
    with pytest.raises(
        AxesError, match=r"'ZYX' has 3 letters, but the array has 2 sides, \(5, 7\); give one"
    ):
        axes.check_shape("ZYX", (5, 7))


def test_empty_side_is_refused():
    with pytest.raises(ShapeError, match="axis X of 'YX' has length 0"):
        axes.check_shape("YX", (5, 0))


def test_position_counts_from_the_slowest():
    assert axes.position("TCZYX", "Z") == 2


def test_position_of_an_absent_letter_is_an_error():
    with pytest.raises(AxesError, match="axes 'YX' has no Z"):
        axes.position("YX", "Z")


def test_permute_moves_every_pixel_with_its_axis():
    array = np.arange(2 * 3 * 5 * 7 * 11).reshape(2, 3, 5, 7, 11)
    moved = axes.permute(array, "TZCYX", "XCTYZ")
    assert moved.shape == (11, 5, 2, 7, 3)
    assert moved[10, 4, 1, 6, 2] == array[1, 2, 4, 6, 10]


def test_permute_refuses_other_letters():
    with pytest.raises(AxesError, match="'ZYX' and 'CYX' differ in their letters"):
        axes.permute(np.zeros((2, 3, 5)), "ZYX", "CYX")


def test_to_inserts_axes_of_length_one():
    assert axes.to(np.zeros((3, 5)), "YX", "TCZYX").shape == (1, 1, 1, 3, 5)


def test_to_drops_axes_of_length_one():
    assert axes.to(np.zeros((1, 3, 5, 1)), "TYXC", "XY").shape == (5, 3)


def test_to_drops_and_inserts_at_once():
    assert axes.to(np.zeros((1, 7, 3, 5)), "TZYX", "YXCZ").shape == (3, 5, 1, 7)


def test_to_refuses_to_lose_pixels():
    with pytest.raises(
        AxesError, match="'TYX' has T of length 5, but 'YX' has no T; choose one position of T first"
    ):
        axes.to(np.zeros((5, 3, 7)), "TYX", "YX")


@pytest.mark.parametrize("target", ["XY", "TCZYX", "YX"])
def test_to_returns_a_view(target):
    array = np.zeros((3, 5))
    assert np.shares_memory(axes.to(array, "YX", target), array)
