"""What is refused, and why: a model is data, and none of its files may do anything when it is opened.

`check` judges the files of a package; `code_needed` tells which Python file would have to run so that a
package's only weights can be used, for a person to read and to confirm by its SHA-256.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drua.errors import CardError, UntrustedModelError, WeightsMissingError, one_line
from drua.models import digest, pickles
from drua.models.contents import STATE_DICT, Engine, File, chosen, code_of, files
from drua.models.onnx_file import read_onnx

LARGEST_SOURCE = 1 << 20
LARGEST_PROGRAM = 1 << 26
_TOUCHES_FILES = re.compile(rb"\b(?:torch|aten|ops\.aten)\.(from_file|save|load)\b")
"""The operations of TorchScript that read or write files."""


@dataclass(frozen=True)
class Code:
    """A Python file that builds a package's network: its name, SHA-256 and text, and why it is needed."""

    file: str
    sha256: str
    text: str
    why: str

    def to_message(self) -> dict[str, str]:
        """Return it as JSON values."""
        return asdict(self)


def check(folder: Path, description: Mapping[str, Any]) -> None:
    """Judge a package.

    Parameters
    ----------
    folder : Path
        The package.
    description : mapping
        Its description in format 0.5, as JSON values.

    Raises
    ------
    UntrustedModelError
        If it has custom operations, names files outside itself, or a file could do more than hold numbers.
    CardError
        If a file is not what the description says.
    """
    _refuse_custom(description)
    for file in files(description):
        if file.remote:
            continue
        path = refuse_links(folder, file.name)
        if path.is_file():
            _check_file(file, path)


def code_needed(folder: Path, description: Mapping[str, Any], engine: Engine) -> Code | None:
    """Return the Python file without which a package's weights cannot be used; None if none is needed.

    Raises
    ------
    WeightsMissingError
        If the file is needed but is not there.
    UntrustedModelError
        If it is not text that a person can read.
    """
    entry, source = description["weights"].get(STATE_DICT, {}), code_of(description)
    if source is None or chosen(description, engine, folder) != STATE_DICT or engine.runs(STATE_DICT, entry):
        return None
    path = refuse_links(folder, source.name)
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except OSError as error:
        raise WeightsMissingError(
            f"the only weights that could be used need the Python file {source.name}, which is not there",
            remedy="get the complete package, or weights as ONNX or TorchScript",
        ) from error
    except UnicodeDecodeError as error:
        raise UntrustedModelError(f"{source.name} is no text that could be read before it runs") from error
    if len(content) > LARGEST_SOURCE or "\0" in text:
        raise UntrustedModelError(f"{source.name} is no source file that a person could read")
    why = (
        f"the package has its weights only as a state dict, whose network {entry['architecture']['callable']}"
        f" is defined by the Python file {source.name}; it must run once to convert them"
    )
    return Code(source.name, digest.sha256(path), text, why)


def refuse_links(folder: Path, name: str) -> Path:
    """Return the path of a file in a folder; UntrustedModelError if a link leads to it."""
    path = folder
    for part in name.split("/"):
        path = path / part
        if path.is_symlink() or _is_junction(path):
            raise UntrustedModelError(
                f"{path} is a link, but a package holds its own files", remedy="put the file in its place"
            )
    if path.exists() and not path.is_file():
        raise UntrustedModelError(f"{path} is no plain file", remedy="put the file in its place")
    return path


def _is_junction(path: Path) -> bool:
    return hasattr(path, "is_junction") and path.is_junction()  # Windows, from Python 3.12 on


def _refuse_custom(description: Mapping[str, Any]) -> None:
    for tensor in (*description["inputs"], *description["outputs"]):
        for operation in (*(tensor.get("preprocessing") or ()), *(tensor.get("postprocessing") or ())):
            if operation["id"] == "custom":
                raise UntrustedModelError(
                    f"tensor {tensor['id']!r} needs the custom operation {operation.get('callable')!r}"
                    f" of the Python file {operation.get('source')}, which Drua does not run",
                    remedy="ask the author for a model with the operations of the bioimage.io format",
                )


def _check_file(file: File, path: Path) -> None:
    if file.role == "weights" and file.format == "onnx":
        for location in read_onnx(path).external:
            refuse_links(path.parent, location)
    elif file.role == "weights" and file.format == "torchscript":
        _check_torchscript(path)
    elif file.role == "weights" and file.format == STATE_DICT:
        pickles.check(path)
    elif path.suffix == ".npy":
        _check_array(path)


def _check_array(path: Path) -> None:
    """Refuse arrays of Python objects, which are pickles."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
                version, np.lib.format.read_array_header_2_0
            )
            kind = read(file)[2]
    except (OSError, ValueError) as error:
        raise CardError(f"{path.name} is no array that numpy can read: {one_line(error)}") from error
    if kind.hasobject:
        raise UntrustedModelError(
            f"{path.name} holds Python objects, but numbers are needed", remedy="save it as numbers"
        )


def _is_program(name: str) -> bool:
    return "/code/" in name and name.endswith(".py")


def _check_torchscript(path: Path) -> None:
    """Refuse TorchScript that would touch files, and what is no TorchScript but a pickle."""
    try:
        with zipfile.ZipFile(path) as archive:
            sources = [entry for entry in archive.infolist() if _is_program(entry.filename)]
            if not sources:
                raise UntrustedModelError(
                    f"{path.name} is said to be TorchScript, but holds no program of it",
                    remedy="ask its author for ONNX",
                )
            if sum(entry.file_size for entry in sources) > LARGEST_PROGRAM:
                raise UntrustedModelError(f"{path.name} holds a program of more than {LARGEST_PROGRAM} bytes")
            for entry in sources:
                if found := _TOUCHES_FILES.search(archive.read(entry)):
                    raise UntrustedModelError(
                        f"{path.name} calls {found[0].decode()}, which reads or writes files",
                        remedy="ask its author for ONNX",
                    )
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise CardError(
            f"{path.name} is no TorchScript file: {one_line(error)}", remedy="export it again"
        ) from error
