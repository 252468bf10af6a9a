"""What runs on the leash ends with it, and is otherwise left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from drua.leash import CUT

NESTED = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(60)
"""


def _start(*command: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "drua.leash", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def test_output_and_exit_code_are_the_programs_own() -> None:
    with _start(sys.executable, "-c", "print('hello'); raise SystemExit(7)") as process:
        assert process.stdout is not None
        assert process.stdout.read() == "hello\n"
        assert process.wait(20) == 7


def test_the_program_does_not_see_the_wheel_on_its_path() -> None:
    code = "import os; print(os.environ.get('PYTHONPATH'))"
    with _start(sys.executable, "-c", code, PYTHONPATH="/somewhere") as process:
        assert process.stdout is not None
        assert process.stdout.read() == "None\n"


def test_a_cut_leash_ends_the_whole_tree(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with _start(sys.executable, "-c", NESTED, str(pid_file)) as process:
        grandchild = _await_pid(pid_file)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == CUT
    assert _ends(grandchild)


def _await_pid(file: Path) -> int:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if file.exists() and (text := file.read_text()):
            return int(text)
        time.sleep(0.02)
    raise AssertionError("the program did not start")


def _ends(pid: int) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            if not Path(f"/proc/{pid}/cmdline").read_bytes():  # a zombie that nobody has collected yet
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False
