from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from drua import platform


@pytest.mark.parametrize(
    ("system", "environment", "data", "cache"),
    [
        ("linux", {"HOME": "/h"}, "/h/.local/share/drua", "/h/.cache/drua"),
        ("linux", {"HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": "/c"}, "/d/drua", "/c/drua"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Application Support/Drua", "/h/Library/Caches/Drua"),
        ("win32", {"USERPROFILE": "/h"}, "/h/AppData/Local/Drua", "/h/AppData/Local/Drua/cache"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/Drua", "/l/Drua/cache"),
    ],
)
def test_folders_follow_the_system(system: str, environment: dict, data: str, cache: str) -> None:
    assert platform.data_folder(system, environment) == Path(data)
    assert platform.cache_folder(system, environment) == Path(cache)


def test_mapped_pages_are_the_file_with_and_without_populating(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pages"
    path.write_bytes(bytes(8192))
    with path.open("r+b") as file:
        with platform.map_pages(file.fileno(), 8192) as mapped:
            mapped[4097] = 7
        monkeypatch.delattr("mmap.MAP_POPULATE", raising=False)
        with platform.map_pages(file.fileno(), 8192) as mapped:
            assert mapped[4097] == 7


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the parent-death signal is Linux's own")
def test_a_child_that_holds_the_interpreter_dies_with_its_parent() -> None:
    # A power of this size is computed in C for minutes, and nothing else of the child runs meanwhile.
    spin = "from drua.platform import die_with_parent as d; d(); print(1, flush=True); 7 ** 10**8"
    parent = (
        "import subprocess as s, sys; c = s.Popen([sys.executable, '-c', sys.argv[1]], stdout=s.PIPE);"
        "c.stdout.readline(); print(c.pid)"
    )
    pid = int(subprocess.check_output([sys.executable, "-c", parent, spin], text=True, timeout=60))
    status = Path(f"/proc/{pid}/status")
    for _ in range(200):
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        subprocess.run(["sleep", "0.01"], check=True)
    pytest.fail("the child outlived its parent by two seconds")


def test_only_linux_ends_a_process_with_its_parent_and_windows_cannot_sweep() -> None:
    assert not platform.die_with_parent("darwin")
    assert not platform.die_with_parent("win32")
    assert platform.can_sweep("darwin")
    assert not platform.can_sweep("win32")


def test_a_file_that_is_open_for_a_moment_is_replaced_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    new.write_text("new")
    old.write_text("old")
    refusals = [PermissionError(), PermissionError()]
    replace = os.replace

    def refuse(*paths: Path) -> None:
        if refusals:
            raise refusals.pop()
        replace(*paths)

    monkeypatch.setattr("drua.platform.os.replace", refuse)
    platform.replace_file(new, old, "win32")
    assert (old.read_text(), new.exists(), refusals) == ("new", False, [])
    refusals.append(PermissionError())
    new.write_text("newer")
    with pytest.raises(PermissionError):
        platform.replace_file(new, old, "linux")
