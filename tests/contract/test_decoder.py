"""What every decoder must do, whatever maps it gets."""

from __future__ import annotations

import numpy as np
import pytest
from drua.decoders import DECODERS

CHANNELS = ("foreground", "boundary", "distance")
PARAMETERS = {
    "watershed": {"marker": "distance", "foreground": "foreground", "distance": "distance"},
    "classes": {"background": 0},
}
LABEL_DECODERS = [name for name, decoder in DECODERS.items() if decoder.kind == "label_image"]


def _maps(kind: str) -> np.ndarray:
    random = np.random.default_rng(8)
    shapes = {"noise": (3, 31, 37), "volume": (3, 5, 31, 37), "thin": (3, 1, 37)}
    if kind in shapes:
        return random.random(shapes[kind], np.float32)
    return np.full((3, 31, 37), {"zeros": 0, "ones": 1}[kind], np.float32)


@pytest.mark.parametrize("kind", ["noise", "volume", "thin", "zeros", "ones"])
@pytest.mark.parametrize("name", LABEL_DECODERS)
def test_labels_are_uint32_consecutive_and_of_the_maps_sides(name: str, kind: str) -> None:
    maps = _maps(kind)
    labels = DECODERS[name].decode(maps, CHANNELS, PARAMETERS[name])
    assert (labels.dtype, labels.shape) == (np.uint32, maps.shape[1:])
    assert np.unique(labels[labels > 0]).tolist() == list(range(1, labels.max() + 1))


@pytest.mark.parametrize("min_size", [0, 3, 50, 10**6])
@pytest.mark.parametrize("name", LABEL_DECODERS)
def test_no_object_is_smaller_than_asked_for(name: str, min_size: int) -> None:
    labels = DECODERS[name].decode(_maps("noise"), CHANNELS, {**PARAMETERS[name], "min_size": min_size})
    sizes = np.bincount(labels.ravel())[1:]
    assert (sizes >= max(min_size, 1)).all()


@pytest.mark.parametrize("name", DECODERS)
def test_the_maps_are_left_as_they_were(name: str) -> None:
    maps = _maps("noise")
    before = maps.copy()
    maps.flags.writeable = False
    DECODERS[name].decode(maps, CHANNELS, PARAMETERS.get(name, {}))
    np.testing.assert_array_equal(maps, before)


@pytest.mark.parametrize("name", DECODERS)
def test_equal_maps_give_equal_results(name: str) -> None:
    results = [DECODERS[name].decode(_maps("noise"), CHANNELS, PARAMETERS.get(name, {})) for _ in range(2)]
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("name", DECODERS)
def test_every_sampling_is_taken_and_equal_pixels_are_the_default(name: str) -> None:
    parameters, maps = PARAMETERS.get(name, {}), _maps("volume")
    plain, equal, thick = (
        DECODERS[name].decode(maps, CHANNELS, parameters | sampling)
        for sampling in ({}, {"sampling": (1.0, 1.0, 1.0)}, {"sampling": (4.0, 1.0, 0.5)})
    )
    np.testing.assert_array_equal(equal, plain)
    assert (thick.dtype, thick.shape) == (plain.dtype, plain.shape)
