"""The worker: the process that Fiji starts, `python -m drua.worker`.

Requests come over stdin, responses leave over a descriptor of their own: at start the descriptor of stdout is
duplicated for the protocol, and stdout is pointed at stderr, so that a stray `print`, a progress bar or a C
library cannot corrupt a line. The worker ends when stdin closes, when its parent dies, or on SHUTDOWN.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

from drua.errors import ProtocolError
from drua.platform import die_with_parent
from drua.protocol import LONGEST_LINE, failure
from drua.session import Session

GRACE_SECONDS = 2.0
"""How long a task may take to notice that it is over, before the process ends all the same."""

# On Windows an import hangs while another thread waits for stdin, so what tasks need is imported before that.
IMPORTED_BEFORE_READING = ("scipy.ndimage", "skimage.morphology", "skimage.segmentation", "tifffile")


def main() -> None:
    """Serve the plugin that started this process until it leaves."""
    parent = os.getppid()
    die_with_parent()
    if os.getppid() != parent:  # it died before the system was asked to tell
        return
    session = Session(_writer(_protocol_descriptor()))
    session.greet()
    for name in IMPORTED_BEFORE_READING:
        importlib.import_module(name)
    threading.Thread(target=_read, args=(sys.stdin.buffer, session), name="requests", daemon=True).start()
    session.run()
    sys.stderr.flush()
    os._exit(0)  # the reader still waits for stdin, and an ordinary exit would wait for the reader


def _protocol_descriptor() -> int:
    own = os.dup(1)
    os.set_inheritable(own, False)
    os.dup2(2, 1)
    return own


def _writer(descriptor: int) -> Callable[[str], None]:
    def write(line: str) -> None:
        left = memoryview(f"{line}\n".encode("ascii"))
        try:
            while left:
                left = left[os.write(descriptor, left) :]
        except OSError:  # nobody listens any more
            os._exit(0)

    return write


def _read(stream: BinaryIO, session: Session) -> None:
    while line := stream.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            _skip_line(stream)
            session.send(failure(None, ProtocolError(f"a line has more than {LONGEST_LINE} bytes")))
        elif line.strip():
            session.receive(line)
    session.stop()
    threading.Timer(GRACE_SECONDS, os._exit, (0,)).start()


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass


if __name__ == "__main__":
    main()
