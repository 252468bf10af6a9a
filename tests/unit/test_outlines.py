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
    assert found.planes.tolist() == [0, 2]
    assert found.objects.tolist() == [2, 1]
    assert found.parts.tolist() == [0, 2, 3]
    assert found.points.tolist() == [0, 4, 8, 12]
    assert found.xy[-8:].tolist() == [1, 1, 3, 1, 3, 3, 1, 3]
    assert list(found.arrays) == ["planes", "labels", "parts", "points", "xy"]
    assert {array.dtype for array in found.arrays.values()} == {np.dtype(np.int32)}


def test_object_on_several_planes_has_an_outline_on_each():
    labels = np.zeros((3, 5, 7), np.uint32)
    labels[:, 1, 1] = 2
    labels[0, 3, 3:5] = labels[2, 3, 3:5] = 1
    found = trace(labels)
    assert list(zip(found.planes.tolist(), found.objects.tolist(), strict=True)) == [
        (0, 1), (0, 2), (1, 2), (2, 1), (2, 2)
    ]  # fmt: skip
    assert found.polygons(3)[0].tolist() == [[3, 3], [5, 3], [5, 4], [3, 4]]
    assert found.span_planes


def test_objects_on_one_plane_each_do_not_span_planes():
    assert not trace(np.arange(6, dtype=np.uint32).reshape(2, 1, 3)).span_planes


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.float32])
def test_every_type_of_labels_is_traced(dtype):
    labels = np.kron(np.arange(6).reshape(1, 2, 3), np.ones((1, 5, 7))).astype(dtype)
    np.testing.assert_array_equal(rasterise(trace(labels), labels.shape), labels)


def test_two_sides_are_refused():
    with pytest.raises(ShapeError, match=r"need planes \(N, Y, X\), but the labels are \(3, 5\)"):
        trace(np.zeros((3, 5), np.uint32))


def test_labels_may_have_gaps():
    assert outlines("103").objects.tolist() == [1, 3]


def test_labels_that_an_outline_cannot_have_are_refused():
    with pytest.raises(ImageError, match=r"label 2147483648 is above 2147483647.*; renumber"):
        trace(np.full((1, 3, 5), 2**31, np.uint32))
