"""A session: what one plugin and this engine say to each other, whatever carries the lines.

`receive` takes request lines from any thread and answers at once what can be answered at once; tasks go to
one queue, and `run` executes them one at a time, in order of arrival. The worker process (`drua.worker`)
and the in-process engine (`drua.fiji`) are two carriers of the same session.
"""

from __future__ import annotations

import os
import platform as interpreter
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from drua import protocol
from drua.backends import devices
from drua.errors import Cancelled, DruaError, ProtocolError, SegmentError
from drua.operations import OPERATIONS, OpenModels
from drua.segments import Segments

SECONDS_BETWEEN_UPDATES = 0.05
SECONDS_FOR_GRANT = 60.0


class Task:
    """One EXECUTE request on its way: its progress, its cancel flag, the segment for its outputs."""

    def __init__(self, session: Session, request: protocol.Execute) -> None:
        self.request = request
        self.segments = session.segments
        self.models = session.models
        self.cancelled = False
        self.finishing = False
        self.begun = False
        self._session = session
        self._granted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._last_update = 0.0

    def progress(self, what: str, done: int, total: int) -> None:
        """Report progress, not too often; raises Cancelled when the plugin has asked to stop."""
        if self.cancelled:
            raise Cancelled
        now = time.monotonic()
        if done in (0, total) or now - self._last_update >= SECONDS_BETWEEN_UPDATES:
            self._last_update = now
            self._session.send(protocol.Update(self.request.task, what, done, total))

    def need(self, size: int) -> str:
        """Ask the plugin for a segment of `size` bytes, wait for it, and return its name."""
        self._session.send(protocol.Need(self.request.task, size))
        deadline = time.monotonic() + SECONDS_FOR_GRANT
        while time.monotonic() < deadline:
            if self.cancelled:
                raise Cancelled
            try:
                return self._granted.get(timeout=0.05)
            except queue.Empty:
                continue
        raise SegmentError(f"no segment of {size} bytes was granted within {SECONDS_FOR_GRANT:.0f} s")

    def grant(self, segment: str) -> None:
        """Give the task the segment it asked for."""
        self._granted.put(segment)


class Session:
    """The engine's end of a conversation with one plugin.

    Parameters
    ----------
    write : callable
        Takes one line without line feed; called by one thread at a time.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self.segments = Segments()
        self.models = OpenModels()
        self._write = write
        self._write_lock = threading.Lock()
        self._queue: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._tasks: dict[str, Task] = {}
        self._tasks_lock = threading.Lock()
        self._answers: dict[type, Callable[[Any], None]] = {
            protocol.Execute: self._execute,
            protocol.Cancel: self._cancel,
            protocol.Finish: self._finish,
            protocol.Attach: self._attach,
            protocol.Release: lambda request: self.segments.release(request.segments),
            protocol.Grant: self._grant,
            protocol.Ping: lambda request: self.send(protocol.Pong(request.id)),
            protocol.Shutdown: lambda _request: self.stop(),
        }

    def greet(self) -> None:
        """Send the first line."""
        self.send(
            protocol.Hello(
                protocol.VERSION, version("drua"), interpreter.python_version(), os.getpid(), devices()
            )
        )

    def send(self, message: protocol.Response) -> None:
        """Write one response; lines of different threads never mix."""
        line = protocol.encode(message)
        with self._write_lock:
            self._write(line)

    def receive(self, line: str | bytes) -> None:
        """Answer or queue one request line; never raises for what a line says."""
        try:
            request = protocol.decode_request(line)
            self._answers[type(request)](request)
        except DruaError as error:
            self.send(protocol.failure(protocol.task_of(line), error))

    def run(self) -> None:
        """Execute tasks until the session is stopped."""
        while (task := self._queue.get()) is not None:
            with self._tasks_lock:
                task.begun = self._tasks.get(task.request.task) is task
            if task.begun:
                self._run(task)
                with self._tasks_lock:
                    self._tasks.pop(task.request.task, None)

    def stop(self) -> None:
        """Cancel everything; `run` returns when the task that runs has noticed."""
        with self._tasks_lock:
            for task in self._tasks.values():
                task.cancelled = True
        self._queue.put(None)

    def _execute(self, request: protocol.Execute) -> None:
        task = Task(self, request)
        with self._tasks_lock:
            if request.task in self._tasks:
                raise ProtocolError(f"task {request.task!r} is there already")
            self._tasks[request.task] = task
        self._queue.put(task)

    def _cancel(self, request: protocol.Cancel) -> None:
        if task := self._running(request.task):
            task.cancelled = True

    def _finish(self, request: protocol.Finish) -> None:
        if task := self._running(request.task):
            task.finishing = True

    def _running(self, name: str) -> Task | None:
        """Return a task that has begun; one that waits never starts, as nothing of it is there yet."""
        with self._tasks_lock:
            task = self._tasks.get(name)
            waiting = task is not None and not task.begun
            if waiting:
                del self._tasks[name]
        if waiting:
            self.send(protocol.Cancelation(name))
            return None
        return task  # None: it has just ended, and the two messages crossed

    def _attach(self, request: protocol.Attach) -> None:
        self.send(protocol.Attached(self.segments.attach(request.segments)))

    def _grant(self, request: protocol.Grant) -> None:
        with self._tasks_lock:
            if task := self._tasks.get(request.task):
                task.grant(request.segment)

    def _run(self, task: Task) -> None:
        name = task.request.task
        try:
            if task.cancelled:
                raise Cancelled
            self.send(protocol.Launch(name))
            operation = OPERATIONS.get(task.request.op)
            if operation is None:
                raise ProtocolError(f"op {task.request.op!r} is none of {', '.join(OPERATIONS)}")
            self.send(protocol.Completion(name, operation(task, task.request.inputs)))
        except Cancelled:
            self.send(protocol.Cancelation(name))
        except Exception as error:  # one failed task must not end the engine: its cause goes to the plugin
            if not isinstance(error, DruaError):
                traceback.print_exc(file=sys.stderr)
            self.send(protocol.failure(name, error))
