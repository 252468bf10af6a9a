"""Hostile and damaged archives: what is refused, why, and that nothing of it reaches the disk."""

from __future__ import annotations

import contextlib
import stat
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from drua.errors import Cancelled, DruaError, OutputError, SourceError, UntrustedModelError
from drua.models import archive
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FREE = {"a.txt": b"a" * 1000, "sub/b.bin": b"b" * 10}


def _silent(_what: str, _done: int, _all: int) -> None:
    pass


def _write(path: Path, entries: dict[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    items = entries.items() if isinstance(entries, dict) else entries
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in items:
            made.writestr(name, content)
    return path


def _unpack(path: Path, tmp_path: Path) -> dict[str, bytes]:
    target = tmp_path / "out"
    target.mkdir(exist_ok=True)
    archive.unpack(path, target, _silent)
    files = [file for file in target.rglob("*") if file.is_file()]
    return {file.relative_to(target).as_posix(): file.read_bytes() for file in files}


def _refused(path: Path, tmp_path: Path, part: str) -> None:
    with pytest.raises(UntrustedModelError) as caught:
        _unpack(path, tmp_path)
    assert part in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []
    assert {each.name for each in tmp_path.iterdir()} == {"out", path.name}


def test_a_plain_archive_is_unpacked_and_litter_is_left_out(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.zip", {**FREE, "__MACOSX/._a.txt": b"x", "sub/.DS_Store": b"x"})
    assert _unpack(path, tmp_path) == FREE


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd", "../up.txt", "sub/../../up.txt", "C:/x.txt", "C:x.txt", "\\\\server\\share\\x",
        "..\\up.txt", "a//b", "./a", "a/.", "nul",
        "sub/COM1.txt", "x.", "x ", "a:b", "a\x07b", "a?b", "/", "n" * 300,
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    _refused(_write(tmp_path / "m.zip", [("a.txt", b"a"), (name, b"x")]), tmp_path, "which leads elsewhere")


def test_an_empty_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w") as made, made.open(zipfile.ZipInfo(""), "w") as file:
        file.write(b"x")
    assert archive.names(path) == [""]
    _refused(path, tmp_path, "which leads elsewhere")


def test_what_follows_a_zero_byte_in_a_name_is_not_hidden(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.zip", [("good.txtXevil.exe", b"x")])
    path.write_bytes(path.read_bytes().replace(b"good.txtXevil", b"good.txt\0evil"))
    _refused(path, tmp_path, "which leads elsewhere")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    entry = zipfile.ZipInfo("weights.onnx")
    entry.external_attr = (kind | 0o777) << 16
    _refused(_write(tmp_path / "m.zip", [(entry, b"/etc/passwd")]), tmp_path, "a link or a device")


@pytest.mark.parametrize(
    ("names", "part"),
    [
        (["a.txt", "A.txt"], "in two spellings"),
        (["sub/a.txt", "Sub/b.txt"], "in two spellings"),
        (["stra\u00dfe", "strasse"], "in two spellings"),
        (["\u00e9.txt", "e\u0301.txt"], "in two spellings"),
        (["a", "a/b"], "as a file and as a folder"),
        (["A", "a/b"], "as a file and as a folder"),
    ],
)
def test_names_that_some_system_takes_for_the_same_are_refused(
    tmp_path: Path, names: list[str], part: str
) -> None:
    _refused(_write(tmp_path / "m.zip", dict.fromkeys(names, b"x")), tmp_path, part)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    _refused(_write(tmp_path / "m.zip", [("a", b"1"), ("a", b"2")]), tmp_path, "in two spellings")


def test_a_bomb_by_ratio_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FREE_ALLOWANCE", 0)
    _refused(_write(tmp_path / "m.zip", {"zeros": bytes(50 << 20)}), tmp_path, "would unpack")


def test_a_test_tensor_of_zeros_is_no_bomb(tmp_path: Path) -> None:
    assert len(_unpack(_write(tmp_path / "m.zip", {"zeros.npy": bytes(50 << 20)}), tmp_path)["zeros.npy"])


def test_a_bomb_by_count_is_refused(tmp_path: Path) -> None:
    names = [f"{number}.txt" for number in range(archive.MOST_FILES + 1)]
    _refused(_write(tmp_path / "m.zip", dict.fromkeys(names, b"")), tmp_path, "at most 2000")


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.zip", {"a.txt": b"a"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    _refused(path, tmp_path, "which is encrypted")


def test_a_rare_method_of_packing_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.zip", "w", zipfile.ZIP_LZMA) as made:
        made.writestr("a.txt", b"a")
    _refused(tmp_path / "m.zip", tmp_path, "packed by method 14")


def test_an_entry_that_is_longer_than_it_says_never_gets_more_room_than_that(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.zip", {"a.bin": b"a" * 5000})
    content = bytearray(path.read_bytes())
    for start, offset in ((content.index(b"PK\x03\x04"), 22), (content.index(b"PK\x01\x02"), 24)):
        content[start + offset : start + offset + 4] = struct.pack("<I", 100)
    path.write_bytes(content)
    with pytest.raises(SourceError, match="no zip archive that can be read"):
        _unpack(path, tmp_path)
    assert all(file.stat().st_size <= 100 for file in (tmp_path / "out").iterdir())


def test_a_truncated_archive_is_said(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.zip", {"a.bin": np.random.default_rng(1).bytes(10_000)})
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(SourceError, match="fetch it again"):
        _unpack(path, tmp_path)


def test_a_changed_byte_is_said(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.zip", {"a.bin": np.random.default_rng(1).bytes(10_000)})
    content = bytearray(path.read_bytes())
    content[5000] ^= 255
    path.write_bytes(content)
    with pytest.raises(SourceError, match="fetch it again"):
        _unpack(path, tmp_path)


def test_a_disk_without_room_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ROOM", 1 << 60)
    with pytest.raises(OutputError, match="are free"):
        _unpack(_write(tmp_path / "m.zip", FREE), tmp_path)


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    def cancel(_what: str, _done: int, _all: int) -> None:
        raise Cancelled

    (tmp_path / "out").mkdir()
    with pytest.raises(Cancelled):
        archive.unpack(_write(tmp_path / "m.zip", FREE), tmp_path / "out", cancel)


_SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_PARTS = st.sampled_from(["..", ".", "", "a", "A", "b.txt", "con", "x ", "C:", "\\", "é", "e\u0301", "~"])


@_SETTINGS
@given(st.lists(st.lists(_PARTS, min_size=1, max_size=4).map("/".join), min_size=1, max_size=5))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_whatever_the_names_nothing_is_written_outside(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    place = tmp_path_factory.mktemp("names")
    path = _write(place / "m.zip", [(name, b"x") for name in names if name])
    try:
        _unpack(path, place)
    except DruaError:
        assert list((place / "out").iterdir()) == []
    assert {each.name for each in place.iterdir()} == {"m.zip", "out"}


@_SETTINGS
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6), st.integers(0, 400))
def test_a_damaged_archive_is_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], cut: int
) -> None:
    place = tmp_path_factory.mktemp("damage")
    path = _write(place / "m.zip", FREE)
    content = bytearray(path.read_bytes())
    for at, value in changes:
        content[at % len(content)] = value
    path.write_bytes(content[: len(content) - cut % 40])
    with contextlib.suppress(DruaError):  # any other error fails the test
        _unpack(path, place)
