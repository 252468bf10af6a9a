"""What the system says of other processes (Linux)."""

from __future__ import annotations

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
