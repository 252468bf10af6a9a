import numpy as np
from drua import labels
from drua.outlines import rasterise, trace
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

shapes = arrays.array_shapes(min_dims=3, max_dims=3, max_side=11)
stacks = (
    st.integers(1, 5)
    .flatmap(
        lambda objects: arrays.arrays(np.uint32, shapes, elements=st.integers(0, objects), fill=st.nothing())
    )
    .map(labels.stack)
)
volumes = st.integers(1, 5).flatmap(
    lambda objects: arrays.arrays(np.uint32, shapes, elements=st.integers(0, objects), fill=st.nothing())
)
"""Every object may be on every plane, in several parts."""


@st.composite
def nested_rings(draw):
    """Draw squares inside squares: holes, objects in holes, holes in those."""
    side = draw(st.integers(1, 17))
    values = draw(st.lists(st.integers(0, 3), min_size=9, max_size=9))
    y, x = np.mgrid[:side, :side]
    depth = np.minimum(np.minimum(y, side - 1 - y), np.minimum(x, side - 1 - x))
    return labels.stack([np.array(values)[depth]])


@given(st.one_of(stacks, volumes, nested_rings()))
@settings(deadline=None, max_examples=200)
def test_outlines_rasterise_to_the_labels_bit_for_bit(stack):
    np.testing.assert_array_equal(rasterise(trace(stack), stack.shape), stack)


@given(st.one_of(stacks, volumes, nested_rings()))
@settings(deadline=None)
def test_rings_turn_by_a_right_angle_at_every_vertex(stack):
    found = trace(stack)
    for index in range(len(found)):
        for ring in found.polygons(index):
            sides = np.roll(ring, -1, axis=0) - ring
            horizontal = sides[:, 1] == 0
            assert (np.abs(sides).sum(axis=1) > 0).all()
            assert ((sides != 0).sum(axis=1) == 1).all()
            assert (horizontal != np.roll(horizontal, 1)).all()


@given(st.one_of(stacks, volumes, nested_rings()))
@settings(deadline=None)
def test_signed_areas_of_the_rings_add_up_to_the_object(stack):
    found = trace(stack)
    for index in range(len(found)):
        area = 0
        for ring in found.polygons(index):
            x, y = ring.astype(int).T
            area += int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) // 2
        assert area == np.count_nonzero(stack[found.planes[index]] == found.objects[index])


@given(st.one_of(stacks, volumes, nested_rings()))
@settings(deadline=None)
def test_rings_start_at_their_topmost_leftmost_corner(stack):
    found = trace(stack)
    for index in range(len(found)):
        for ring in found.polygons(index):
            assert ring[0].tolist()[::-1] == min(corner[::-1] for corner in ring.tolist())


@given(volumes)
@settings(deadline=None)
def test_outlines_are_in_order_of_plane_then_label_and_none_is_missing(volume):
    found = trace(volume)
    expected = [(n, label) for n, plane in enumerate(volume) for label in np.unique(plane) if label]
    assert list(zip(found.planes, found.objects, strict=True)) == expected


@given(volumes)
@settings(deadline=None)
def test_outlines_of_a_plane_do_not_depend_on_the_planes_beside_it(volume):
    found, alone = trace(volume), [trace(plane[None]) for plane in volume]
    polygons = [one.polygons(index) for one in alone for index in range(len(one))]
    for index, expected in enumerate(polygons):
        for ring, other in zip(found.polygons(index), expected, strict=True):
            np.testing.assert_array_equal(ring, other)
