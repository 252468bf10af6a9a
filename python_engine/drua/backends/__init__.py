"""Backends: the runtimes that execute weights. `open_backend` chooses one for a card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from drua.backends import onnx, pytorch, statedict, torchscript
from drua.errors import (
    BackendMissingError,
    DeviceError,
    DruaError,
    HashError,
    UntrustedModelError,
    WeightsMissingError,
    one_line,
)
from drua.models import digest
from drua.models.card import ModelCard, Weights

__all__ = ["FORMATS", "Backend", "all_devices", "devices", "open_backend", "versions"]

FORMATS: dict[str, Callable[[Weights, str], Backend]] = {
    "onnx": onnx.open_session,
    "torchscript": torchscript.open_script,
    "pytorch_state_dict": statedict.open_state,
}
"""bioimage.io weights format -> function(weights, device) -> Backend; in order of preference."""

PASSED_OVER = (BackendMissingError, DeviceError, UntrustedModelError, WeightsMissingError)
"""Errors after which the weights of another format may still run the model."""


def devices() -> tuple[str, ...]:
    """Return the devices of ONNX Runtime, best first: at once, as every start of an engine tells them."""
    return onnx.devices()


def all_devices() -> tuple[str, ...]:
    """Return every device of every runtime, best first; takes seconds where torch is installed."""
    found = dict.fromkeys((*onnx.devices(), *pytorch.devices()))
    return tuple(sorted(found, key=lambda name: name == "cpu"))


def versions() -> dict[str, str]:
    """Return the versions of the runtimes that are installed."""
    found = {"onnxruntime": onnx.version(), "torch": pytorch.version()}
    return {name: version for name, version in found.items() if version is not None}


class Backend(Protocol):
    """A loaded network on a device.

    `run` may be called by several threads at a time.

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

    def lanes(self, runs: int) -> int:
        """Return how many threads should call `run` at a time for this many runs, and get ready for them."""

    def close(self) -> None:
        """Give the memory back."""


def open_backend(card: ModelCard, device: str = "auto") -> Backend:
    """Load the weights of a card on a device: 'auto', 'cpu', 'cuda:N' or 'mps'.

    Formats are tried in the order of `FORMATS` until one can be run here, on this device; 'auto' is the best
    device of the first runtime that is installed.

    Raises
    ------
    WeightsMissingError
        If the package has no weights that a backend can run, or their file is missing.
    HashError
        If the file differs from the one that the card names.
    BackendMissingError
        If the runtime for the weights is not installed.
    UntrustedModelError
        If the weights could only be run with code of the package.
    DeviceError
        If no runtime has the device; never for 'auto'.
    """
    problems: list[DruaError] = []
    for kind, opener in FORMATS.items():
        for weights in card.weights:
            if weights.format == kind:
                try:
                    _check_hash(card, weights)
                    return opener(weights, device)
                except PASSED_OVER as problem:
                    problems.append(problem)
    if problems:
        raise problems[0]
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
