"""Everything that differs between Linux, macOS and Windows (twin of the Java class ``engine.Platform``).

Every function takes the system's name as `sys.platform` gives it, so that each can be tested anywhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_TRIES = 20
_SECONDS_BETWEEN_TRIES = 0.05


def data_folder(system: str = sys.platform, environment: dict[str, str] | None = None) -> Path:
    """Return the folder for what the user installs (models, the plugin's own Python environment)."""
    variables = os.environ if environment is None else environment
    home = Path(variables.get("HOME") or variables.get("USERPROFILE") or Path.home())
    if system == "win32":
        return Path(variables.get("LOCALAPPDATA") or home / "AppData" / "Local") / "Drua"
    if system == "darwin":
        return home / "Library" / "Application Support" / "Drua"
    return Path(variables.get("XDG_DATA_HOME") or home / ".local" / "share") / "drua"


def cache_folder(system: str = sys.platform, environment: dict[str, str] | None = None) -> Path:
    """Return the folder for what can be computed again."""
    variables = os.environ if environment is None else environment
    home = Path(variables.get("HOME") or variables.get("USERPROFILE") or Path.home())
    if system == "win32":
        return data_folder(system, environment) / "cache"
    if system == "darwin":
        return home / "Library" / "Caches" / "Drua"
    return Path(variables.get("XDG_CACHE_HOME") or home / ".cache") / "drua"


def map_pages(descriptor: int, size: int) -> mmap.mmap:
    """Map a file, with all its pages where the system can: first access to one costs more than its copy."""
    if not hasattr(mmap, "MAP_POPULATE"):  # only Linux has it
        return mmap.mmap(descriptor, size)
    return mmap.mmap(descriptor, size, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE)


def die_with_parent(system: str = sys.platform) -> bool:
    """Ask the system to end this process when the thread that started it ends.

    A closed stdin tells the same, but only to a thread that can run: a C call that holds the interpreter's
    lock would keep an orphan alive. Linux only; elsewhere it returns False, and the sweeper has to look.
    """
    if not system.startswith("linux"):
        return False
    set_parent_death_signal = 1
    return bool(ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGKILL) == 0)


def can_sweep(system: str = sys.platform) -> bool:
    """Return whether there are process groups and file locks as `drua.sweeper` uses them."""
    return system != "win32"


def free_memory(groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many bytes of memory, swap space included, this process may still use.

    Parameters
    ----------
    groups : Path
        Where Linux tells the limits of a container or a cluster's job (version 2 of control groups).
    """
    import psutil  # a worker that only says what it is needs it not

    free = int(psutil.virtual_memory().available + psutil.swap_memory().free)
    try:
        limit, used = ((groups / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return free
    return free if limit == "max" else min(free, max(0, int(limit) - int(used)))


def held_memory() -> int:
    """Return how many bytes of the machine's memory this process holds now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def replace_file(new: Path, old: Path, system: str = sys.platform) -> None:
    """Put a new file in the place of an old one, in one step.

    Windows refuses while somebody has the old one open, as the plugin has for a moment when it shows it.
    """
    for _ in range(_TRIES if system == "win32" else 0):
        try:
            os.replace(new, old)
            return
        except PermissionError:
            time.sleep(_SECONDS_BETWEEN_TRIES)
    os.replace(new, old)


def own_group(system: str = sys.platform) -> bool:
    """Return whether a program must be started in a group of its own for `end_tree` to find its tree."""
    return system != "win32"


def end_tree(pid: int, system: str = sys.platform) -> None:
    """End a program of its own group with everything that it has started."""
    if system == "win32":
        tree = ["taskkill", "/T", "/F", "/PID", str(pid)]
        subprocess.run(tree, capture_output=True, check=False)  # noqa: S603
        return
    with contextlib.suppress(ProcessLookupError):  # it may end in this very moment
        os.killpg(pid, signal.SIGKILL)


def has_display(system: str = sys.platform, environment: dict[str, str] | None = None) -> bool:
    """Return whether a window can be opened."""
    variables = os.environ if environment is None else environment
    return system in ("win32", "darwin") or bool(variables.get("DISPLAY"))
