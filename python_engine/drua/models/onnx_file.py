"""What an ONNX file says of itself, read without a runtime: its operator set and its external data.

ONNX Runtime follows the names of external files by itself and does not tell them, so they are looked up
before it sees the file. Only the wire format of protobuf is read here: a field is its number and kind, then a
number, 4 or 8 bytes, or a length and that many bytes, which may be a message again.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drua.errors import CardError, UntrustedModelError, one_line

_INSIDE = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
"""Kind of message -> number of a field -> the kind of message in it; all other fields hold no tensor."""

_EXTERNAL_DATA, _OPERATOR_SET = 13, 8
_DEEPEST = 64


@dataclass(frozen=True)
class OnnxFile:
    """The newest version of ONNX's own operator set that a file uses, and the files with its tensors."""

    opset: int
    external: tuple[str, ...]


def read_onnx(path: Path) -> OnnxFile:
    """Return what an ONNX file says of itself.

    Raises
    ------
    CardError
        If it is no ONNX file.
    UntrustedModelError
        If it names external data outside its folder.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            names = dict.fromkeys(_locations(data, 0, len(data), "model"))
            found = OnnxFile(_opset(data), tuple(names))
    except (OSError, ValueError, IndexError) as error:
        raise CardError(f"{path} is not an ONNX file: {one_line(error)}", remedy="export it again") from error
    for name in found.external:
        _check_location(path, name)
    return found


def _check_location(path: Path, name: str) -> None:
    folder = path.parent.resolve()
    outside = "\\" in name or ":" in name or not (folder / name).resolve().is_relative_to(folder)
    if outside or Path(name).is_absolute() or (path.parent / name).is_symlink():
        raise UntrustedModelError(
            f"{path} has tensors in {name!r}, but they must lie in a file in its folder",
            remedy="save the network again with its tensors in one file beside it",
        )


def _opset(data: mmap.mmap) -> int:
    versions = []
    for number, begin, end in _fields(data, 0, len(data)):
        if number == _OPERATOR_SET:
            entry = {field: (first, last) for field, first, last in _fields(data, begin, end)}
            domain = data[slice(*entry[1])] if 1 in entry else b""
            if domain in (b"", b"ai.onnx") and 2 in entry:
                versions.append(_varint(data, entry[2][0])[0])
    if not versions:
        raise ValueError("it names no operator set")
    return max(versions)


def _locations(data: mmap.mmap, begin: int, end: int, kind: str, depth: int = 0) -> Iterator[str]:
    if depth > _DEEPEST:
        raise ValueError("its graphs are nested too deeply")
    for number, first, last in _fields(data, begin, end):
        if kind == "tensor" and number == _EXTERNAL_DATA:
            entry = {field: data[start:stop] for field, start, stop in _fields(data, first, last)}
            if entry.get(1) == b"location":
                yield entry.get(2, b"").decode()
        elif number in _INSIDE[kind]:
            yield from _locations(data, first, last, _INSIDE[kind][number], depth + 1)


def _fields(data: mmap.mmap, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the number of each field of a message, and where its content begins and ends."""
    while begin < end:
        key, begin = _varint(data, begin)
        kind = key & 7
        first = begin
        if kind == 0:
            _, last = _varint(data, begin)
        elif kind == 2:
            length, first = _varint(data, begin)
            last = first + length
        elif kind in (1, 5):
            last = begin + (8 if kind == 1 else 4)
        else:
            raise ValueError(f"byte {begin} begins no field")
        if last > end:
            raise ValueError("it is cut off")
        yield key >> 3, first, last
        begin = last


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError(f"byte {at} continues a number without end")
