"""Shared-memory segments: files that the plugin made, mapped here and seen as arrays without a copy.

The plugin creates, pools and unlinks every segment. The engine only maps them, and works on the mapped
view. A message names an array in a segment by `segment`, `offset` (bytes), `dtype` and `shape` in C order.
"""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import SegmentError, one_line
from drua.platform import map_pages
from drua.protocol import SegmentFile

ALIGNMENT = 64
"""Arrays in a segment start at multiples of this many bytes."""

DTYPES = {
    "uint8": np.uint8,
    "uint16": np.uint16,
    "int16": np.int16,
    "int32": np.int32,
    "float32": np.float32,
    "float64": np.float64,
    "argb32": np.int32,
}


class Segments:
    """The segments that the plugin has attached, by name."""

    def __init__(self) -> None:
        self._mapped: dict[str, mmap.mmap] = {}

    def attach(self, files: Iterable[SegmentFile]) -> tuple[str, ...]:
        """Map the files and return their names.

        Raises
        ------
        SegmentError
            If a file is missing, not a plain file of ours, or shorter than it says.
        """
        names = []
        for file in files:
            if file.name in self._mapped:
                raise SegmentError(f"segment {file.name!r} is attached already")
            self._mapped[file.name] = _map(file)
            names.append(file.name)
        return tuple(names)

    def release(self, names: Iterable[str]) -> None:
        """Forget the segments; the memory goes back to the system when the last view of it is gone."""
        for name in names:
            self._mapped.pop(name, None)

    def view(self, reference: dict[str, Any]) -> NDArray[Any]:
        """Return the array that a message refers to, on the mapped memory.

        Raises
        ------
        SegmentError
            If the segment is not attached, or the array is not wholly inside it.
        """
        name, shape = reference.get("segment"), reference.get("shape")
        dtype = DTYPES.get(str(reference.get("dtype")))
        if dtype is None:
            raise SegmentError(f"dtype {reference.get('dtype')!r} is none of {', '.join(DTYPES)}")
        if not isinstance(shape, list) or any(type(side) is not int or side < 0 for side in shape):
            raise SegmentError(f"shape {shape!r} is not a list of sides")
        mapped = self._segment(name)
        count, offset = int(np.prod(shape, dtype=object)), reference.get("offset", 0)
        size = count * np.dtype(dtype).itemsize
        if type(offset) is not int or offset < 0 or offset % ALIGNMENT or offset + size > len(mapped):
            raise SegmentError(
                f"an array of {size} bytes at {offset!r} does not lie in segment {name!r}"
                f" of {len(mapped)} bytes at a multiple of {ALIGNMENT}"
            )
        if not count:
            return np.empty(shape, dtype)
        return np.frombuffer(mapped, dtype, count, offset).reshape(shape)

    def write(self, name: str, arrays: list[NDArray[Any]]) -> list[dict[str, Any]]:
        """Copy arrays one behind the other into a segment and return a reference to each.

        Raises
        ------
        SegmentError
            If the segment is not attached or too small.
        """
        references, offset = [], 0
        for array in arrays:
            reference = {
                "segment": name,
                "offset": offset,
                "dtype": array.dtype.name,
                "shape": list(array.shape),
            }
            self.view(reference)[...] = array
            references.append(reference)
            offset += _aligned(array.nbytes)
        return references

    def _segment(self, name: Any) -> mmap.mmap:
        if not isinstance(name, str) or name not in self._mapped:
            raise SegmentError(
                f"segment {name!r} is not attached; attached are {', '.join(self._mapped) or 'none'}"
            )
        return self._mapped[name]


def bytes_needed(arrays: Iterable[NDArray[Any]]) -> int:
    """Return the size of a segment that holds the arrays one behind the other, in bytes."""
    return sum(_aligned(array.nbytes) for array in arrays)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _map(file: SegmentFile) -> mmap.mmap:
    # A link could point the engine at somebody else's file, so it is not followed where that can be asked.
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(file.path, flags)
    except (OSError, ValueError) as error:
        raise SegmentError(f"segment file {file.path!r} cannot be opened: {one_line(error)}") from error
    try:
        status = os.fstat(descriptor)
        # Pages beyond the end of the file would end this process with SIGBUS, so the length is checked first.
        if not stat.S_ISREG(status.st_mode) or file.bytes <= 0 or status.st_size < file.bytes:
            raise SegmentError(
                f"segment file {file.path!r} has {status.st_size} bytes,"
                f" but {file.bytes} of a plain file are expected"
            )
        return map_pages(descriptor, file.bytes)
    finally:
        os.close(descriptor)
