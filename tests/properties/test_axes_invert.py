import numpy as np
from drua import axes
from hypothesis import given
from hypothesis import strategies as st

SIDES = {"T": 2, "C": 3, "Z": 5, "Y": 7, "X": 11}


@st.composite
def axes_strings(draw):
    letters = draw(st.sets(st.sampled_from("TCZ"))) | {"Y", "X"}
    return "".join(draw(st.permutations(sorted(letters))))


@given(axes_strings(), st.randoms())
def test_permute_there_and_back_is_the_same_array(source, random):
    target = "".join(random.sample(source, len(source)))
    array = np.random.default_rng(0).random([SIDES[letter] for letter in source])
    np.testing.assert_array_equal(axes.permute(axes.permute(array, source, target), target, source), array)


@given(axes_strings(), st.permutations("TCZYX"))
def test_inserted_axes_can_be_dropped_again(source, order):
    target = "".join(order)
    array = np.random.default_rng(0).random([SIDES[letter] for letter in source])
    np.testing.assert_array_equal(axes.to(axes.to(array, source, target), target, source), array)


@given(axes_strings(), st.permutations("TCZYX"))
def test_every_side_follows_its_letter(source, order):
    target = "".join(order)
    array = np.empty([SIDES[letter] for letter in source])
    expected = [SIDES[letter] if letter in source else 1 for letter in target]
    assert list(axes.to(array, source, target).shape) == expected
