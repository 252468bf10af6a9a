"""State dicts: tensors under names, for the networks that the engine itself ships.

The Python source that a package may have beside its state dict is never run here; `drua.conversion` is how
such a package becomes one with ONNX weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drua.backends import architectures, pytorch
from drua.errors import CardError, UntrustedModelError, one_line
from drua.models.card import Weights


def open_state(weights: Weights, device: str) -> pytorch.TorchBackend:
    """Build a shipped network and load a state dict into it on 'auto', 'cpu', 'cuda:N' or 'mps'.

    Raises
    ------
    UntrustedModelError
        If the architecture is not shipped, or the file needs more than tensors.
    BackendMissingError
        If torch is not installed, or too old to be safe.
    DeviceError
        If the device is not there.
    CardError
        If names or shapes of the tensors are not those of the architecture.
    """
    described = weights.architecture or {}
    shipped = architectures.find(described)
    if shipped is None:
        raise UntrustedModelError(_refusal(weights.path, described), remedy="drua models add --allow-code")
    pytorch.require()
    wanted, path = pytorch.device_named(device), weights.path
    network = architectures.build(shipped, described.get("kwargs") or {})
    with pytorch.mapped_errors(wanted, path):
        network.load_state_dict(read_tensors(path), strict=True)
        network.to(wanted)
    network.eval()
    pytorch.check_device(network, wanted)
    return pytorch.TorchBackend(network, wanted, "PyTorch")


def read_tensors(path: Path) -> Mapping[str, Any]:
    """Return the tensors of a file, on the CPU, by name; no code of it is run.

    Raises
    ------
    UntrustedModelError
        If the file needs more than tensors.
    CardError
        If it cannot be read, or is not a state dict.
    """
    tensors = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    import torch

    if not isinstance(tensors, dict) or not all(isinstance(each, torch.Tensor) for each in tensors.values()):
        raise CardError(f"{path} is not a state dict, which holds tensors under names and nothing else")
    return tensors


def _read_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CardError(f"{path} cannot be read as safetensors: {one_line(error)}") from error


def _read_pickle(path: Path) -> Any:
    import pickle

    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UntrustedModelError(
            f"{path} is a pickle that needs more than tensors, and could run code: {_first_line(error)}",
            remedy="ask the author for a state dict, or for ONNX",
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        raise CardError(f"{path} cannot be read as a state dict: {one_line(error):.500}") from error


def _first_line(error: Exception) -> str:
    # torch goes on with advice to switch the safety off
    return next((line.strip() for line in str(error).splitlines() if "nsupported" in line), "unknown content")


def _refusal(path: Path, described: Mapping[str, Any]) -> str:
    name = described.get("callable") or "no name"
    source = described.get("source") or described.get("import_from") or "nowhere"
    return (
        f"{path} is a state dict for the architecture {name!r} of {source}, which Drua does not ship;"
        " it could only be run with Python code of the package"
    )
