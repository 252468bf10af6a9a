"""PyTorch: loading it where it is installed, its devices, and a network that runs on one of them.

The two formats that it runs are in `torchscript` and `statedict`. Importing torch takes seconds, so nothing
here does it before a function that needs it is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import BackendMissingError, CardError, DeviceError, DeviceMemoryError, one_line

OLDEST = (2, 10)
"""Before this release a file could run code although it was read with `weights_only` (CVE-2025-32434 until
2.6) or overwrite memory (CVE-2026-24747)."""

INSTALL = (
    "pip install 'drua[torch]'; in Fiji choose PyTorch in Plugins>Drua>Drua Python Environment... (in a macro"
    " action=create device=torch)"
)

FULL_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "bad_alloc", "bad allocation")
"""What torch's messages have where memory is full; the CPU has no class for it."""


class TorchBackend:
    """A network that torch runs.

    Parameters
    ----------
    network : torch.nn.Module or torch.jit.ScriptModule
        In evaluation mode, on the device.
    device : str
        'cpu', 'cuda:N' or 'mps'.
    provider : str
        What executes it.
    """

    def __init__(self, network: Any, device: str, provider: str) -> None:
        self.device = device
        self.provider = provider
        self._network = network
        self._float = _float_type(network)

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return the outputs for the inputs, both in the order of the network and in its own axes."""
        import torch

        with mapped_errors(self.device), torch.inference_mode(), _full_precision(self.device):
            outputs = self._network(*(self._tensor(array) for array in inputs))
            return [_array(output) for output in _listed(outputs)]

    def lanes(self, runs: int) -> int:
        """Return 1: torch uses all processors for each run, and its precision is set for all threads."""
        return 1

    def close(self) -> None:
        """Give the memory back."""
        import torch

        self._network = None
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()
        elif self.device == "mps":
            torch.mps.empty_cache()

    def _tensor(self, array: NDArray[Any]) -> Any:
        import torch

        # A copy: a network may work in place, and the caller's array is not ours to change.
        if array.dtype.kind in "biu":
            kept = array.dtype.itemsize == 1 or array.dtype.kind == "i"  # torch has few larger unsigned types
            return torch.from_numpy(array.astype(array.dtype if kept else np.int64)).to(self.device)
        return torch.from_numpy(array.astype(np.float32)).to(self.device, self._float)


def installed() -> bool:
    """Return whether there is torch at all; takes no time."""
    return find_spec("torch") is not None


def version() -> str | None:
    """Return the version of torch, or None if it is not installed; takes no time."""
    return metadata.version("torch") if installed() else None


def require() -> None:
    """Import torch if it is installed and new enough.

    Raises
    ------
    BackendMissingError
        If not.
    """
    found = version()
    if found is None:
        raise BackendMissingError("PyTorch is not installed, and these weights need it", remedy=INSTALL)
    if tuple(int(part) for part in found.split("+")[0].split(".")[:2]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise BackendMissingError(
            f"PyTorch {found} is installed, but before {oldest} a harmful weights file could run code in it",
            remedy=f"pip install 'torch>={oldest}'",
        )
    import torch  # noqa: F401 - here and not in the first prediction, which others may measure


def devices() -> tuple[str, ...]:
    """Return the devices that torch offers here, best first; nothing if it cannot be used."""
    try:
        require()
    except BackendMissingError:
        return ()
    import torch

    found = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def device_named(device: str) -> str:
    """Return the device that a request means: 'auto' is the best, 'cuda' the first one.

    Raises
    ------
    DeviceError
        If it is not there.
    """
    here = devices()
    wanted = {"auto": here[0], "cuda": "cuda:0"}.get(device, device)
    if wanted not in here:
        raise DeviceError(
            f"device {device!r} is not available to PyTorch here", remedy=f"choose auto or {', '.join(here)}"
        )
    return wanted


def check_device(network: Any, device: str) -> None:
    """Check that every tensor of a network has arrived on its device.

    Raises
    ------
    DeviceError
        If not.
    """
    for tensor in (*network.parameters(), *network.buffers()):
        if str(tensor.device) != device:
            raise DeviceError(
                f"device {device!r} was asked for, but PyTorch has the network on {str(tensor.device)!r}",
                remedy="choose 'cpu'",
            )


@contextmanager
def mapped_errors(device: str, path: Path | None = None) -> Iterator[None]:
    """Turn errors of torch into ours: full memory everywhere, all others while the file `path` is loaded.

    Raises
    ------
    DeviceMemoryError
        If the memory of the device is full.
    CardError
        If the file is not what it should be.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        text = one_line(error)
        if isinstance(error, MemoryError) or any(sign in text.lower() for sign in FULL_MEMORY):
            raise DeviceMemoryError(
                f"the memory of {device} is full", remedy="use a smaller image or tile"
            ) from error
        if path is not None:
            raise CardError(f"{path} cannot be loaded by PyTorch: {text:.500}") from error
        raise


def _full_precision(device: str) -> Any:
    """Convolutions on NVIDIA are float32, not TF32 with its 10 bits; matrix products are so by default."""
    import torch

    return torch.backends.cudnn.flags(enabled=True, allow_tf32=False) if "cuda" in device else nullcontext()


def _float_type(network: Any) -> Any:
    import torch

    kinds = (tensor.dtype for tensor in network.parameters() if tensor.is_floating_point())
    return next(kinds, torch.float32)


def _listed(outputs: Any) -> list[Any]:
    if isinstance(outputs, dict):
        return list(outputs.values())
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _array(output: Any) -> NDArray[Any]:
    array: NDArray[Any] = (output.float() if output.is_floating_point() else output).cpu().numpy()
    return array
