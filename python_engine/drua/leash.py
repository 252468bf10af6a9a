"""Run a program that cannot outlive who asked for it: `python -m drua.leash PROGRAM ARGUMENT...`.

The plugin starts pip and its like through this module, straight from the wheel. Its stdin is the leash:
when it is closed, because the user cancelled or ImageJ has died in whatever way, the program ends with all
that it has started. Output and exit code are the program's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from drua.platform import end_tree, own_group

CUT = 130
"""Exit code of a program that was ended by its leash."""


def main() -> None:
    """Run the program named by the arguments and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(command: list[str]) -> int:
    """Run a program until it ends, or stdin does; return its exit code."""
    # The wheel is on the path of this program only.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    program = subprocess.Popen(  # noqa: S603 - running what it is told to is all it does
        command, stdin=subprocess.DEVNULL, env=environment, start_new_session=own_group()
    )
    cut = threading.Event()
    threading.Thread(target=_hold, args=(program.pid, cut), name="leash", daemon=True).start()
    code = program.wait()
    return CUT if cut.is_set() else code


def _hold(pid: int, cut: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    cut.set()
    end_tree(pid)


if __name__ == "__main__":
    main()
