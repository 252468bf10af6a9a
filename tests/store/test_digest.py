from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from drua import platform
from drua.models import digest


def _settled(path: Path, content: bytes, age: float = 60.0) -> Path:
    path.write_bytes(content)
    os.utime(path, (time.time() - age,) * 2)
    return path


def _no_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> str:
        raise AssertionError("the file was hashed")

    monkeypatch.setattr(digest, "_hash", refuse)


def test_a_hit_does_not_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _settled(tmp_path / "w", b"weights")
    first = digest.sha256(path)
    assert first == hashlib.sha256(b"weights").hexdigest()
    _no_hashing(monkeypatch)
    assert digest.sha256(path) == first


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_file_that_changed_in_any_way_is_hashed_again(tmp_path: Path, change: str) -> None:
    path = _settled(tmp_path / "w", b"weights")
    digest.sha256(path)
    if change == "size":
        _settled(path, b"longer weights")
    elif change == "time":
        _settled(path, b"WEIGHTS", age=50.0)
    else:
        times = path.stat()
        (tmp_path / "new").write_bytes(b"WEIGHTS")
        os.utime(tmp_path / "new", ns=(times.st_atime_ns, times.st_mtime_ns))
        (tmp_path / "new").replace(path)
    assert digest.sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_has_just_changed_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "w"
    path.write_bytes(b"weights")
    times = path.stat()
    digest.sha256(path)
    with path.open("r+b") as file:
        file.write(b"WEIGHTS")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a coarse clock would have it
    assert digest.sha256(path) == hashlib.sha256(b"WEIGHTS").hexdigest()


@pytest.mark.parametrize("spoiled", ["", "[]", "{", '{"x": 1}'])
def test_a_spoiled_cache_costs_time_only(tmp_path: Path, spoiled: str) -> None:
    path = _settled(tmp_path / "w", b"weights")
    cache = platform.cache_folder() / "digests.json"
    cache.parent.mkdir(parents=True)
    cache.write_text(spoiled)
    assert digest.sha256(path) == digest.sha256(path) == hashlib.sha256(b"weights").hexdigest()


def test_the_cache_keeps_the_latest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "ENTRIES", 2)
    paths = [_settled(tmp_path / name, name.encode()) for name in ("a", "b", "c")]
    for path in paths:
        digest.sha256(path)
    digest.sha256(paths[1])
    _no_hashing(monkeypatch)
    digest.sha256(paths[2])
    with pytest.raises(AssertionError):
        digest.sha256(paths[0])


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digest.sha256(tmp_path / "no")


def test_progress_is_told_and_may_end_it(tmp_path: Path) -> None:
    path = _settled(tmp_path / "w", bytes(digest.BLOCK * 2 + 1))
    seen: list[int] = []
    digest.sha256(path, seen.append)
    assert seen == [digest.BLOCK, 2 * digest.BLOCK, 2 * digest.BLOCK + 1]
