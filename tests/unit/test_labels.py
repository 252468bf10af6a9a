import numpy as np
import pytest
from drua import labels
from drua.errors import ImageError, ShapeError

RING = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0]])


@pytest.mark.parametrize("largest", [7, 4_000_000_000])
def test_relabel_closes_gaps_in_order(largest):
    result = labels.relabel(np.array([[0, largest, 3], [5, 5, 0]], np.uint32))
    assert result.tolist() == [[0, 3, 1], [2, 2, 0]]
    assert result.dtype == np.uint32


def test_relabel_leaves_its_input_alone():
    original = np.array([[0, 7]], np.uint32)
    labels.relabel(original)
    assert original.tolist() == [[0, 7]]


@pytest.mark.parametrize("largest", [7, 4_000_000_000])
def test_count_ignores_gaps_and_background(largest):
    assert labels.count(np.array([0, 3, 3, largest], np.uint32)) == 2


def test_empty_label_image_has_no_objects():
    assert labels.count(np.zeros((3, 5), np.uint32)) == 0


@pytest.mark.parametrize("large", [7, 4_000_000_000])
def test_small_objects_go_and_others_keep_their_label(large):
    result = labels.remove_small(np.array([[2, 2, 2, 0, 5, large, large]], np.uint32), 2)
    assert result.tolist() == [[2, 2, 2, 0, 0, large, large]]


def test_hole_inside_one_object_is_filled():
    assert labels.fill_holes(RING).tolist() == [[1, 1, 1, 0]] * 3


def test_background_at_the_border_is_no_hole():
    open_ring = RING.copy()
    open_ring[0, 1] = 0
    assert labels.fill_holes(open_ring).tolist() == open_ring.tolist()


def test_gap_between_two_objects_is_no_hole():
    between = np.where(np.arange(4) < 2, RING, RING * 2)
    assert labels.fill_holes(between).tolist() == between.tolist()


def test_object_in_a_hole_is_never_overwritten():
    nested = np.ones((7, 7), np.uint32)
    nested[1:6, 1:6] = 0
    nested[3, 3] = 2
    assert labels.fill_holes(nested).tolist() == nested.tolist()


def test_hole_in_a_volume_is_closed_on_six_sides():
    cube = np.ones((5, 5, 5), np.uint32)
    cube[2, 2, 2] = 0
    assert labels.fill_holes(cube).all()
    cube[:3, 2, 2] = 0
    assert not labels.fill_holes(cube).all()


def test_hole_in_every_slice_is_no_hole_in_the_volume():
    tube = np.stack([RING] * 5)
    assert labels.fill_holes(tube).tolist() == tube.tolist()
    tube[[0, -1]] = labels.fill_holes(RING)
    assert labels.fill_holes(tube).tolist() == [labels.fill_holes(RING).tolist()] * 5


def test_gap_between_two_objects_of_different_slices_is_no_hole():
    boxes = np.ones((6, 5, 5), np.uint32)
    boxes[3:] = 2
    boxes[2:4, 2, 2] = 0
    assert labels.fill_holes(boxes).tolist() == boxes.tolist()


@pytest.mark.parametrize(
    ("largest", "dtype"), [(0, np.uint16), (65_535, np.uint16), (65_536, np.float32), (2**24, np.float32)]
)
def test_imagej_holds_every_label_exactly(largest, dtype):
    result = labels.to_imagej(np.array([[0, largest]], np.uint32))
    assert result.dtype == dtype
    assert int(result.max()) == largest


def test_more_labels_than_imagej_can_hold_are_refused():
    with pytest.raises(ImageError, match=r"label 16777217 is above 16777216.*; run parts"):
        labels.to_imagej(np.array([2**24 + 1], np.uint32))


def test_stack_continues_the_numbers_from_plane_to_plane():
    stacked = labels.stack([np.array([[0, 9, 4]]), np.array([[0, 0, 0]]), np.array([[1, 0, 2]])])
    assert stacked.tolist() == [[[0, 2, 1]], [[0, 0, 0]], [[3, 0, 4]]]


def test_stack_of_volumes_continues_the_numbers_from_frame_to_frame():
    first, second = np.zeros((2, 2, 3, 5), np.uint32)
    first[:, 0, 0], first[1, 2, 4] = 7, 3
    second[:, 1, 1] = 1
    stacked = labels.stack([first, second])
    assert stacked.shape == (2, 2, 3, 5)
    assert (stacked[0, :, 0, 0].tolist(), stacked[0, 1, 2, 4]) == ([2, 2], 1)
    assert stacked[1, :, 1, 1].tolist() == [3, 3]


@pytest.mark.parametrize(
    "parts", [[], [np.zeros((2, 3), int), np.zeros((3, 2), int)], [np.zeros((2, 3)), np.zeros((1, 2, 3))]]
)
def test_stack_needs_parts_of_one_shape(parts):
    with pytest.raises(ShapeError, match="a stack needs planes or volumes of one shape"):
        labels.stack(parts)


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.array([-1, 2]), "labels from -1 to 2 do not lie in 0"),
        (np.array([0.0, float("nan")]), "do not lie in 0"),
        (np.array([0.5, 2.0]), "labels are whole numbers"),
        (np.array([1j]), "are not numbers"),
    ],
)
def test_pixels_that_are_no_labels_are_refused(pixels, reason):
    with pytest.raises(ImageError, match=reason):
        labels.as_labels(pixels)


def test_whole_float_pixels_are_labels():
    assert labels.as_labels(np.array([0.0, 70_000.0], np.float32)).tolist() == [0, 70_000]
