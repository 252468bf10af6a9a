from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from drua import platform
from drua.errors import Cancelled, OutputError, SourceError
from drua.models import archive, download

from tests.store.conftest import Server

CONTENT = np.random.default_rng(3).bytes(3 * 2**20 + 17)


def _silent(_what: str, _done: int, _all: int) -> None:
    pass


def _get(address: str, progress=_silent) -> bytes:
    with download.downloaded(address, progress) as path:
        return path.read_bytes()


def test_a_file_arrives_whole_with_progress_in_megabytes(server: Server) -> None:
    seen: list[tuple[str, int, int]] = []
    address = server.put("/m.zip", CONTENT)
    assert _get(address, lambda *step: seen.append(step)) == CONTENT
    assert {what for what, _, _ in seen} == {"downloading (MB)"}
    assert seen[-1] == ("downloading (MB)", 3, 3)


def test_a_lost_connection_is_taken_up_where_it_broke(server: Server) -> None:
    address = server.put("/m.zip", CONTENT)
    server.drops["/m.zip"] = [2**20, 2 * 2**20]
    assert _get(address) == CONTENT
    assert server.answers == [200, 206, 206]
    assert [asked for _, asked in server.asked] == [None, f"bytes={2**20}-", f"bytes={2 * 2**20}-"]


def test_an_attempt_that_failed_is_resumed_by_the_next_call(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    address = server.put("/m.zip", CONTENT)
    server.drops["/m.zip"] = [2**20, 2**20]  # the second attempt brings nothing
    with pytest.raises(SourceError, match="the next attempt goes on"):
        _get(address)
    assert _get(address) == CONTENT
    assert server.answers == [200, 206, 206]


def test_a_changed_file_starts_anew(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    address = server.put("/m.zip", CONTENT)
    server.drops["/m.zip"] = [2**20, 2**20]
    with pytest.raises(SourceError):
        _get(address)
    server.put("/m.zip", CONTENT[::-1])
    assert _get(address) == CONTENT[::-1]


def test_a_server_without_ranges_is_read_from_the_start(server: Server) -> None:
    server.ranges = False
    address = server.put("/m.zip", CONTENT)
    server.drops["/m.zip"] = [2**20]
    assert _get(address) == CONTENT
    assert server.answers == [200, 200]


def test_without_a_name_of_the_version_nothing_is_resumed(server: Server) -> None:
    address = server.put("/m.zip", CONTENT)
    del server.tags["/m.zip"]
    server.drops["/m.zip"] = [2**20]
    assert _get(address) == CONTENT
    assert [asked for _, asked in server.asked] == [None, None]


def test_what_is_complete_is_not_fetched_again(server: Server) -> None:
    address = server.put("/m.zip", CONTENT)
    assert _get(address) == _get(address) == CONTENT
    assert server.answers == [200, 304]


def test_forgotten_is_fetched_again(server: Server) -> None:
    address = server.put("/m.zip", CONTENT)
    _get(address)
    download.forget(address)
    assert _get(address) == CONTENT
    assert server.answers == [200, 200]


def test_a_cancel_ends_at_once_though_the_server_is_silent_and_the_rest_is_resumed(server: Server) -> None:
    address = server.put("/m.zip", CONTENT)
    server.drops["/m.zip"] = [2**20]
    server.gate.clear()

    def cancel(_what: str, done: int, _all: int) -> None:
        if done >= 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        _get(address, cancel)
    server.gate.set()
    for thread in threading.enumerate():
        if thread.name == "drua-download":
            thread.join(10)
    assert _get(address) == CONTENT
    assert server.answers == [200, 206]


def test_what_a_process_that_is_gone_left_is_taken_over(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    address = server.put("/m.zip", CONTENT)
    server.drops["/m.zip"] = [2**20, 2**20]
    with pytest.raises(SourceError):
        _get(address)
    (place,) = (platform.cache_folder() / "downloads").iterdir()
    place.rename(place.with_name(f"{place.name}.999999999.1.1"))
    assert _get(address) == CONTENT
    assert server.answers[-1] == 206


def test_a_folder_in_use_is_left_alone(server: Server) -> None:
    address = server.put("/m.zip", CONTENT)
    with download.downloaded(address, _silent) as first, download.downloaded(address, _silent) as second:
        assert first != second
        assert first.read_bytes() == second.read_bytes() == CONTENT


def test_what_is_not_there_is_said_with_the_address(server: Server) -> None:
    address = server.put("/m.zip", b"")
    with pytest.raises(SourceError, match=r"other\.zip cannot be downloaded: the server answers 404"):
        _get(address.replace("m.zip", "other.zip"))


def test_a_server_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 2)
    with pytest.raises(SourceError, match="cannot be downloaded: ConnectError"):
        _get("http://127.0.0.1:9/m.zip")


def test_a_disk_without_room_is_said_before_anything_is_written(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "ROOM", 1 << 60)
    address = server.put("/m.zip", CONTENT)
    with pytest.raises(OutputError, match="3 MB on the disk"):
        _get(address)


def test_a_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # To a proxy the whole address is the path.
    proxy = server.put("http://models.invalid/m.zip", CONTENT).partition("http://models")[0]
    monkeypatch.setenv("HTTP_PROXY", proxy)
    assert _get("http://models.invalid/m.zip") == CONTENT


def test_old_downloads_are_swept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    _get(server.put("/old.zip", CONTENT))
    monkeypatch.setattr(download, "SECONDS_KEPT", -1.0)
    _get(server.put("/new.zip", b"new"))
    folders = list((platform.cache_folder() / "downloads").iterdir())
    assert [(folder / "file").read_bytes() for folder in folders] == [b"new"]


def test_nothing_is_left_running(server: Server) -> None:
    _get(server.put("/m.zip", CONTENT))
    assert not [thread for thread in threading.enumerate() if thread.name == "drua-download"]
    assert all("." not in folder.name for folder in Path(platform.cache_folder() / "downloads").iterdir())
