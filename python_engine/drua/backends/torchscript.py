"""TorchScript: weights that bring their network with them, as code that only torch's own interpreter runs.

That interpreter has no access to Python, but a few of its operators read and write files. They have no place
in a network, and a file that names one is refused; so is one whose pickles ask for more than tensors and the
file's own classes.
"""

from __future__ import annotations

import pickletools
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

from drua.backends import pytorch
from drua.errors import CardError, UntrustedModelError, one_line
from drua.models.card import Weights

FILE_OPERATORS = re.compile(rb"\b(?:torch|aten)\.(save|load|from_file|_save\w*|_load\w*)\s*\(")
"""Operators of TorchScript that touch the disk, as they are written in its code."""

PLAIN = re.compile(
    r"__torch__\.\S+ \S+|collections OrderedDict|torch\._utils _rebuild_\w+|torch\.jit\._pickle \w+"
    r"|torch \w*(Storage|Size|device|dtype|strided)"
)
"""What pickles of TorchScript name: classes of the file itself, tensors, and lists with a type."""

LARGEST_RATIO = 50
"""Times that the entries may be larger than the file; tensors are not compressed, only code is."""

SPARE_BYTES = 64 * 2**20


def open_script(weights: Weights, device: str) -> pytorch.TorchBackend:
    """Load a TorchScript file on 'auto', 'cpu', 'cuda:N' or 'mps'.

    Raises
    ------
    BackendMissingError
        If torch is not installed, or too old to be safe.
    DeviceError
        If the device is not there.
    UntrustedModelError
        If the file asks for more than a network needs.
    CardError
        If it is not TorchScript.
    """
    pytorch.require()
    import torch

    wanted, path = pytorch.device_named(device), weights.path
    check(path)
    with pytorch.mapped_errors(wanted, path), warnings.catch_warnings():
        # torch moves to another format of its own; the zoo keeps this one.
        warnings.filterwarnings("ignore", r"`torch\.jit\.load` is deprecated")
        network = torch.jit.load(str(path), map_location=wanted)
    network.eval()
    pytorch.check_device(network, wanted)
    return pytorch.TorchBackend(network, wanted, "TorchScript")


def check(path: Path) -> None:
    """Check a TorchScript file without loading it.

    Raises
    ------
    CardError
        If it is no such file.
    UntrustedModelError
        If it asks for more than a network needs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(path, archive)
            _check_entries(path, archive)
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise CardError(f"{path} is not a TorchScript file: {one_line(error)}") from error


def _check_sizes(path: Path, archive: zipfile.ZipFile) -> None:
    unpacked, packed = sum(entry.file_size for entry in archive.infolist()), path.stat().st_size
    if unpacked > LARGEST_RATIO * packed + SPARE_BYTES:
        raise UntrustedModelError(
            f"{path} has {packed} bytes, but says that it unpacks to {unpacked}", remedy=_REMEDY
        )


def _check_entries(path: Path, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise UntrustedModelError(f"{path} has several entries of one name", remedy=_REMEDY)
    for name in names:
        if name.endswith(".py") and (found := FILE_OPERATORS.search(archive.read(name))):
            operator = found[1].decode()
            raise UntrustedModelError(
                f"{path} reads or writes files when it runs: {name} uses the operator {operator!r}",
                remedy=_REMEDY,
            )
        if name.endswith("pkl"):
            for asked in _asked_for(archive.read(name)):
                if not PLAIN.fullmatch(asked):
                    raise UntrustedModelError(
                        f"{path} asks for more than a network: {name} names {asked!r}", remedy=_REMEDY
                    )


def _asked_for(pickle: bytes) -> Iterator[str]:
    """Yield 'module name' for everything that a pickle names; '?' where it is put together while loading."""
    for operation, argument, _ in pickletools.genops(pickle):
        if operation.name in ("GLOBAL", "INST"):
            yield str(argument)
        elif operation.name in ("STACK_GLOBAL", "EXT1", "EXT2", "EXT4"):
            yield "?"


_REMEDY = "use this model as ONNX, or ask its author"
