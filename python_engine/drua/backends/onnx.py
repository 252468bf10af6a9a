"""ONNX Runtime: the only importer of onnxruntime."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import BackendMissingError, CardError, DeviceError, DeviceMemoryError, one_line
from drua.models.card import Weights

FULL_MEMORY = ("failed to allocate memory", "out of memory", "bad_alloc", "bad allocation")
"""What ONNX Runtime's messages have where memory is full; it has no class for it."""

_NUMPY = {
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint16)": np.uint16,
    "tensor(uint8)": np.uint8,
}
"""numpy's types for those of a network's inputs; float32 for all others."""

PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "dml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Devices and who runs networks on them, best first."""

NUMBERED = ("cuda", "rocm", "dml")
"""Devices of which a computer may have several."""

THREADS_OF_A_LANE = 4
"""Threads for each of several tiles that run at a time on the CPU."""

FEWEST_RUNS = 8
"""Runs from which a session for several at a time pays."""

ON_REQUEST = ("coreml", "openvino")
"""Devices that 'auto' never takes: they compute with half precision, or are the CPU by another name."""


@dataclass(frozen=True)
class Port:
    """An input as the file declares it: its sides, None where they are free, and its type of numbers."""

    shape: tuple[int | None, ...]
    type: np.dtype[Any]


class OnnxBackend:
    """An ONNX Runtime session."""

    def __init__(self, session: Any, device: str, provider: str, path: Path) -> None:
        self.device = device
        self.provider = provider
        self._path = path
        self._session = session
        self._options = _quiet()
        self._lanes = 1
        self._inputs = [(each.name, _NUMPY.get(each.type, np.float32)) for each in session.get_inputs()]

    @property
    def ports(self) -> list[Port]:
        """What the file says of its inputs, in its order."""
        return [
            Port(
                tuple(side if isinstance(side, int) and side > 0 else None for side in each.shape),
                np.dtype(_NUMPY.get(each.type, np.float32)),
            )
            for each in self._session.get_inputs()
        ]

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return the outputs for the inputs, both in the order of the file and the network's own axes."""
        if len(inputs) != len(self._inputs):
            raise CardError(
                f"the network takes {len(self._inputs)} inputs, but the card describes {len(inputs)}",
                remedy="correct the inputs in the card",
            )
        named = {
            name: np.ascontiguousarray(array, kind)
            for (name, kind), array in zip(self._inputs, inputs, strict=True)
        }
        with _mapped_errors(self.device), _refusals(named):
            return list(self._session.run(None, named, self._options))

    def lanes(self, runs: int) -> int:
        """Return how many runs at a time are fastest.

        On the CPU fewer threads for each of several tiles wait less for one another than all for one: 10 to
        15 % were measured. A session keeps its threads and all memory that it ever needed, so that there is
        one at a time; a new one is loaded in milliseconds, which a few runs would not pay for. Other devices
        run one at a time, but the next tile is made ready beside it.
        """
        if self.device != "cpu":
            return 2
        processors = os.cpu_count() or 1
        lanes = max(2, processors // THREADS_OF_A_LANE) if runs >= FEWEST_RUNS and processors > 1 else 1
        if lanes != self._lanes:
            options = _session_options()
            if lanes > 1:
                options.intra_op_num_threads = max(processors // lanes, 1)
            with _mapped_errors(self.device, self._path):
                self._session = _session(self._path, options, [self.provider])
            self._lanes = lanes
        return lanes

    def close(self) -> None:
        """Give the memory back."""
        self._session = None


def open_session(weights: Weights, device: str) -> OnnxBackend:
    """Load an ONNX file on 'auto', 'cpu', 'cuda:N' or another of `PROVIDERS`.

    ONNX Runtime falls back to the CPU in silence, so the provider that a session really got is compared with
    the one that was asked for; 'auto' takes what it gets.

    Raises
    ------
    BackendMissingError
        If ONNX Runtime is not installed.
    DeviceError
        If the device is not there.
    CardError
        If the file is not a network that ONNX Runtime can load.
    """
    if not _installed():
        raise BackendMissingError(
            "ONNX Runtime is not installed, and these weights need it", remedy="pip install 'drua[cpu]'"
        )
    path, wanted = weights.path, _device(device)
    kind, _, index = wanted.partition(":")
    provider = PROVIDERS[kind]
    if kind == "cuda":
        _load_libraries()
    asked: list[Any] = [(provider, {"device_id": index}) if index else provider]
    with _mapped_errors(wanted, path):
        session = _session(path, _session_options(), asked)
    got = session.get_providers()[0]
    if got == provider:
        return OnnxBackend(session, wanted, got, path)
    if device == "auto" and got == PROVIDERS["cpu"]:
        return OnnxBackend(session, "cpu", got, path)
    raise DeviceError(f"device {wanted!r} was asked for, but ONNX Runtime uses {got}", remedy="choose 'cpu'")


def _session(path: Path, options: Any, providers: list[Any]) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), options, providers=providers)


def _session_options() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only: its warnings are about its own optimisations
    return options


def _quiet() -> Any:
    """Return options of a run: what fails is raised, so that printing it, too, says it twice."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = 4  # fatal only
    return options


def devices() -> tuple[str, ...]:
    """Return the devices that ONNX Runtime offers here, best first; nothing if it is not installed."""
    if not _installed():
        return ()
    import onnxruntime

    available = onnxruntime.get_available_providers()
    here = [kind for kind, provider in PROVIDERS.items() if provider in available]
    return tuple(f"{kind}:0" if kind in NUMBERED else kind for kind in here)


def version() -> str | None:
    """Return the version of ONNX Runtime, or None if it is not installed."""
    if not _installed():
        return None
    import onnxruntime

    return str(onnxruntime.__version__)


def _installed() -> bool:
    return find_spec("onnxruntime") is not None


def _load_libraries() -> None:
    """Load CUDA and cuDNN where pip has put them: the system's loader does not look there."""
    import onnxruntime

    if hasattr(onnxruntime, "preload_dlls"):
        with redirect_stdout(sys.stderr):  # it prints what it misses; the session then tells what it got
            onnxruntime.preload_dlls()


def _device(device: str) -> str:
    here = devices()
    if device == "auto":
        return next(name for name in here if name not in ON_REQUEST)
    kind, _, index = device.partition(":")
    numbered = not index or (kind in NUMBERED and index.isdecimal())
    if kind not in {name.partition(":")[0] for name in here} or not numbered:
        raise DeviceError(
            f"device {device!r} is not available here", remedy=f"choose auto or {', '.join(here)}"
        )
    return f"{kind}:{index or 0}" if kind in NUMBERED else kind


@contextmanager
def _refusals(named: Mapping[str, NDArray[Any]]) -> Iterator[None]:
    """Turn what a network says to sides that it does not take into an error of the card."""
    from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument, RuntimeException

    try:
        yield
    except (InvalidArgument, RuntimeException) as error:
        text = one_line(error)
        if any(sign in text.lower() for sign in FULL_MEMORY):
            raise
        sides = ", ".join(f"{name} {array.shape}" for name, array in named.items())
        raise CardError(
            f"the network does not run with {sides}: {text}", remedy="correct axes and sizes in the card"
        ) from error


@contextmanager
def _mapped_errors(device: str, path: Path | None = None) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        text = one_line(error)
        if any(sign in text.lower() for sign in FULL_MEMORY):
            raise DeviceMemoryError(
                f"the memory of {device} is full", remedy="use a smaller image or tile"
            ) from error
        if path is not None:
            raise CardError(f"{path} cannot be loaded by ONNX Runtime: {text}") from error
        raise
