"""A lazy array gives what numpy gives, and reads no more than is asked for."""

from __future__ import annotations

import numpy as np
from drua.lazy import LazyArray
from hypothesis import given
from hypothesis import strategies as st

SHAPE = (3, 5, 7)


@st.composite
def steps(draw):
    """Return views one after another, each as a function of an array."""
    shape, made = list(SHAPE), []
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()) and len(shape) > 1:
            order = draw(st.permutations(range(len(shape))))
            made.append(("transpose", tuple(order)))
            shape = [shape[axis] for axis in order]
            continue
        index, left = [], []
        for length in shape:
            if draw(st.booleans()) and length > 0:
                low = draw(st.integers(0, length - 1))
                high = draw(st.integers(low + 1, length))
                index.append(slice(low, high))
                left.append(high - low)
            elif draw(st.integers(0, 3)) == 0 and len(shape) > 1:
                index.append(draw(st.integers(0, length - 1)))
            else:
                index.append(slice(None))
                left.append(length)
        if draw(st.booleans()):
            index.insert(0, None)
            left.insert(0, 1)
        if not left:
            continue
        made.append(("index", tuple(index)))
        shape = left
    return made


@given(steps())
def test_every_chain_of_views_gives_what_numpy_gives(chain) -> None:
    array = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    lazy = LazyArray(array)
    for kind, value in chain:
        array = array.transpose(value) if kind == "transpose" else array[value]
        lazy = lazy.transpose(value) if kind == "transpose" else lazy[value]
        assert (lazy.shape, lazy.ndim, lazy.size) == (array.shape, array.ndim, array.size)
    np.testing.assert_array_equal(np.asarray(lazy), array)


def test_only_what_is_asked_for_is_read() -> None:
    class File:
        shape, dtype = (100, 100, 100), np.dtype(np.uint8)

        def __getitem__(self, index):
            read.append(index)
            return np.zeros(self.shape, self.dtype)[index]

    read: list = []
    part = LazyArray(File())[3].transpose((1, 0))[..., 10:20][None]
    assert read == []
    assert np.asarray(part).shape == (1, 100, 10)
    assert read == [(3, slice(10, 20), slice(0, 100))]
