import numpy as np
import pytest
from drua.errors import AxesError, ShapeError
from drua.image import Image
from drua.measure import COLUMNS, STACK_COLUMNS, measure

LABELS = np.zeros((1, 1, 5, 7), np.uint32)
LABELS[0, 0, 1:3, 2:5] = 1
LABELS[0, 0, 4, 6] = 2
PIXELS = np.arange(35, dtype=np.uint16).reshape(5, 7)


def columns(labels=LABELS, pixels=PIXELS, axes="YX", **calibration):
    table = measure(labels, Image(pixels, axes, **calibration))
    return dict(zip(table.columns, table.rows.T.tolist(), strict=True))


def test_there_is_a_row_for_each_object_in_order_of_label():
    assert columns()["Label"] == [1, 2]


def test_area_counts_pixels_in_square_units():
    assert columns(pixel_size={"X": 0.5, "Y": 3.0})["Area"] == [9.0, 1.5]


def test_intensities_are_those_of_the_pixels_inside():
    inside = PIXELS[1:3, 2:5].astype(float)
    found = columns()
    assert (found["Mean"][0], found["Min"][0], found["Max"][0]) == (inside.mean(), 9, 18)
    assert found["StdDev"][0] == pytest.approx(inside.std(ddof=1))


def test_single_pixel_has_no_deviation():
    assert columns()["StdDev"][1] == 0


def test_equal_float_pixels_have_no_deviation():
    assert columns(pixels=np.full((5, 7), 0.1, np.float32))["StdDev"] == [0, 0]


def test_centroid_is_the_mean_of_pixel_centres():
    found = columns()
    assert (found["X"], found["Y"]) == ([3.5, 6.5], [2.0, 4.5])


def test_bounding_box_is_in_pixel_edges():
    found = columns()
    assert [found[name][0] for name in ("BX", "BY", "Width", "Height")] == [2, 1, 3, 2]


def test_places_are_calibrated_from_the_origin():
    found = columns(pixel_size={"X": 0.5, "Y": 3.0}, origin={"X": 10.0, "Y": -1.0})
    assert [found[name][0] for name in ("X", "Y", "BX", "BY", "Width", "Height")] == [
        6.75,
        3.0,
        6.0,
        0.0,
        1.5,
        6.0,
    ]


def test_box_of_scattered_parts_holds_them_all():
    labels = np.zeros((1, 1, 5, 7), np.uint32)
    labels[0, 0, 0, 6] = labels[0, 0, 3, 1] = 1
    found = columns(labels)
    assert [found[name][0] for name in ("BX", "BY", "Width", "Height")] == [1, 0, 6, 4]


def test_gaps_in_the_labels_give_no_rows():
    labels = LABELS.copy()
    labels[labels == 2] = 4_000_000_000
    assert columns(labels)["Label"] == [1, 4_000_000_000]


def test_no_objects_give_an_empty_table():
    table = measure(np.zeros_like(LABELS), Image(PIXELS, "YX"))
    assert table.rows.shape == (0, len(COLUMNS))


def test_plane_has_no_slice_and_frame():
    assert tuple(columns()) == COLUMNS


def test_slice_and_frame_count_from_one():
    labels = np.zeros((2, 3, 5, 7), np.uint32)
    labels[1, 2, 0, 0] = 1
    labels[0, 1, 4, 6] = 2
    found = columns(labels, np.zeros((3, 2, 5, 7)), "ZTYX")
    assert tuple(found) == COLUMNS + STACK_COLUMNS
    assert (found["Slice"], found["Frame"]) == ([3, 2], [2, 1])


def test_several_channels_are_refused():
    with pytest.raises(AxesError, match="has C of length 2"):
        columns(pixels=np.zeros((2, 5, 7)), axes="CYX")


def test_other_sides_are_refused():
    with pytest.raises(ShapeError, match=r"labels of \(1, 1, 5, 7\) do not fit an image of \(1, 1, 7, 5\)"):
        columns(pixels=PIXELS.T)
