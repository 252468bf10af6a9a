"""Our maxima are scikit-image's, pixel for pixel, plateaus and all dimensions included."""

from __future__ import annotations

import numpy as np
import pytest
from drua.decoders.maxima import h_maxima
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage
from skimage import morphology

shapes = arrays.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=13)
# Thousandths: values that differ by less than float32 resolves beside the height are ties to one of the two.
rough = arrays.arrays(np.int16, shapes, elements=st.integers(-1000, 1000)).map(
    lambda field: (field / 1000).astype(np.float32)
)
flat = arrays.arrays(np.int8, shapes, elements=st.integers(0, 5)).map(lambda field: field.astype(np.float32))
smooth = rough.map(lambda field: ndimage.gaussian_filter(field, 1).round(3).astype(np.float32))
volumes = arrays.arrays(bool, arrays.array_shapes(min_dims=3, max_dims=3, min_side=3, max_side=11))
# The distances that the watershed makes of a mask, rounded: roots that differ in the last bit are ties, too.
distances = st.tuples(volumes, st.sampled_from([1.0, 2.5, 4.0])).map(
    lambda drawn: ndimage.distance_transform_edt(drawn[0], (drawn[1], 1, 1)).round(3).astype(np.float32)
)


@settings(max_examples=300, deadline=None)
@given(rough | flat | smooth | distances, st.sampled_from([0.05, 0.25, 1.0, 2.0]))
def test_maxima_are_those_of_scikit_image(field: np.ndarray, height: float) -> None:
    np.testing.assert_array_equal(h_maxima(field, height), morphology.h_maxima(field, height) > 0)


@pytest.mark.parametrize("height", [0.1, 3.0])
def test_a_hill_has_one_maximum_and_a_dent_in_it_two_if_it_is_deep(height: float) -> None:
    hill = np.array([[0, 5, 4, 3, 4.5, 0]], np.float32)
    found = np.flatnonzero(h_maxima(hill, height))
    np.testing.assert_array_equal(found, [1, 4] if height < 1.5 else [1])
