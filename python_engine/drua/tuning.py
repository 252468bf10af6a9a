"""How large a tile, and how many at a time."""

from __future__ import annotations

from collections.abc import Sequence

from drua.backends import Backend
from drua.inference import Size
from drua.models.card import ModelCard


def size_for(card: ModelCard, backend: Backend, sides: Sequence[int], count: int) -> Size:
    """Return the tile and batch for planes or volumes of some sides."""
    return Size(card.tile, 1)
