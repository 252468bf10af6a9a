"""How well a label image agrees with the truth.

Objects are matched one to one by their intersection over union (IoU). Counts of several images are pooled
by adding them, so that every object weighs the same; an average over images is a different number, and
whoever reports one says which.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from drua.errors import ShapeError

Labels = NDArray[np.integer]


@dataclass(frozen=True)
class Match:
    """Counts of one comparison, or of several pooled.

    Parameters
    ----------
    tp : int
        Matched pairs of objects.
    fp : int
        Objects of the prediction without a partner.
    fn : int
        Objects of the truth without a partner.
    iou_sum : float
        Sum of the IoU of the matched pairs, 0..tp.
    """

    tp: int
    fp: int
    fn: int
    iou_sum: float = 0.0


@dataclass(frozen=True)
class Score:
    """Figures of merit, each 0..1, from the counts of a `Match`.

    Parameters
    ----------
    ap : float
        TP / (TP + FP + FN), as in the Data Science Bowl; not the area under a curve.
    precision : float
        TP / (TP + FP).
    recall : float
        TP / (TP + FN).
    f1 : float
        2 TP / (2 TP + FP + FN).
    pq : float
        Panoptic quality: sum of the matched IoU / (TP + FP / 2 + FN / 2).
    mean_iou : float
        Mean IoU of the matched pairs.
    """

    ap: float
    precision: float
    recall: float
    f1: float
    pq: float
    mean_iou: float


def overlaps(prediction: Labels, truth: Labels) -> tuple[NDArray[np.int64], NDArray[np.float64], int, int]:
    """Find every pair of objects that share a pixel.

    Parameters
    ----------
    prediction, truth : ndarray of int, any axes, the same shape
        Label images; 0 is background.

    Returns
    -------
    pairs : ndarray of int, axes (pair, 2)
        Index of the object of the prediction and of the truth, each counted from 0.
    iou : ndarray of float, axis (pair,)
        Their intersection over union.
    predicted, true : int
        Number of objects of each.

    Raises
    ------
    ShapeError
        If the label images differ in shape.
    """
    if prediction.shape != truth.shape:
        raise ShapeError(
            f"the label images have shapes {prediction.shape} and {truth.shape}",
            remedy="compare label images of the same field",
        )
    names_p, codes_p = np.unique(prediction, return_inverse=True)
    names_t, codes_t = np.unique(truth, return_inverse=True)
    joint = codes_p.reshape(-1).astype(np.int64) * len(names_t) + codes_t.reshape(-1)
    cells, shared = np.unique(joint, return_counts=True)
    rows, columns = np.divmod(cells, max(len(names_t), 1))
    size_p = np.bincount(rows, shared, len(names_p))
    size_t = np.bincount(columns, shared, len(names_t))
    iou = shared / (size_p[rows] + size_t[columns] - shared)
    objects = (names_p[rows] != 0) & (names_t[columns] != 0)
    # The background, where there is one, sorts first unless labels are negative: count what precedes each.
    order_p, order_t = np.cumsum(names_p != 0) - 1, np.cumsum(names_t != 0) - 1
    pairs = np.stack([order_p[rows], order_t[columns]], axis=1)[objects]
    return pairs, iou[objects], int(np.sum(names_p != 0)), int(np.sum(names_t != 0))


def match(prediction: Labels, truth: Labels, iou: float = 0.5) -> Match:
    """Match objects one to one, each pair at least `iou` alike.

    Parameters
    ----------
    prediction, truth : ndarray of int, any axes, the same shape
        Label images; 0 is background. Labels need not be consecutive.
    iou : float
        Smallest intersection over union of a matched pair, 0..1.

    Returns
    -------
    Match
        The largest number of pairs, and among those the largest sum of IoU.

    Raises
    ------
    ShapeError
        If the label images differ in shape.
    """
    pairs, values, predicted, true = overlaps(prediction, truth)
    good = values >= iou
    pairs, values = pairs[good], values[good]
    # Above 0.5 an object has one candidate at most; only the contested rest needs an assignment.
    alone = (np.bincount(pairs[:, 0], minlength=predicted)[pairs[:, 0]] == 1) & (
        np.bincount(pairs[:, 1], minlength=true)[pairs[:, 1]] == 1
    )
    count, total = int(alone.sum()), float(values[alone].sum())
    more, extra = _assign(pairs[~alone], values[~alone])
    count, total = count + more, total + extra
    return Match(count, predicted - count, true - count, total)


def _assign(pairs: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[int, float]:
    """Choose one-to-one pairs, axes (pair, 2): as many as possible, then those with the largest IoU."""
    if len(pairs) == 0:
        return 0, 0.0
    rows, columns = (np.unique(side, return_inverse=True)[1] for side in pairs.T)
    gain = np.zeros((rows.max() + 1, columns.max() + 1))
    # One pair more outweighs any sum of IoU, since every IoU is at most 1.
    gain[rows, columns] = min(gain.shape) + 1 + values
    chosen = gain[linear_sum_assignment(gain, maximize=True)]
    chosen = chosen[chosen > 0]
    return len(chosen), float(np.sum(chosen - min(gain.shape) - 1))


def pool(matches: Iterable[Match]) -> Match:
    """Add the counts of several images, so that every object weighs the same."""
    listed = list(matches)
    return Match(
        sum(one.tp for one in listed),
        sum(one.fp for one in listed),
        sum(one.fn for one in listed),
        sum(one.iou_sum for one in listed),
    )


def score(counts: Match) -> Score:
    """Turn counts into figures of merit.

    Two empty label images agree perfectly: every figure is 1. Where only one of them is empty, every
    figure is 0.
    """
    tp, fp, fn = counts.tp, counts.fp, counts.fn
    if tp + fp + fn == 0:
        return Score(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    return Score(
        ap=tp / (tp + fp + fn),
        precision=tp / (tp + fp) if tp else 0.0,
        recall=tp / (tp + fn) if tp else 0.0,
        f1=2 * tp / (2 * tp + fp + fn),
        pq=counts.iou_sum / (tp + (fp + fn) / 2),
        mean_iou=counts.iou_sum / tp if tp else 0.0,
    )
