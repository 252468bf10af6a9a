"""A bare network file, opened on the CPU: what it declares, and which images it takes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from drua.backends import FORMATS
from drua.backends.onnx import OnnxBackend
from drua.errors import BackendMissingError, Cancelled, CardError, DeviceMemoryError, one_line
from drua.models.card import Weights
from drua.models.onnx_file import read_onnx

Pixels = NDArray[np.float32]

SUFFIXES = {".onnx": "onnx", ".pt": "torchscript", ".pth": "torchscript", ".ts": "torchscript"}
"""Suffix of a bare file -> its bioimage.io weights format."""


class Network(AbstractContextManager["Network"]):
    """A bare network on the CPU, with one input and one output."""

    def __init__(self, path: Path) -> None:
        self.format = weights_format(path)
        if self.format == "onnx":
            read_onnx(path)  # refuses what lies outside the folder before the runtime opens it
        if self.format not in FORMATS:
            raise BackendMissingError(
                f"{path} holds {self.format} weights, but this Drua runs {', '.join(FORMATS)}",
                remedy="export the network to ONNX",
            )
        self._path = path
        self._backend = FORMATS[self.format](Weights(self.format, path, None), "cpu")
        self.shape: tuple[int | None, ...] | None = None
        self.type = np.dtype(np.float32)
        self.reason = ""
        """Why the last attempt failed, in the runtime's words."""
        if isinstance(self._backend, OnnxBackend):
            self._read_port(self._backend)

    def _read_port(self, backend: OnnxBackend) -> None:
        ports = backend.ports
        if len(ports) != 1:
            raise no_description(self._path, f"takes {len(ports)} inputs")
        (port,) = ports
        self.shape, self.type = port.shape, port.type

    @property
    def unit(self) -> float:
        """What the values of a textured image range over: 0 to 255 for whole numbers, else 0 to 1."""
        return 255.0 if self.type.kind in "iu" else 1.0

    def __call__(self, image: Pixels) -> Pixels:
        """Return the output for an input, both with the network's own axes."""
        outputs = self._backend.run([image])
        if len(outputs) != 1:
            raise no_description(self._path, f"gives {len(outputs)} outputs")
        return np.asarray(outputs[0], np.float32)

    def attempt(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return the shape of the output for a shape of the input; None if the network does not take it."""
        try:
            return self(np.full(shape, 0.5 * self.unit, np.float32)).shape
        except (Cancelled, DeviceMemoryError):
            raise
        except Exception as error:  # what a runtime raises for a shape is open-ended
            self.reason = one_line(error)
            return None

    def close(self) -> None:
        """Give the memory back."""
        self._backend.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def weights_format(path: Path) -> str:
    """Return the bioimage.io name of the format of a bare file; CardError if it is none of ours."""
    found = SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise CardError(
            f"{path} is no network that Drua can add: its name ends in none of {', '.join(SUFFIXES)}",
            remedy="export the network to ONNX",
        )
    return found


def no_description(path: Path, what: str) -> CardError:
    """Return the error for a network of which a description must tell more: `what` says why."""
    return CardError(
        f"{path.name} {what}, but a network without a description has one image as input and one output",
        remedy="write a bioimageio.yaml for it, and add the folder",
    )
