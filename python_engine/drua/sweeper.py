"""What is left to do after a worker's end, however it came: a small process that outlives it and cleans up.

The worker starts it before its first word, with a pipe that only the worker holds. When the pipe closes, the
worker is gone: its children are ended, and when the plugin is gone too, the private folders of its segments
are removed. Where the system cannot end the worker with its parent (`platform.die_with_parent`), the sweeper
does that too: it needs no lock of an interpreter that a long C call may hold.

This file is run by itself, without the package and its imports, so that it costs a start little.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import select
import signal
import stat
import sys
import time
from glob import escape, glob

LOCK = "lock"
"""The file in a folder of segments that its owner holds locked while it lives."""

SECONDS_FOR_THE_PLUGIN_TO_GO = 5.0
"""The system takes a process with a large heap apart for a while before it drops its locks."""

PAUSE = 0.02


def main() -> None:
    """Wait for the end of the worker, and clean up after it."""
    told = _arguments()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # a closed terminal ends the worker, and then there is work
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    while not _worker_is_gone(told.look):
        if told.look and os.getppid() == told.worker and not _lives(told.plugin):
            os.kill(told.worker, signal.SIGKILL)
    _end_group(told.worker)
    _sweep(told.folders)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", type=int, required=True, help="its process, the first of its group")
    parser.add_argument("--plugin", type=int, required=True, help="the worker's parent")
    parser.add_argument("--look", type=float, default=None, help="seconds between two looks at the plugin")
    parser.add_argument("--folders", nargs="*", default=[], help="what the plugin's folders begin with")
    return parser.parse_args()


def _worker_is_gone(seconds: float | None) -> bool:
    """Wait for the end of the worker, for ever or for some seconds."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and is somebody else's
        return True
    return True


def _end_group(group: int) -> None:
    # Nobody else can have the number: it is not given away while a process of the group lives.
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _sweep(prefixes: list[str]) -> None:
    """Remove the plugin's folders as soon as the system has dropped their locks."""
    deadline = time.monotonic() + SECONDS_FOR_THE_PLUGIN_TO_GO
    left = [folder for prefix in prefixes for folder in glob(f"{escape(prefix)}*")]
    while left and time.monotonic() < deadline:  # the plugin may live, and start another worker
        left = [folder for folder in left if not _remove_abandoned(folder)]
        time.sleep(PAUSE)


def _remove_abandoned(folder: str) -> bool:
    """Remove a folder that nobody holds; true if there is nothing left to do about it."""
    try:
        about = os.lstat(folder)
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
            return True  # a link, or somebody else's: never followed
        lock = os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return not os.path.isdir(folder)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        os.rmdir(folder)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


if __name__ == "__main__":
    main()
