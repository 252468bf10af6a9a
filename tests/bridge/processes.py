"""What the system says of other processes (Linux)."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def alive(pid: int) -> bool:
    """Return whether a process runs; one that only waits to be reaped does not."""
    try:
        os.kill(pid, 0)
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that still run."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def family(pid: int) -> list[int]:
    """Return the children of a process, their children, and so on."""
    try:
        young = children(pid)
    except (FileNotFoundError, ProcessLookupError):
        return []
    return young + [older for child in young for older in family(child)]


def descriptors(pid: int) -> int:
    """Return how many files, pipes and sockets a process holds open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid: int) -> int:
    """Return how many threads a process has."""
    return len(os.listdir(f"/proc/{pid}/task"))


def resident(pid: int) -> int:
    """Return the memory of a process in bytes, mapped segments included."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def command_line(pid: int) -> str:
    """Return how a process was started."""
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def listens(pid: int) -> bool:
    """Return whether a process waits for connections over a network."""
    listening = "0A"
    inodes = set()
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == listening:
                inodes.add(f"socket:[{fields[9]}]")
    return not inodes.isdisjoint(_open_files(pid))


def _open_files(pid: int) -> set[str]:
    names = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            names.add(os.readlink(link))
    return names
