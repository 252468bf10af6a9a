"""Decoder `image`: the network's output is the result (denoising, virtual staining, restoration)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray


def decode(maps: NDArray[Any], _channels: tuple[str, ...], _parameters: Mapping[str, Any]) -> NDArray[Any]:
    """Return the maps (C, Y, X) or (C, Z, Y, X), float32, as they are."""
    return maps
