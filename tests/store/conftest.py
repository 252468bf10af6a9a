"""Fixtures for packages that come and go: a home of their own, and a server that misbehaves."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from drua.models import download
from drua.models.contents import Engine


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, "PAUSES", (0.0,))


@pytest.fixture
def engine() -> Engine:
    """An engine as Drua's own, without any architecture."""
    formats = ("onnx", "torchscript", "pytorch_state_dict")
    return Engine(
        formats, frozenset({"image", "classes", "watershed"}), lambda _architecture: False, _never, _never
    )


def _never(*_arguments: object) -> None:
    raise AssertionError("nobody has allowed it")


class Server:
    """Files on 127.0.0.1, and what is to go wrong with them.

    `drops` maps a path to the bytes after which each of its next answers breaks off, in order; `tags` are the
    ETags (without one, Last-Modified stays out, too); `asked` are path and Range header of every request.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.drops: dict[str, list[int]] = {}
        self.tags: dict[str, str] = {}
        self.ranges = True
        self.chunked = False
        self.asked: list[tuple[str, str | None]] = []
        self.answers: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self._http = _Quiet(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def put(self, path: str, content: bytes) -> str:
        """Serve a file and return its address."""
        self.files[path] = content
        self.tags[path] = f'"{hashlib.sha256(content).hexdigest()[:8]}"'
        return f"http://127.0.0.1:{self._http.server_port}{path}"

    def close(self) -> None:
        self.gate.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        pass  # a client that leaves is what the tests are about


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            path, asked = self.path, self.headers.get("Range")
            server.asked.append((path, asked))
            if path not in server.files:
                self._end(404)
                return
            content, tag = server.files[path], server.tags.get(path)
            if tag and self.headers.get("If-None-Match") == tag:
                self._end(304)
                return
            start = 0
            if asked and server.ranges and self.headers.get("If-Range") == tag:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
            server.answers.append(206 if start else 200)
            self.send_response(206 if start else 200)
            if tag:
                self.send_header("ETag", tag)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            drops = server.drops.get(path)
            end = drops.pop(0) if drops else len(content)
            self.wfile.write(content[start:end])
            self.wfile.flush()
            server.gate.wait(30)
            if end < len(content):
                self.close_connection = True

        def _end(self, code: int) -> None:
            server.answers.append(code)
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    """A server in a thread."""
    running = Server()
    yield running
    running.close()
