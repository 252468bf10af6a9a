"""Channels of a network's maps, by name, and the activations that a network may have left out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import CardError


def channel(maps: NDArray[Any], names: tuple[str, ...], name: str) -> NDArray[Any]:
    """Return the channel (Y, X) or (Z, Y, X) with this name; CardError if there is none."""
    if name not in names or names.index(name) >= len(maps):
        raise CardError(f"the decoder needs the channel {name!r}, but the network has {', '.join(names)}")
    picked: NDArray[Any] = maps[names.index(name)]
    return picked


def with_activation(maps: NDArray[Any], activation: str) -> NDArray[Any]:
    """Return the maps (C, ...) after 'none', 'sigmoid' or 'softmax' over C."""
    if activation == "none":
        return maps
    if activation == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-maps)))
    if activation == "softmax":
        raised = np.exp(maps - maps.max(axis=0, keepdims=True))
        return np.asarray(raised / raised.sum(axis=0, keepdims=True))
    raise CardError(f"the activation {activation!r} is none of none, sigmoid, softmax")
