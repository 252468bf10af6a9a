"""SHA-256 of files, remembered by path, size, time of change and inode: large weights are hashed once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drua import platform

BLOCK = 1 << 20
ENTRIES = 1000
SECONDS_TO_SETTLE = 2.0
"""A file that changed so lately may change again without a new time of change, and is not remembered."""


def sha256(path: Path, on_block: Callable[[int], None] | None = None) -> str:
    """Return the SHA-256 of a file as hexadecimal digits.

    Parameters
    ----------
    path : Path
        The file.
    on_block : callable, optional
        Called with the bytes done so far while a file is read, which one that is remembered is not; what it
        raises ends the reading.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    key, facts = str(path.resolve()), _facts(path)
    entry = _read().get(key)
    if isinstance(entry, list) and entry[:-1] == facts:
        return str(entry[-1])
    found = _hash(path, on_block)
    if _facts(path) == facts and time.time() - facts[1] / 1e9 > SECONDS_TO_SETTLE:
        _keep(key, [*facts, found])
    return found


def _facts(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _hash(path: Path, on_block: Callable[[int], None] | None) -> str:
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            if on_block:
                on_block(done)
    return digest.hexdigest()


def _file() -> Path:
    return platform.cache_folder() / "digests.json"


def _read() -> dict[str, Any]:
    try:
        entries = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return entries if isinstance(entries, dict) else {}


def _keep(key: str, entry: list[Any]) -> None:
    # A cache that cannot be written costs time, nothing else.
    entries = _read()
    entries.pop(key, None)
    latest = list(entries.items())[-(ENTRIES - 1) :]
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        temporary = _file().with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(dict([*latest, (key, entry)])), encoding="utf-8")
        temporary.replace(_file())
