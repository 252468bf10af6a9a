import numpy as np
import pytest
import xarray
from drua.errors import AxesError, ImageError, SettingError, ShapeError
from drua.image import Image


def calibrated(shape=(2, 3, 5), axes="CYX"):
    pixels = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    names = tuple(f"dye {n}" for n in range(shape[axes.index("C")])) if "C" in axes else None
    return Image(pixels, axes, {"X": 0.325, "Y": 0.65}, "micron", "sec", {"X": -17.0, "Y": 3.0}, names)


def test_sizes_follow_the_axes():
    assert list(calibrated().sizes.items()) == [("C", 2), ("Y", 3), ("X", 5)]


def test_absent_axis_has_size_one():
    assert calibrated().size("T") == 1


def test_absent_pixel_size_is_one():
    assert (calibrated().scale("Z"), calibrated().scale("X")) == (1.0, 0.325)


def test_axes_must_fit_the_pixels():
    with pytest.raises(AxesError, match="'ZYX' has 3 letters, but the array has 2 sides"):
        Image(np.zeros((3, 5)), "ZYX")


def test_empty_image_is_refused():
    with pytest.raises(ShapeError, match="axis Y of 'YX' has length 0"):
        Image(np.zeros((0, 5)), "YX")


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan"), float("inf")])
def test_pixel_size_must_be_positive_and_finite(size):
    with pytest.raises(ImageError, match=r"pixel size of X is .*, but it must be positive .*Properties"):
        Image(np.zeros((3, 5)), "YX", {"X": size})


def test_origin_must_be_finite():
    with pytest.raises(ImageError, match="origin of Y is nan"):
        Image(np.zeros((3, 5)), "YX", origin={"Y": float("nan")})


def test_channels_have_no_pixel_size():
    with pytest.raises(AxesError, match="axis 'C' has a pixel size or origin"):
        Image(np.zeros((2, 3, 5)), "CYX", {"C": 1.0})


def test_every_channel_has_a_name_or_none_has():
    with pytest.raises(ImageError, match="3 channel names for an image with 2 channels"):
        Image(np.zeros((2, 3, 5)), "CYX", channel_names=("a", "b", "c"))


def test_other_pixels_keep_the_calibration():
    other = calibrated().with_pixels(np.zeros((3, 5)), "YX")
    assert (other.pixel_size, other.unit, other.origin) == (
        {"X": 0.325, "Y": 0.65},
        "micron",
        {"X": -17.0, "Y": 3.0},
    )


def test_other_pixels_keep_channel_names_only_if_their_number_fits():
    assert calibrated().with_pixels(np.zeros((3, 5)), "YX").channel_names is None
    assert calibrated().with_pixels(np.zeros((3, 5, 2)), "YXC").channel_names == ("dye 0", "dye 1")


def test_to_is_a_view_with_the_same_calibration():
    image = calibrated()
    moved = image.to("TZYXC")
    assert moved.pixels.shape == (1, 1, 3, 5, 2)
    assert np.shares_memory(moved.pixels, image.pixels)
    assert moved.pixel_size == image.pixel_size


def test_channels_count_from_one():
    image = calibrated()
    second = image.select_channel(2)
    assert second.axes == "YX"
    np.testing.assert_array_equal(second.pixels, image.pixels[1])
    assert second.channel_names == ("dye 1",)


def test_only_channel_of_a_plain_image_is_the_image():
    image = calibrated((3, 5), "YX")
    assert image.select_channel(1) is image


@pytest.mark.parametrize("number", [0, 3, -1])
def test_channel_that_does_not_exist_is_refused(number):
    with pytest.raises(
        SettingError, match=f"channel {number} does not exist in an image with 2; choose 1 to 2"
    ):
        calibrated().select_channel(number)


def test_xarray_carries_calibrated_positions():
    array = calibrated().to_xarray()
    np.testing.assert_allclose(array.coords["X"], (np.arange(5) - 17) * 0.325)
    assert array.attrs["unit"] == "micron"


def test_xarray_and_back_is_the_same_image():
    image = calibrated()
    back = Image.from_xarray(image.to_xarray())
    np.testing.assert_array_equal(back.pixels, image.pixels)
    for field in ("axes", "pixel_size", "unit", "time_unit", "origin", "channel_names"):
        assert getattr(back, field) == getattr(image, field)


def test_xarray_and_back_keeps_pixel_size_of_a_single_column():
    back = Image.from_xarray(calibrated((3, 1), "YX").to_xarray())
    assert (back.pixel_size, back.origin["X"]) == ({"Y": 0.65, "X": 0.325}, -17.0)


def test_part_of_an_xarray_keeps_its_place():
    part = Image.from_xarray(calibrated().to_xarray()[:, 1:, 2:])
    assert part.origin == {"Y": 4.0, "X": -15.0}


def test_names_of_pyimagej_are_understood():
    array = xarray.DataArray(np.zeros((2, 3, 5, 7, 4)), dims=["t", "pln", "row", "col", "ch"])
    image = Image.from_xarray(array)
    assert (image.axes, image.pixel_size, image.channel_names) == ("TZYXC", {}, None)


def test_coordinates_become_pixel_size_and_origin():
    array = xarray.DataArray(np.zeros((3, 5)), dims=["row", "col"], coords={"col": [1.0, 1.5, 2.0, 2.5, 3.0]})
    image = Image.from_xarray(array)
    assert (image.pixel_size, image.origin) == ({"X": 0.5}, {"X": 2.0})


def test_unknown_frame_interval_is_no_calibration():
    array = xarray.DataArray(np.zeros((2, 3, 5)), dims=["t", "y", "x"], coords={"t": [0.0, 0.0]})
    assert Image.from_xarray(array).pixel_size == {}


def test_unknown_dimension_is_refused():
    with pytest.raises(AxesError, match=r"dimension 'dim_0' is none of T, C, Z, Y, X, .*rename"):
        Image.from_xarray(xarray.DataArray(np.zeros((3, 5))))


@pytest.mark.parametrize("positions", [[0, 1, 3], [2, 1, 0]])
def test_uneven_coordinates_are_refused(positions):
    array = xarray.DataArray(np.zeros((3, 5)), dims=["y", "x"], coords={"y": positions})
    with pytest.raises(ImageError, match="coordinates of Y do not increase evenly"):
        Image.from_xarray(array)


def test_coordinates_that_are_no_numbers_are_refused():
    array = xarray.DataArray(np.zeros((3, 5)), dims=["y", "x"], coords={"y": ["a", "b", "c"]})
    with pytest.raises(ImageError, match="but positions are numbers"):
        Image.from_xarray(array)
