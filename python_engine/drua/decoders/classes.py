"""Decoder `classes`: class maps to objects, by connected components in each class.

Parameters: `activation` ('none', 'sigmoid' or 'softmax': what the network has not applied yet),
`background` (the number of the background channel, or none), `mask_threshold` (for a single channel),
`min_size` (number of pixels).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.decoders.maps import with_activation
from drua.labels import relabel, remove_small


def decode(maps: NDArray[Any], _channels: tuple[str, ...], parameters: Mapping[str, Any]) -> NDArray[Any]:
    """Return the label image (Y, X) or (Z, Y, X), uint32, of class maps (C, Y, X) or (C, Z, Y, X).

    With one channel an object is a connected component above `mask_threshold`; with several, a connected
    component of pixels whose largest channel is the same and not the background. Diagonal neighbours are
    connected.
    """
    probability = with_activation(maps, parameters.get("activation", "none"))
    objects = _components(_class_image(probability, parameters))
    return relabel(remove_small(objects, int(parameters.get("min_size", 0))))


def _class_image(probability: NDArray[Any], parameters: Mapping[str, Any]) -> NDArray[Any]:
    """Return 0 for background and the class, from 1, elsewhere."""
    if len(probability) == 1:
        foreground: NDArray[Any] = probability[0] > parameters.get("mask_threshold", 0.5)
        return foreground.astype(np.int32)
    winner = probability.argmax(axis=0)
    background = parameters.get("background", 0)
    return np.where(winner == background, 0, winner + 1) if background is not None else winner + 1


def _components(classes: NDArray[Any]) -> NDArray[Any]:
    from scipy import ndimage  # a slow import that a start does not need

    labels = np.zeros(classes.shape, np.uint32)
    found = 0
    for value in np.unique(classes[classes > 0]):
        part, count = ndimage.label(classes == value, np.ones((3,) * classes.ndim))
        labels[part > 0] = part[part > 0] + found
        found += count
    return labels
