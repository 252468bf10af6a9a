"""Backends: the runtimes that execute weights. `open_backend` chooses one for a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from drua.backends import onnx
from drua.errors import HashError, WeightsMissingError, one_line
from drua.models import digest
from drua.models.card import ModelCard, Weights

__all__ = ["FORMATS", "Backend", "devices", "open_backend"]

FORMATS = {"onnx": onnx.open_session}
"""bioimage.io weights format -> function(weights, device) -> Backend; in order of preference."""

devices = onnx.devices


class Backend(Protocol):
    """A loaded network on a device.

    Not guaranteed: that equal tiles in batches of different sizes give bit-equal results; they agree to
    float32 rounding.
    """

    @property
    def device(self) -> str:
        """The device that is really used."""

    @property
    def provider(self) -> str:
        """What executes the network there, in the runtime's own words."""

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return the network's outputs for its inputs, both in the order of the card and in their own axes.

        Inputs have the type that the preprocessing gives, nearly always float32; they are never changed.
        """

    def close(self) -> None:
        """Give the memory back."""


def open_backend(card: ModelCard, device: str = "auto") -> Backend:
    """Load the weights of a card on a device: 'auto', 'cpu' or 'cuda:0'.

    Raises
    ------
    WeightsMissingError
        If the package has no weights that a backend can run, or their file is missing.
    HashError
        If the file differs from the one that the card names.
    DeviceError
        If the device does not exist here; never for 'auto'.
    """
    for kind, opener in FORMATS.items():
        for weights in card.weights:
            if weights.format == kind:
                _check_hash(card, weights)
                return opener(weights, device)
    offered = ", ".join(weights.format for weights in card.weights)
    raise WeightsMissingError(
        f"model {card.id!r} has weights as {offered or 'nothing'}, but Drua runs {', '.join(FORMATS)}",
        remedy="export the model to ONNX",
    )


def _check_hash(card: ModelCard, weights: Weights) -> None:
    try:
        found = digest.sha256(weights.path)
    except OSError as error:
        raise WeightsMissingError(
            f"the weights of model {card.id!r} cannot be read: {one_line(error)}",
            remedy="install the model again",
        ) from error
    if weights.sha256 is not None and found != weights.sha256:
        raise HashError(
            f"{weights.path} has the SHA-256 {found[:12]}..., but the card says {weights.sha256[:12]}...",
            remedy="install the model again",
        )
