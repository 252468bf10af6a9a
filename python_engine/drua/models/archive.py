"""Zip archives of packages: checked as a whole before anything is written, then taken out entry by entry.

Measured on packages as they are made: 5 to 60 files; weights shrink by a tenth, test tensors with an empty
ground up to a thousand times (deflate's limit). So the limit is on the whole archive, with a free allowance.
"""

from __future__ import annotations

import shutil
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from drua.errors import OutputError, SourceError, UntrustedModelError, one_line

MOST_FILES = 2000
LARGEST_RATIO = 100
FREE_ALLOWANCE = 1 << 30
"""Bytes that an archive may unpack to whatever its own size."""

ROOM = 1 << 28
"""Bytes that are left free on the disk."""

_BLOCK = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_FORBIDDEN = set('<>:"|?*') | {chr(code) for code in range(32)}
_DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))}
_LITTER = ("__MACOSX", ".DS_Store")

Progress = Callable[[str, int, int], None]


def unpack(path: Path, folder: Path, progress: Progress) -> None:
    """Take all files out of an archive into a folder that is empty or not there yet.

    Raises
    ------
    UntrustedModelError
        If an entry could do harm, before anything is written.
    SourceError
        If the archive is damaged.
    OutputError
        If there is too little room on the disk.
    """
    with _opened(path) as archive:
        entries = dict(_checked(archive, path))
        total = sum(entry.file_size for entry in entries.values())
        folder.mkdir(exist_ok=True)
        need_room(folder, total)
        done = 0
        for name, entry in entries.items():
            with _created(folder.joinpath(*name.split("/"))) as file:
                for block in _blocks(archive, entry):
                    _write(file, block)
                    done += len(block)
                    progress("unpacking (MB)", done >> 20, total >> 20)


def names(path: Path) -> list[str]:
    """Return the names of all files in an archive, without any check; SourceError if it is damaged."""
    with _opened(path) as archive:
        return [entry.filename for entry in archive.infolist() if not _is_folder(entry)]


def need_room(folder: Path, size: int) -> None:
    """Raise OutputError if the disk of a folder has no room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if size + ROOM > free:
        raise OutputError(
            f"the model needs {size >> 20} MB on the disk of {folder}, where {free >> 20} MB are free",
            remedy="make room on that disk",
        )


class _opened:  # noqa: N801 - used like a function
    """An opened archive, whose damage is a SourceError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> zipfile.ZipFile:
        try:
            self._archive = zipfile.ZipFile(self._path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise self._damaged(error) from error
        return self._archive

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._archive.close()
        damage = (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError)
        if isinstance(error, damage) or type(error).__module__ == "zlib":
            raise self._damaged(error) from error

    def _damaged(self, error: BaseException | None) -> SourceError:
        reason = one_line(error) if error else ""
        return SourceError(
            f"{self._path.name} is no zip archive that can be read: {reason}", remedy="fetch it again"
        )


def _checked(archive: zipfile.ZipFile, path: Path) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Yield name and entry of every file; the whole archive is judged before the first one."""
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise _refused(path, f"has {len(entries)} entries, but a package has at most {MOST_FILES}")
    total = sum(entry.file_size for entry in entries)
    if total > FREE_ALLOWANCE + LARGEST_RATIO * path.stat().st_size:
        raise _refused(path, f"would unpack {path.stat().st_size} bytes to {total}")
    wanted = [(_name(entry, path), entry) for entry in entries if not _is_litter(entry)]
    _refuse_clashes([(name, _is_folder(entry)) for name, entry in wanted], path)
    yield from ((name, entry) for name, entry in wanted if not _is_folder(entry))


def _name(entry: zipfile.ZipInfo, path: Path) -> str:
    """Return the name of an entry, with slashes, if both are harmless."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(path, f"holds {entry.filename!r}, which is a link or a device")
    if entry.flag_bits & _ENCRYPTED:
        raise _refused(path, f"holds {entry.filename!r}, which is encrypted")
    if entry.compress_type not in _METHODS:
        raise _refused(path, f"holds {entry.filename!r}, packed by method {entry.compress_type}")
    name = entry.orig_filename.replace("\\", "/")
    parts = name.removesuffix("/").split("/")
    if not all(map(is_harmless, parts)):
        raise _refused(path, f"holds the name {entry.orig_filename!r}, which leads elsewhere or is unsafe")
    return "/".join(parts)


def is_harmless(part: str) -> bool:
    """Return whether a part of a path is a plain name on every system, and leads nowhere else."""
    return (
        part not in ("", ".", "..")
        and not part.endswith((".", " "))
        and not _FORBIDDEN & set(part)
        and part.split(".")[0].rstrip().lower() not in _DEVICES
        and len(part.encode("utf-8", "surrogateescape")) <= 255
    )


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith("/")  # is_dir() fails on an empty name


def _is_litter(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename).parts
    return bool(parts) and (parts[0] == _LITTER[0] or parts[-1] == _LITTER[1])


def _refuse_clashes(names: list[tuple[str, bool]], path: Path) -> None:
    """Refuse names that one system or another takes for the same, and files that are also folders."""
    seen: set[str] = set()
    folders: dict[str, str] = {}
    for name, is_folder in names:
        parts = name.split("/")
        for end in range(1, len(parts) + is_folder):
            spelled = "/".join(parts[:end])
            if folders.setdefault(_folded(spelled), spelled) != spelled:
                raise _refused(path, f"holds {name!r} twice, or in two spellings")
        if not is_folder and _folded(name) in seen:
            raise _refused(path, f"holds {name!r} twice, or in two spellings")
        if not is_folder:
            seen.add(_folded(name))
    for name in seen & set(folders):
        raise _refused(path, f"holds {name!r} as a file and as a folder")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content of an entry; never more than the entry says it has."""
    left = entry.file_size
    with archive.open(entry) as source:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise zipfile.BadZipFile(f"{entry.filename} is longer than it says")
            yield block
    if left:
        raise zipfile.BadZipFile(f"{entry.filename} is shorter than it says")


def _created(target: Path) -> BinaryIO:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("xb")
    except OSError as error:
        raise _unwritable(target.name, error) from error


def _write(file: BinaryIO, block: bytes) -> None:
    try:
        file.write(block)
    except OSError as error:
        raise _unwritable(file.name, error) from error


def _unwritable(name: str, error: OSError) -> OutputError:
    return OutputError(f"{name} cannot be written: {one_line(error)}", remedy="make room on that disk")


def _refused(path: Path, why: str) -> UntrustedModelError:
    return UntrustedModelError(f"{path.name} {why}", remedy="do not use it; get the model from its author")
