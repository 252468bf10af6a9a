"""A plugin in Python: starts a real worker and speaks the protocol with it, segments included."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

SECONDS = 60.0


class Client:
    """One worker process; every wait has a deadline."""

    def __init__(self, folder: Path, start: str = "from drua.worker import main; main()") -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "log.txt").open("wb"),
            env={**os.environ, "PYTHONWARNINGS": "default"},
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._segments: dict[str, np.memmap] = {}
        self._tasks = 0
        self.seen: list[dict[str, Any]] = []
        self.hello = self.receive()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.process.stdin.close()
        self.process.wait(SECONDS)
        self.process.stdout.close()

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text()

    def send(self, message: dict[str, Any] | str) -> None:
        line = message if isinstance(message, str) else json.dumps(message)
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        message = json.loads(self._lines.get(timeout=SECONDS))
        self.seen.append(message)
        return message

    def execute(self, op: str, inputs: dict[str, Any]) -> str:
        self._tasks += 1
        task = str(self._tasks)
        self.send({"requestType": "EXECUTE", "task": task, "op": op, "inputs": inputs})
        return task

    def finish(self, task: str) -> dict[str, Any]:
        """Grant what the task needs and return its last message."""
        while True:
            message = self.receive()
            if message.get("task") != task:
                continue
            if message["responseType"] == "NEED":
                self.send({"requestType": "GRANT", "task": task, "segment": self.segment(message["bytes"])})
            if message["responseType"] in ("COMPLETION", "FAILURE", "CANCELATION"):
                return message

    def call(self, op: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run an operation and return its outputs."""
        message = self.finish(self.execute(op, inputs))
        assert message["responseType"] == "COMPLETION", message
        return message["outputs"]

    def segment(self, size: int) -> str:
        """Make a segment, let the worker attach it, unlink it, and return its name."""
        name = f"s{len(self._segments) + 1}"
        path = self.folder / name
        path.write_bytes(bytes(max(size, 64)))
        self._segments[name] = np.memmap(path, np.uint8, "r+")
        self.send(
            {"requestType": "ATTACH", "segments": [{"name": name, "path": str(path), "bytes": max(size, 64)}]}
        )
        while self.receive() != {"responseType": "ATTACHED", "segments": [name]}:
            pass
        path.unlink()
        return name

    def put(self, array: np.ndarray, dtype: str | None = None) -> dict[str, Any]:
        """Copy an array into a new segment and return its reference."""
        name = self.segment(array.nbytes)
        self._segments[name][: array.nbytes] = np.frombuffer(array.tobytes(), np.uint8)
        return {"segment": name, "offset": 0, "dtype": dtype or array.dtype.name, "shape": list(array.shape)}

    def get(self, reference: dict[str, Any]) -> np.ndarray:
        """Return the array that the worker wrote."""
        dtype = np.dtype(reference["dtype"])
        count = int(np.prod(reference["shape"]))
        start = reference["offset"]
        taken = self._segments[reference["segment"]][start : start + count * dtype.itemsize]
        return taken.view(dtype).reshape(reference["shape"]).copy()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)
