"""The worker: the process that Fiji starts, `python -m drua.worker`.

Requests come over stdin, responses leave over a descriptor of their own: at start the descriptor of stdout is
duplicated for the protocol, and stdout is pointed at stderr, so that a stray `print`, a progress bar or a C
library cannot corrupt a line. The worker ends when stdin closes, when its parent dies, or on SHUTDOWN. What
is left then is the matter of `drua.sweeper`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from drua.errors import ProtocolError
from drua.platform import can_sweep, die_with_parent
from drua.protocol import LONGEST_LINE, failure
from drua.session import Session

GRACE_SECONDS = 2.0
"""How long a task may take to notice that it is over, before the process ends all the same."""

SECONDS_BETWEEN_LOOKS = 1.0

# On Windows an import hangs while another thread waits for stdin, so what tasks need is imported before that.
IMPORTED_BEFORE_READING = ("scipy.ndimage", "skimage.morphology", "skimage.segmentation", "tifffile")


def main(folders: Sequence[str] = ()) -> None:
    """Serve the plugin that started this process until it leaves.

    Parameters
    ----------
    folders : sequence of str
        What the paths of the plugin's folders for segments begin with; they are removed after its end.
    """
    parent = os.getppid()
    dies_with_parent = die_with_parent()
    if os.getppid() != parent:  # it died before the system was asked to tell
        return
    if can_sweep():
        _start_sweeper(parent, folders, look=not dies_with_parent)
    session = Session(_writer(_protocol_descriptor()))
    session.greet()
    for name in IMPORTED_BEFORE_READING:
        importlib.import_module(name)
    threading.Thread(target=_read, args=(sys.stdin.buffer, session), name="requests", daemon=True).start()
    session.run()
    sys.stderr.flush()
    os._exit(0)  # the reader still waits for stdin, and an ordinary exit would wait for the reader


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m drua.worker", description="The engine, for the plugin.")
    parser.add_argument(
        "--segments", nargs="*", default=[], metavar="PREFIX", help="what the plugin's folders begin with"
    )
    return parser.parse_args()


def _start_sweeper(plugin: int, folders: Sequence[str], look: bool) -> None:
    """Start the process that cleans up after this one, and make this one the first of a group."""
    if os.getpgrp() != os.getpid():
        os.setsid()
    program = str(Path(__file__).with_name("sweeper.py"))
    command = [sys.executable, "-I", "-S", program, f"--worker={os.getpid()}", f"--plugin={plugin}"]
    command += [f"--look={SECONDS_BETWEEN_LOOKS}"] if look else []
    sweeper = subprocess.Popen(  # noqa: S603 - it is ours
        [*command, "--folders", *folders],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # The pipe closes with this process, unless a fork of it holds the other end.
    os.register_at_fork(after_in_child=sweeper.stdin.close)  # type: ignore[union-attr]


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
    main(_arguments().segments)
