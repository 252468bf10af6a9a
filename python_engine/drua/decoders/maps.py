"""A network's maps: channels by name, activations that it may have left out, and distances between pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping
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


def sampling(parameters: Mapping[str, Any], dimensions: int) -> tuple[float, ...]:
    """Return the parameter `sampling`: the pixel size along each axis of a map, all 1 if it is absent.

    Raises
    ------
    CardError
        If it has not one positive number for each of the `dimensions`.
    """
    given = tuple(parameters.get("sampling", (1.0,) * dimensions))
    if len(given) != dimensions or not all(0 < size < math.inf for size in given):
        raise CardError(
            f"the sampling {given} of a map with {dimensions} axes is not a positive number for each"
        )
    return given
