"""Tests of drua.metrics."""

import numpy as np
import pytest
from drua.errors import ShapeError
from drua.metrics import Match, match, overlaps, pool, score


def field(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (23, 31)) -> np.ndarray:
    """A YX label image with one object for each (top, left, height, width)."""
    labels = np.zeros(shape, np.uint32)
    for label, (top, left, height, width) in enumerate(boxes, start=1):
        labels[top : top + height, left : left + width] = label
    return labels


LEFT, RIGHT, LOW = (2, 3, 5, 7), (2, 17, 5, 7), (13, 3, 5, 7)


def test_identical_labels_match_completely() -> None:
    truth = field(LEFT, RIGHT, LOW)
    counts = match(truth, truth)
    assert counts == Match(3, 0, 0, 3.0)
    assert set(vars(score(counts)).values()) == {1.0}


def test_names_of_labels_do_not_matter() -> None:
    truth = field(LEFT, RIGHT, LOW)
    renamed = np.array([0, 70000, 5, 12], np.uint32)[truth]
    assert match(renamed, truth) == Match(3, 0, 0, 3.0)


def test_labels_without_background_match() -> None:
    truth = np.repeat([[1, 2, 3]], 7, axis=0)
    assert match(truth + 10, truth) == Match(3, 0, 0, 3.0)


def test_dtypes_of_prediction_and_truth_may_differ() -> None:
    truth = field(LEFT, RIGHT)
    assert match(truth.astype(np.uint8), truth.astype(np.int64)).tp == 2


def test_volume_matches_as_a_plane_does() -> None:
    truth = np.stack([field(LEFT), field(LEFT), field(RIGHT) * 2])
    assert match(truth, truth) == Match(2, 0, 0, 2.0)


@pytest.mark.parametrize(("shift", "expected"), [(1, 6 / 8), (2, 5 / 9)])
def test_shifted_object_keeps_the_iou_of_its_overlap(shift: int, expected: float) -> None:
    top, left, height, width = LEFT
    counts = match(field((top, left + shift, height, width)), field(LEFT))
    assert counts == Match(1, 0, 0, pytest.approx(expected))


def test_object_shifted_too_far_is_one_false_positive_and_one_false_negative() -> None:
    top, left, height, width = LEFT
    assert match(field((top, left + 3, height, width)), field(LEFT)) == Match(0, 1, 1, 0.0)


def test_threshold_is_inclusive() -> None:
    half = match(field((2, 3, 5, 4)), field((2, 3, 5, 8)))
    assert half == Match(1, 0, 0, pytest.approx(0.5))
    assert match(field((2, 3, 5, 4)), field((2, 3, 5, 8)), iou=0.51).tp == 0


def test_object_split_in_unequal_parts_matches_the_larger_part() -> None:
    counts = match(field((2, 3, 5, 6), (2, 9, 5, 3)), field((2, 3, 5, 9)))
    assert counts == Match(1, 1, 0, pytest.approx(6 / 9))


def test_object_split_in_halves_matches_one_of_them() -> None:
    counts = match(field((2, 3, 5, 4), (2, 7, 5, 4)), field((2, 3, 5, 8)))
    assert counts == Match(1, 1, 0, pytest.approx(0.5))


def test_merged_objects_match_the_larger_one() -> None:
    counts = match(field((2, 3, 5, 9)), field((2, 3, 5, 6), (2, 9, 5, 3)))
    assert counts == Match(1, 0, 1, pytest.approx(6 / 9))


def test_assignment_prefers_two_pairs_over_one_better_pair() -> None:
    truth = field((0, 0, 1, 10), (0, 10, 1, 10))
    prediction = field((0, 0, 1, 2), (0, 2, 1, 12))
    # IoU: first prediction 0.2 with the first object; second 8/14 with the first and 4/18 with the second.
    assert match(prediction, truth, iou=0.1) == Match(2, 0, 0, pytest.approx(0.2 + 4 / 18))
    assert match(prediction, truth, iou=0.3) == Match(1, 1, 1, pytest.approx(8 / 14))


def test_both_empty_is_perfect() -> None:
    counts = match(field(), field())
    assert counts == Match(0, 0, 0, 0.0)
    assert set(vars(score(counts)).values()) == {1.0}


@pytest.mark.parametrize(
    ("prediction", "truth", "expected"),
    [(field(), field(LEFT, LOW), Match(0, 0, 2)), (field(LEFT, LOW), field(), Match(0, 2, 0))],
)
def test_one_empty_scores_nothing(prediction: np.ndarray, truth: np.ndarray, expected: Match) -> None:
    counts = match(prediction, truth)
    assert counts == expected
    assert set(vars(score(counts)).values()) == {0.0}


def test_image_without_pixels_is_perfect() -> None:
    empty = np.zeros((0, 31), np.uint32)
    assert match(empty, empty) == Match(0, 0, 0, 0.0)


def test_score_agrees_with_a_small_example_worked_by_hand() -> None:
    figures = score(Match(tp=6, fp=2, fn=4, iou_sum=4.5))
    assert figures.ap == pytest.approx(6 / 12)
    assert figures.precision == pytest.approx(6 / 8)
    assert figures.recall == pytest.approx(6 / 10)
    assert figures.f1 == pytest.approx(12 / 18)
    assert figures.pq == pytest.approx(4.5 / 9)
    assert figures.mean_iou == pytest.approx(0.75)


def test_pooled_counts_weigh_objects_and_not_images() -> None:
    pooled = pool([Match(9, 0, 0, 8.0), Match(0, 1, 1, 0.0)])
    assert pooled == Match(9, 1, 1, 8.0)
    assert score(pooled).ap == pytest.approx(9 / 11)
    assert pool([]) == Match(0, 0, 0, 0.0)


def test_overlaps_lists_only_pairs_that_share_a_pixel() -> None:
    pairs, iou, predicted, true = overlaps(field(LEFT, RIGHT), field(LEFT, LOW))
    assert (predicted, true) == (2, 2)
    assert pairs.tolist() == [[0, 0]]
    assert iou.tolist() == [1.0]


def test_different_shapes_are_refused_with_both_named() -> None:
    with pytest.raises(ShapeError, match=r"\(23, 31\).*\(31, 23\)"):
        match(field(LEFT), field(LEFT).T)
