"""Does a model still give what its package says? Its test input, run, against its test output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import intensity
from drua.errors import CardError, one_line
from drua.pipeline import open_model

TOLERANCE = 1e-3
"""Largest absolute difference; bioimage.io's own tolerance."""


def reproduce(model: str, device: str = "auto") -> dict[str, Any]:
    """Return the largest difference from the package's expected output, and whether it is small enough.

    Raises
    ------
    CardError
        If the package has no test tensors.
    """
    with open_model(model, device) as opened:
        card = opened.card
        given = _load(card.test_input, card.id)
        expected = _load(card.test_output, card.id)
        normalised = intensity.apply(card.input.operations, given[0].astype(np.float32), card.input.axes)
        maps = opened.backend.run([normalised[None]])[0][0]
        output = intensity.apply(card.output.operations, maps, card.output.axes)
        difference = float(np.abs(output - expected[0]).max())
        return {
            "model": card.id,
            "device": opened.backend.device,
            "difference": difference,
            "tolerance": TOLERANCE,
            "passed": difference <= TOLERANCE,
        }


def _load(path: Path | None, model: str) -> NDArray[Any]:
    if path is None:
        raise CardError(f"model {model!r} has no test tensors")
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError) as error:
        raise CardError(
            f"the test tensor {path} of model {model!r} cannot be read: {one_line(error)}"
        ) from error
