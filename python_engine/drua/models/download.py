"""Downloads that go on where they were interrupted: by a lost connection, a cancel or the end of the engine.

Each address has a folder in the cache with what came so far (`file`) and what the server said of it
(`state.json`). Who downloads takes the folder by renaming it, so that two processes never write to one file;
a folder whose process is gone is taken over. What is complete is asked for again with a condition, and the
server says that it is unchanged. Folders that nobody touched for a week are removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drua import platform
from drua.errors import OutputError, SourceError, one_line
from drua.models.archive import need_room

if TYPE_CHECKING:
    import httpx

SECONDS_TO_WAIT = 30.0
SECONDS_KEPT = 7 * 24 * 3600.0
ATTEMPTS = 5
PAUSES = (0.2, 1.0, 3.0, 5.0)
_SECONDS_TO_LOOK = 0.05
_AGAIN = (408, 429, 500, 502, 503, 504)

Progress = Callable[[str, int, int], None]


class _Again(Exception):  # noqa: N818 - a signal
    """The connection broke; it is worth another attempt."""


@dataclass
class _State:
    """What is known of a download: the server's names of this version, its bytes, and if all are there."""

    etag: str = ""
    modified: str = ""
    total: int = 0
    complete: bool = False

    @property
    def validator(self) -> str:
        """What a server compares to tell whether the file is the same, byte for byte; may be empty."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


@contextmanager
def downloaded(address: str, progress: Progress) -> Iterator[Path]:
    """Download a file, or the rest of it, and give its path as long as the context lasts.

    Parameters
    ----------
    address : str
        Begins with http:// or https://. The variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY are respected.
    progress : callable
        Called as ('downloading (MB)', done, all) with whole megabytes; all is 0 while it is not known. It may
        raise Cancelled; what came so far is kept.

    Raises
    ------
    SourceError
        If the server cannot be reached, or refuses.
    OutputError
        If there is too little room on the disk.
    """
    folder = _take(address)
    job = _Job(address, folder)
    thread = threading.Thread(target=job.run, name="drua-download", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            progress("downloading (MB)", job.done >> 20, job.total >> 20)
            thread.join(_SECONDS_TO_LOOK)
    except BaseException:
        # A thread that waits for the server gives the folder back by itself, later.
        job.leave()
        thread.join(1.0)
        raise
    try:
        if job.error:
            raise job.error
        progress("downloading (MB)", job.done >> 20, job.done >> 20)
        yield folder / "file"
    finally:
        job.leave()


def forget(address: str) -> None:
    """Remove what was downloaded from an address."""
    shutil.rmtree(_place(address), ignore_errors=True)


class _Job:
    """One download, in a thread of its own so that a silent server cannot hold up a cancel."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.error: BaseException | None = None
        self.done = 0
        self.total = 0
        self._folder = folder
        self._file = folder / "file"
        self._stop = False
        self._lock = threading.Lock()
        self._running = True

    def run(self) -> None:
        """Download; keeps what went wrong in `error`."""
        try:
            self._attempts()
        except BaseException as error:
            self.error = error
        with self._lock:
            self._running = False
            if self._stop:
                _give_back(self.address, self._folder)

    def leave(self) -> None:
        """Stop, and give the folder back as soon as nothing is written to it any more."""
        with self._lock:
            if not self._stop and not self._running:
                _give_back(self.address, self._folder)
            self._stop = True

    def _attempts(self) -> None:
        import httpx

        timeout = httpx.Timeout(SECONDS_TO_WAIT)
        try:
            with httpx.Client(follow_redirects=True, timeout=timeout) as client:
                self._with_attempts(client)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(self.address, one_line(error)) from error
        except OSError as error:
            raise OutputError(
                f"the download cannot be written to {self._folder}: {one_line(error)}",
                remedy="make room there, or allow writing to it",
            ) from error

    def _with_attempts(self, client: httpx.Client) -> None:
        """Try again after a break, as long as every attempt brings something or few have failed."""
        failures = 0
        while True:
            before = self.done
            try:
                self._attempt(client)
                return
            except _Again as error:
                failures = 0 if self.done > before else failures + 1
                if self._stop or failures >= ATTEMPTS:
                    raise _unreachable(self.address, str(error)) from error
                time.sleep(0 if self._stop else PAUSES[min(failures, len(PAUSES) - 1)])

    def _attempt(self, client: httpx.Client) -> None:
        import httpx

        state, headers = self._ask()
        try:
            with client.stream("GET", self.address, headers=headers) as response:
                if response.status_code == httpx.codes.NOT_MODIFIED and state.complete:
                    self.done = self.total = state.total
                    return
                self._receive(response, state)
        except (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise _Again(one_line(error)) from error

    def _ask(self) -> tuple[_State, dict[str, str]]:
        """Return what is known, and the headers that ask for the rest, or whether something has changed."""
        state = self._read_state()
        headers = {"Accept-Encoding": "identity", "User-Agent": "drua"}
        if state.complete:
            if state.etag:
                headers["If-None-Match"] = state.etag
            if state.modified:
                headers["If-Modified-Since"] = state.modified
        elif state.validator and self._size():
            headers |= {"Range": f"bytes={self._size()}-", "If-Range": state.validator}
        return state, headers

    def _receive(self, response: httpx.Response, state: _State) -> None:
        if response.status_code == 416:  # what is here does not fit what is there: start anew
            self._file.unlink()
            raise _Again("the file on the server has changed")
        if response.status_code in _AGAIN:
            raise _Again(f"the server answers {response.status_code} {response.reason_phrase}")
        if response.is_error or response.is_redirect:
            raise _unreachable(
                self.address, f"the server answers {response.status_code} {response.reason_phrase}"
            )
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise _unreachable(self.address, "the server compresses the file although it was asked not to")
        start = self._start(response, state)
        told = _state_of(response, start)
        state = _State(state.etag, state.modified, told.total) if start else told
        self.total = state.total
        need_room(self._folder, max(state.total - start, 0))
        self._write_state(state)
        self._write(response, start)
        state.complete, state.total = True, self.done
        self._write_state(state)

    def _start(self, response: httpx.Response, known: _State) -> int:
        """Return from which byte on the server sends: 0, or the first that is missing here."""
        if response.status_code != 206:
            return 0
        first = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        same = _state_of(response, 0).validator in ("", known.validator)
        if not same or not first or int(first[1]) != self._size():
            self._file.unlink()
            raise _Again("the file on the server has changed")
        return int(first[1])

    def _write(self, response: httpx.Response, start: int) -> None:
        with self._file.open("r+b" if start else "wb") as file:
            file.seek(start)
            self.done = start
            for block in response.iter_raw():
                if self._stop:
                    raise _Again("stopped")
                if not self.total and self.done >> 26 != (self.done + len(block)) >> 26:
                    need_room(self._folder, len(block))
                file.write(block)
                self.done += len(block)
        if self.total and self.done != self.total:
            raise _Again(f"the server sent {self.done} of {self.total} bytes")

    def _size(self) -> int:
        return self._file.stat().st_size if self._file.is_file() else 0

    def _read_state(self) -> _State:
        try:
            state = _State(**json.loads((self._folder / "state.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return _State()
        state.complete = state.complete and self._size() == state.total
        return state

    def _write_state(self, state: _State) -> None:
        temporary = self._folder / "state.tmp"
        temporary.write_text(json.dumps(asdict(state)), encoding="utf-8")
        temporary.replace(self._folder / "state.json")


def _state_of(response: httpx.Response, start: int) -> _State:
    headers = response.headers
    length = headers.get("Content-Length", "")
    total = start + int(length) if length.isdigit() else 0
    return _State(headers.get("ETag", ""), headers.get("Last-Modified", ""), total)


def _place(address: str) -> Path:
    key = hashlib.sha256(address.encode()).hexdigest()[:32]
    return platform.cache_folder() / "downloads" / key


def _take(address: str) -> Path:
    """Return the folder of an address, renamed so that it is ours alone."""
    place = _place(address)
    mine = place.with_name(f"{place.name}.{os.getpid()}.{threading.get_ident()}.{time.monotonic_ns()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _sweep(place.parent)
        for theirs in (place, *place.parent.glob(f"{place.name}.*")):
            if _is_free(theirs):
                with contextlib.suppress(OSError):
                    theirs.rename(mine)
                    return mine
        mine.mkdir()
    except OSError as error:
        raise OutputError(
            f"{place.parent} cannot be written to: {one_line(error)}", remedy="allow writing to it"
        ) from error
    return mine


def _give_back(address: str, mine: Path) -> None:
    place = _place(address)
    with contextlib.suppress(OSError):  # on Windows a file that is still open: it is taken over later
        if place.exists():
            shutil.rmtree(mine, ignore_errors=True)
        else:
            mine.rename(place)


def _is_free(folder: Path) -> bool:
    """Return whether nobody downloads to a folder: it has no owner, or its owner is gone."""
    import psutil

    _, _, owner = folder.name.partition(".")
    return folder.is_dir() and (not owner or not psutil.pid_exists(int(owner.partition(".")[0])))


def _sweep(downloads: Path) -> None:
    for folder in downloads.iterdir():
        with contextlib.suppress(OSError, ValueError):
            if time.time() - folder.stat().st_mtime > SECONDS_KEPT and _is_free(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _unreachable(address: str, why: Any) -> SourceError:
    return SourceError(
        f"{address} cannot be downloaded: {why}",
        remedy="check the address and the network; the next attempt goes on where this one stopped",
    )
