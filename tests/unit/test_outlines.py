import numpy as np
import pytest
from drua.errors import ImageError, ShapeError
from drua.outlines import rasterise, trace


def outlines(text):
    """Trace a plane drawn with one digit a pixel."""
    return trace(np.array([[[int(digit) for digit in row] for row in text.split()]], np.uint32))


def rings(text, index=0):
    return [ring.tolist() for ring in outlines(text).polygons(index)]


def test_single_pixel_is_a_square_of_its_corners():
    assert rings("000 010") == [[[1, 1], [2, 1], [2, 2], [1, 2]]]


def test_straight_sides_have_no_vertices_between_their_ends():
    assert rings("111 111") == [[[0, 0], [3, 0], [3, 2], [0, 2]]]


def test_ring_starts_at_its_topmost_then_leftmost_corner():
    assert rings("0110 1111")[0][0] == [1, 0]


def test_outer_ring_runs_clockwise_on_screen_and_a_hole_the_other_way():
    assert rings("111 101 111") == [[[0, 0], [3, 0], [3, 3], [0, 3]], [[1, 1], [1, 2], [2, 2], [2, 1]]]


def test_outer_rings_come_before_holes():
    first, second, hole = rings("1110001 1010000 1110000")
    assert (first[0], second[0], hole[0]) == ([0, 0], [6, 0], [1, 1])


def test_pixels_that_touch_at_a_corner_are_two_rings():
    assert rings("10 01") == [[[0, 0], [1, 0], [1, 1], [0, 1]], [[1, 1], [2, 1], [2, 2], [1, 2]]]


def test_hole_that_touches_the_outside_at_a_corner_belongs_to_the_outer_ring():
    assert len(rings("110 101 111")) == 1


def test_touching_objects_share_their_edge():
    assert rings("12", 0) == [[[0, 0], [1, 0], [1, 1], [0, 1]]]
    assert rings("12", 1) == [[[1, 0], [2, 0], [2, 1], [1, 1]]]


def test_object_in_the_hole_of_another_has_its_own_ring():
    found = outlines("11111 10001 10201 10001 11111")
    assert [len(found.polygons(index)) for index in range(2)] == [2, 1]


def test_empty_image_has_no_outlines():
    found = outlines("000 000")
    assert len(found) == 0
    assert found.parts.tolist() == found.points.tolist() == [0]
    assert found.xy.size == 0


def test_arrays_are_as_the_protocol_says():
    labels = np.zeros((3, 5, 7), np.uint32)
    labels[2, 1:3, 1:3] = 1
    labels[0, 0, 0] = labels[0, 4, 6] = 2
    found = trace(labels)
    assert found.planes.tolist() == [2, 0]
    assert found.parts.tolist() == [0, 1, 3]
    assert found.points.tolist() == [0, 4, 8, 12]
    assert found.xy[:8].tolist() == [1, 1, 3, 1, 3, 3, 1, 3]
    assert {array.dtype for array in (found.planes, found.parts, found.points, found.xy)} == {
        np.dtype(np.int32)
    }


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.float32])
def test_every_type_of_labels_is_traced(dtype):
    labels = np.kron(np.arange(6).reshape(1, 2, 3), np.ones((1, 5, 7))).astype(dtype)
    np.testing.assert_array_equal(rasterise(trace(labels), labels.shape), labels)


def test_two_sides_are_refused():
    with pytest.raises(ShapeError, match=r"need planes \(N, Y, X\), but the labels are \(3, 5\)"):
        trace(np.zeros((3, 5), np.uint32))


def test_gaps_in_the_labels_are_refused():
    with pytest.raises(ImageError, match=r"2 objects have labels up to 3.*; renumber them"):
        outlines("103")


def test_object_on_two_planes_is_refused():
    with pytest.raises(ImageError, match=r"label 1 is on several planes.*stack"):
        trace(np.ones((2, 3, 5), np.uint32))
