"""How far a model may be from its own test tensors."""

from __future__ import annotations

import numpy as np
from drua.selftest import TOLERANCE, _is_close, apart


def test_grey_values_of_16_bits_are_judged_by_their_size() -> None:
    expected = np.array([0.0, 1.0, 60_000.0], np.float32)
    found = expected + np.array([1e-5, 1e-5, 0.02], np.float32)
    assert apart(found, expected).max() < 2e-5
    assert _is_close(found, expected)


def test_a_thousandth_of_a_large_value_is_too_far() -> None:
    assert apart(np.array([60_070.0]), np.array([60_000.0])) > TOLERANCE


def test_what_is_no_number_is_not_close() -> None:
    expected = np.zeros((50, 50), np.float32)
    assert not _is_close(np.full_like(expected, np.nan), expected)
