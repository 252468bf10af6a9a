"""What a pickle would import, found without running it.

A pickle is a program: it may call any function of any module. One that holds nothing but tensors calls the
few functions of `TENSORS`. What loads weights (`torch.load(weights_only=True)`) refuses the others by itself;
this tells so when a package is added, with the name of what the file asks for.
"""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from drua.errors import UntrustedModelError, one_line

_STORAGES = (
    "Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool",
    "ComplexFloat", "ComplexDouble", "Untyped",
)  # fmt: skip
_DTYPES = (
    "float16", "float32", "float64", "bfloat16", "bool", "uint8", "uint16", "uint32", "uint64",
    "int8", "int16", "int32", "int64", "float8_e4m3fn", "float8_e5m2", "complex64", "complex128",
)  # fmt: skip
_REBUILDERS = ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter")
TENSORS = frozenset(
    {
        "collections OrderedDict",
        "_codecs encode",
        "torch Size",
        "torch device",
        "torch.nn.parameter Parameter",
        "torch.storage TypedStorage",
        "torch.storage UntypedStorage",
        *(f"torch._utils {name}" for name in _REBUILDERS),
        *(f"torch {name}" for name in _DTYPES),
        *(f"torch {kind}Storage" for kind in _STORAGES),
    }
)
"""Module and name of what tensors need."""

LARGEST = 1 << 28
_OLD_FILE = 0x1950A86A20F9469CFC6C  # what files of torch before 1.6 begin with
_OLD_PICKLES = 5
_STRINGS = ("UNICODE", "STRING")
_EXTENSIONS = ("EXT1", "EXT2", "EXT4")
_WITHOUT_EFFECT = ("PROTO", "FRAME")
_UNKNOWN = "a name that is computed"


def check(path: Path) -> None:
    """Refuse a file of weights whose pickles need more than tensors.

    Raises
    ------
    UntrustedModelError
        If it does, or cannot be read to its end.
    """
    if path.suffix == ".safetensors":  # no pickle at all
        return
    try:
        found = {name for stream in _streams(path) for name in stream}
    except UntrustedModelError:
        raise
    except Exception as error:  # what a damaged pickle makes the reader raise is open-ended
        raise UntrustedModelError(
            f"{path.name} is neither a torch file nor a pickle that can be read: {one_line(error)}",
            remedy="ask its author for ONNX or safetensors",
        ) from error
    if strange := sorted(found - TENSORS):
        raise UntrustedModelError(
            f"{path.name} would call {', '.join(strange[:3])} when opened, but weights are only tensors",
            remedy="ask its author for ONNX, or for a state dict alone",
        )


def imports(stream: IO[bytes]) -> Iterator[str]:
    """Yield 'module name' for everything that one pickle imports; the stream is left behind its end."""
    last: list[str | None] = [None, None]
    memory: dict[int, str | None] = {}
    for opcode, argument, _ in pickletools.genops(stream):
        name = opcode.name
        if name in ("GLOBAL", "INST"):
            yield str(argument)
        elif name == "STACK_GLOBAL":
            yield _UNKNOWN if None in last[-2:] else " ".join(map(str, last[-2:]))
        elif name in _EXTENSIONS:
            yield f"extension {argument}"
        _follow(name, argument, last, memory)


def _follow(name: str, argument: Any, last: list[str | None], memory: dict[int, str | None]) -> None:
    """Keep track of the texts that STACK_GLOBAL takes: the ones pushed last, directly or from memory."""
    if name == "MEMOIZE":
        memory[len(memory)] = last[-1]
    elif name.endswith("PUT"):
        memory[int(argument)] = last[-1]
    elif name.endswith("GET"):
        last.append(memory.get(int(argument)))
    elif name not in _WITHOUT_EFFECT:
        last.append(argument if any(kind in name for kind in _STRINGS) else None)
    del last[:-2]


def _streams(path: Path) -> Iterator[Iterator[str]]:
    """Yield what each pickle of a file imports."""
    with path.open("rb") as file:
        if zipfile.is_zipfile(file):
            yield from _zipped(path)
            return
        file.seek(0)
        if _first_value(file) != _OLD_FILE:
            file.seek(0)
            yield imports(file)
            return
        for _ in range(_OLD_PICKLES - 1):
            yield imports(file)


def _first_value(file: IO[bytes]) -> Any:
    values = [argument for _, argument, _ in pickletools.genops(file) if isinstance(argument, int)]
    return values[-1] if values else None


def _zipped(path: Path) -> Iterator[Iterator[str]]:
    with zipfile.ZipFile(path) as archive:
        pickles = [entry for entry in archive.infolist() if entry.filename.endswith(".pkl")]
        if not pickles:
            raise UntrustedModelError(f"{path.name} is an archive without weights")
        for entry in pickles:
            if entry.file_size > LARGEST:
                raise UntrustedModelError(f"{entry.filename} in {path.name} has {entry.file_size} bytes")
            with archive.open(entry) as stream:
                yield imports(stream)
