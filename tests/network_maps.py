"""What a network alone makes of a plane: for tests that compare tiles, pieces and wholes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from drua import inference, intensity
from drua.backends import Backend
from drua.inference import Block, Size
from drua.intensity import Source
from drua.models.card import ModelCard


def maps_of(
    plane: np.ndarray,
    card: ModelCard,
    backend: Backend,
    tile: int,
    on_tile: Callable[[], None] = lambda: None,
    batch: int = 1,
) -> np.ndarray:
    """Return the maps (C, Y, X) of a plane (Y, X) by the output that the decoder reads."""
    fitted = intensity.fit(card.input.operations, Source(plane[None], "CYX"))
    blocks = {card.input.name: Block(plane[None], fitted)}
    outputs = inference.run(card, backend, blocks, Size({"Y": tile, "X": tile}, batch), on_tile)
    return inference.finish(card, outputs, {})[card.output.name]
