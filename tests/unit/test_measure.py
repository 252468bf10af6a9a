import numpy as np
import pytest
from drua.errors import AxesError, ShapeError
from drua.image import Image
from drua.measure import COLUMNS, STACK_COLUMNS, VOLUME_COLUMNS, measure
from skimage.measure import regionprops

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


@pytest.fixture
def blobs():
    """Three objects of several slices (T, Z, Y, X), of which one has two parts, and noise."""
    random = np.random.default_rng(11)
    z, y, x = np.mgrid[:7, :23, :29]
    labels = np.zeros((2, 7, 23, 29), np.uint32)
    labels[0][np.hypot(2 * (z - 3), np.hypot(y - 8, x - 9)) < 7] = 1
    labels[1, 0, 20, 25] = labels[1, 6, 1:4, 2] = 2
    labels[1][np.hypot(2 * (z - 2), np.hypot(y - 12, x - 15)) < 5] = 3
    return labels, random.normal(0, 100, labels.shape).astype(np.float32)


CALIBRATION = {
    "pixel_size": {"X": 0.325, "Y": 0.5, "Z": 2.0, "T": 30.0},
    "origin": {"X": 10.0, "Y": -1.0, "Z": 3.0},
}


def volumes(labels, pixels, axes="TZYX", **calibration):
    table = measure(labels, Image(pixels, axes, **calibration), volumes=True)
    return dict(zip(table.columns, table.rows.T, strict=True))


def test_volumes_are_those_of_scikit_image(blobs):
    labels, pixels = blobs
    found = volumes(labels, pixels, **CALIBRATION)
    assert tuple(found) == (*VOLUME_COLUMNS, "Frame")
    spacing, origin = np.array([2.0, 0.5, 0.325]), np.array([3.0, -1.0, 10.0])
    row = 0
    for frame in range(2):
        for region in regionprops(labels[frame], pixels[frame], spacing=tuple(spacing)):
            low, high = np.array(region.bbox[:3]), np.array(region.bbox[3:])
            inside = pixels[frame][labels[frame] == region.label].astype(float)
            centre = np.array(region.centroid) + (0.5 + origin) * spacing
            expected = [
                *(region.label, region.area, inside.mean(), inside.std(ddof=1), inside.min(), inside.max()),
                *centre[::-1],
                *((low + origin) * spacing)[::-1],
                *((high - low) * spacing)[::-1],
                frame + 1,
            ]
            np.testing.assert_allclose([column[row] for column in found.values()], expected, rtol=1e-9)
            row += 1
    assert row == 3


def test_volumes_without_calibration_are_in_pixels(blobs):
    labels, pixels = blobs
    found = volumes(labels, pixels)
    assert found["Volume"].tolist() == np.bincount(labels.ravel())[1:].tolist()
    assert [found[name][1] for name in ("BX", "BY", "BZ", "Width", "Height", "Depth")] == [2, 1, 0, 24, 20, 7]


def test_one_frame_of_volumes_has_no_frame(blobs):
    labels, pixels = blobs
    assert tuple(volumes(labels[:1], pixels[0], "ZYX")) == VOLUME_COLUMNS


def test_volume_of_one_slice_is_its_area_times_its_depth():
    flat = volumes(LABELS, PIXELS, "YX", pixel_size={"X": 0.5, "Y": 3.0, "Z": 2.0})
    plane = columns(pixel_size={"X": 0.5, "Y": 3.0, "Z": 2.0})
    assert flat["Volume"].tolist() == [2 * area for area in plane["Area"]]
    assert (flat["Z"].tolist(), flat["Depth"].tolist()) == ([1, 1], [2, 2])
    for name in set(plane) - {"Area"}:
        assert flat[name].tolist() == plane[name]


def test_no_volumes_give_an_empty_table():
    table = measure(np.zeros_like(LABELS), Image(PIXELS, "YX"), volumes=True)
    assert table.rows.shape == (0, len(VOLUME_COLUMNS))
