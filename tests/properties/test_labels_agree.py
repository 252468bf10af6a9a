import numpy as np
from drua import labels
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

images = arrays.arrays(
    np.uint32, arrays.array_shapes(min_dims=2, max_dims=3, max_side=9), elements=st.integers(0, 5)
)


@given(images, st.integers(1, 800_000_000))
def test_relabel_does_not_depend_on_the_values(image, factor):
    np.testing.assert_array_equal(labels.relabel(image * np.uint32(factor)), labels.relabel(image))


@given(images)
def test_relabel_is_consecutive_and_keeps_every_object(image):
    result = labels.relabel(image)
    assert set(np.unique(result)) - {0} == set(range(1, labels.count(image) + 1))
    pairs = set(zip(image.ravel().tolist(), result.ravel().tolist(), strict=True))
    assert len(pairs) == len(np.unique(image))


@given(images, st.integers(0, 30))
def test_remove_small_keeps_objects_whole_or_removes_them(image, least):
    result = labels.remove_small(image, least)
    for value in np.unique(image[image > 0]):
        inside = image == value
        assert (result[inside] == (value if inside.sum() >= least else 0)).all()


@given(images)
@settings(deadline=None)
def test_filling_changes_background_only_and_is_done_at_once(image):
    filled = labels.fill_holes(image)
    np.testing.assert_array_equal(filled[image > 0], image[image > 0])
    np.testing.assert_array_equal(labels.fill_holes(filled), filled)
