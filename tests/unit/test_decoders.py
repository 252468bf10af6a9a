from __future__ import annotations

import numpy as np
import pytest
from drua.decoders import DECODERS, find_decoder
from drua.errors import CardError


@pytest.fixture
def touching() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Foreground, boundary and normalised distance (Y, X) of two discs of 53 x 71 that overlap a little."""
    y, x = np.mgrid[:53, :71]
    first, second = np.hypot(y - 26, x - 22), np.hypot(y - 26, x - 46)
    near = np.minimum(first, second)
    foreground = (near < 14).astype(np.float32)
    distance = np.clip(1 - near / 14, 0, 1).astype(np.float32)
    boundary = ((near > 11) & (near < 15)).astype(np.float32)
    return foreground, boundary, distance


def _decode(name: str, maps: list[np.ndarray], channels: tuple[str, ...], **parameters: object) -> np.ndarray:
    return DECODERS[name].decode(np.stack(maps), channels, parameters)


def test_distance_rule_separates_touching_objects(touching: tuple[np.ndarray, ...]) -> None:
    foreground, _, distance = touching
    labels = _decode("watershed", [foreground, distance], ("foreground", "distance"), marker="distance",
                     foreground="foreground", distance="distance")  # fmt: skip
    assert (labels.dtype, labels.max()) == (np.uint32, 2)
    assert labels[26, 22] != labels[26, 46]
    np.testing.assert_array_equal(labels > 0, foreground > 0.5)


def test_distance_rule_does_without_a_distance_channel(touching: tuple[np.ndarray, ...]) -> None:
    labels = _decode("watershed", [touching[0]], ("foreground",), marker="distance", foreground="foreground",
                     marker_height=1.0, smoothing=1.0)  # fmt: skip
    assert labels.max() == 2


def test_boundary_rule_separates_touching_objects(touching: tuple[np.ndarray, ...]) -> None:
    foreground, boundary, _ = touching
    labels = _decode("watershed", [foreground, boundary], ("f", "b"), marker="foreground_minus_boundary",
                     foreground="f", boundary="b")  # fmt: skip
    assert labels.max() == 2


def test_centre_rule_separates_touching_objects(touching: tuple[np.ndarray, ...]) -> None:
    foreground, _, distance = touching
    labels = _decode("watershed", [foreground, 1 - distance, 1 - distance], ("f", "c", "b"),
                     marker="centre_and_boundary", foreground="f", centre="c", boundary="b")  # fmt: skip
    assert labels.max() == 2


def test_a_component_without_marker_stays_an_object() -> None:
    foreground = np.zeros((31, 37), np.float32)
    foreground[5:9, 5:9] = foreground[20:24, 20:24] = 1
    boundary = np.where(foreground > 0, 1, 0).astype(np.float32)
    labels = _decode("watershed", [foreground, boundary], ("f", "b"), marker="foreground_minus_boundary",
                     foreground="f", boundary="b")  # fmt: skip
    assert labels.max() == 2


def test_holes_are_filled_and_small_objects_dropped() -> None:
    foreground = np.zeros((31, 37), np.float32)
    foreground[5:15, 5:15] = 1
    foreground[9:11, 9:11] = 0
    foreground[20:22, 20:22] = 1
    labels = _decode("watershed", [foreground], ("f",), marker="distance", foreground="f", marker_height=3.0,
                     min_size=5)  # fmt: skip
    assert labels.max() == 1
    assert labels[10, 10] == 1
    assert labels[20, 20] == 0


@pytest.mark.parametrize("name", ["watershed", "classes"])
def test_empty_maps_give_no_objects(name: str) -> None:
    maps = np.zeros((1, 31, 37), np.float32)
    labels = DECODERS[name].decode(maps, ("f",), {"marker": "distance", "foreground": "f"})
    assert (labels.dtype, labels.shape, labels.max()) == (np.uint32, (31, 37), 0)


@pytest.mark.parametrize(
    ("parameters", "part"),
    [
        ({"marker": "dice", "foreground": "f"}, "needs a foreground channel and one of"),
        ({"marker": "distance", "foreground": "g"}, "needs the channel 'g', but the network has f"),
        ({"marker": "foreground_minus_boundary", "foreground": "f"}, "needs a boundary channel"),
        ({"marker": "distance", "foreground": "f", "activation": "tanh"}, "activation 'tanh'"),
    ],
)
def test_a_wrong_card_is_said(parameters: dict, part: str) -> None:
    with pytest.raises(CardError) as caught:
        DECODERS["watershed"].decode(np.ones((1, 31, 37), np.float32), ("f",), parameters)
    assert part in str(caught.value)


def test_classes_takes_the_largest_channel_and_separates_classes() -> None:
    logits = np.zeros((3, 31, 37), np.float32)
    logits[0] = 1
    logits[1, 2:8, 2:8] = 3
    logits[2, 2:8, 8:14] = 3
    labels = _decode("classes", list(logits), ("background", "a", "b"), activation="softmax", background=0)
    assert labels.max() == 2
    assert labels[4, 4] != labels[4, 10]


def test_classes_of_one_channel_is_a_threshold_with_diagonal_neighbours() -> None:
    logits = np.full((1, 7, 11), -5, np.float32)
    logits[0, 2, 2] = logits[0, 3, 3] = 5
    labels = _decode("classes", list(logits), ("f",), activation="sigmoid")
    assert (labels.max(), (labels > 0).sum()) == (1, 2)


def test_image_gives_the_maps_as_they_are() -> None:
    maps = np.random.default_rng(0).random((2, 5, 7), np.float32)
    assert DECODERS["image"].decode(maps, ("a", "b"), {}) is maps


def test_an_unknown_decoder_is_said_by_name() -> None:
    with pytest.raises(CardError, match="decoder 'star'"):
        find_decoder("star")


Z_STEP = 4


@pytest.fixture
def balls() -> np.ndarray:
    """Foreground (Z, Y, X) of two balls of radius 13 that touch, above and beside each other, isotropic."""
    z, y, x = np.mgrid[:49, :53, :59]
    near = np.minimum(
        np.sqrt((z - 14) ** 2 + (y - 20) ** 2 + (x - 20) ** 2),
        np.sqrt((z - 32) ** 2 + (y - 30) ** 2 + (x - 34) ** 2),
    )
    return (near < 13).astype(np.float32)


def _decode_balls(foreground: np.ndarray, **parameters: object) -> np.ndarray:
    return _decode("watershed", [foreground], ("f",), marker="distance", foreground="f", marker_height=1.0,
                   smoothing=1.0, **parameters)  # fmt: skip


def test_touching_balls_are_separated_in_a_volume(balls: np.ndarray) -> None:
    labels = _decode_balls(balls)
    assert labels.max() == 2
    assert labels[14, 20, 20] != labels[32, 30, 34]
    np.testing.assert_array_equal(labels > 0, balls > 0.5)


def test_thick_slices_with_sampling_give_the_objects_of_thin_ones(balls: np.ndarray) -> None:
    thin = _decode_balls(balls)[::Z_STEP]
    thick = _decode_balls(balls[::Z_STEP], sampling=(float(Z_STEP), 1.0, 1.0))
    assert thick.max() == 2
    assert (thin == thick).mean() > 0.99


def test_distances_are_in_pixels_of_x() -> None:
    # A slab of two thick slices is as high as it is wide; without its sampling it would be flat, with a lower
    # maximum than is asked for.
    foreground = np.zeros((4, 31, 37), np.float32)
    foreground[1:3, 5:15, 5:15] = foreground[1:3, 5:15, 17:27] = 1
    foreground[1:3, 8:12, 15:17] = 1
    assert _decode_balls(foreground, sampling=(5, 1, 1)).max() == 2
    assert _decode_balls(foreground).max() == 1


def test_smoothing_is_in_pixels_of_x() -> None:
    from scipy import ndimage

    random = np.random.default_rng(4)
    maps = random.random((2, 7, 31, 37), np.float32)
    seen = {"marker": "foreground_minus_boundary", "foreground": "f", "boundary": "b", "mask_threshold": 0.0,
            "smoothing": 3.0, "sampling": (6.0, 1.0, 1.0), "marker_threshold": 0.02}  # fmt: skip
    labels = DECODERS["watershed"].decode(maps, ("f", "b"), seen)
    inside = ndimage.gaussian_filter(maps[0] - maps[1], (0.5, 3, 3)) > 0.02
    _, count = ndimage.label(inside, np.ones((3, 3, 3)))
    assert labels.max() == count > 1


@pytest.mark.parametrize("sampling", [(1.0, 1.0), (0.0, 1.0, 1.0), (float("nan"), 1.0, 1.0)])
def test_a_sampling_that_does_not_fit_is_said(balls: np.ndarray, sampling: tuple[float, ...]) -> None:
    with pytest.raises(CardError, match="of a map with 3 axes is not a positive number for each"):
        _decode_balls(balls, sampling=sampling)


def test_classes_connects_objects_over_slices() -> None:
    probability = np.zeros((1, 3, 7, 11), np.float32)
    probability[0, 0, 2, 2] = probability[0, 1, 3, 3] = probability[0, 2, 4, 4] = 1
    probability[0, 0, 2, 8] = probability[0, 2, 2, 8] = 1
    labels = DECODERS["classes"].decode(probability, ("f",), {"sampling": (5.0, 1.0, 1.0)})
    assert labels.max() == 3
    assert labels[0, 2, 2] == labels[1, 3, 3] == labels[2, 4, 4]
    assert labels[0, 2, 8] != labels[2, 2, 8]


@pytest.mark.parametrize("name", ["watershed", "classes"])
def test_smallest_size_counts_pixels_of_all_slices(name: str) -> None:
    maps = np.zeros((1, 5, 31, 37), np.float32)
    maps[0, 1:4, 5:7, 5:7] = 1
    maps[0, 2, 20:23, 20:23] = 1
    parameters = {"marker": "distance", "foreground": "f", "min_size": 10, "sampling": (9.0, 1.0, 1.0)}
    labels = DECODERS[name].decode(maps, ("f",), parameters)
    assert (labels.max(), (labels > 0).sum()) == (1, 12)
