"""What is left after a worker's end: its children, the folders of a plugin that is gone."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import drua
import pytest

from tests.bridge.processes import alive, children

SWEEPER = Path(drua.__file__).with_name("sweeper.py")

FAMILY = """
import subprocess, sys
from drua import operations, worker

def family(task, inputs):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    return {"child": child.pid}

def stuck(task, inputs):
    task.progress("digits", 0, 1)
    return {"digits": len(bin(7 ** 10**8))}  # one C call of minutes that holds the interpreter's lock

operations.OPERATIONS |= {"family": family, "stuck": stuck}
worker.main(sys.argv[1:])
"""

PLUGIN = """
import fcntl, json, os, subprocess, sys, time
prefix, op, worker_file = sys.argv[1:]
os.mkdir(prefix + "x", 0o700)
lock = open(prefix + "x/lock", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
open(prefix + "x/segment", "wb").write(bytes(100))
command = [sys.executable, worker_file, prefix]
worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
worker.stdout.readline()
request = {"requestType": "EXECUTE", "task": "1", "op": op, "inputs": {}}
worker.stdin.write(json.dumps(request).encode() + bytes([10]))
worker.stdin.flush()
line = {}
while line.get("responseType") not in ("COMPLETION", "UPDATE"):
    line = json.loads(worker.stdout.readline())
print(worker.pid, line.get("outputs", {}).get("child", 0), flush=True)
time.sleep(600)
"""

DEAF = """
import os, subprocess, sys
plugin = subprocess.Popen(["sleep", "600"])
told = [f"--worker={os.getpid()}", f"--plugin={plugin.pid}", "--look=0.1", "--folders"]
command = [sys.executable, "-I", "-S", sys.argv[1], *told]
sweeper = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
plugin.kill()
plugin.wait()
7 ** 10**8
"""


def _eventually(what: Callable[[], bool], seconds: float = 2.0) -> bool:
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.01)
    return what()


@pytest.mark.parametrize("op", ["family", "stuck"])
def test_a_killed_plugin_leaves_no_process_and_no_segment(tmp_path: Path, op: str) -> None:
    worker_file = tmp_path / "worker.py"
    worker_file.write_text(FAMILY)
    prefix = tmp_path / "drua-"
    plugin = subprocess.Popen(
        [sys.executable, "-c", PLUGIN, prefix, op, worker_file], stdout=subprocess.PIPE, text=True
    )
    worker, child = map(int, plugin.stdout.readline().split())
    sweeper, *_ = [pid for pid in children(worker) if pid != child]
    assert alive(worker)
    plugin.send_signal(signal.SIGKILL)
    plugin.wait()
    plugin.stdout.close()
    assert _eventually(lambda: not alive(worker))
    assert _eventually(lambda: not child or not alive(child))
    assert _eventually(lambda: not list(tmp_path.glob("drua-*")))
    assert _eventually(lambda: not alive(sweeper), 6)


def _sweeper(worker: subprocess.Popen, plugin: int, *more: object) -> subprocess.Popen:
    return subprocess.Popen(
        [
            sys.executable,
            "-I",
            "-S",
            SWEEPER,
            f"--worker={worker.pid}",
            f"--plugin={plugin}",
            *map(str, more),
        ],
        stdin=subprocess.PIPE,
    )


def test_the_folder_of_a_living_plugin_stays_and_so_does_a_link(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    living = tmp_path / "drua-1"
    for folder in (precious, living):
        folder.mkdir()
        (folder / "lock").touch()
        (folder / "segment").touch()
    (tmp_path / "drua-2").symlink_to(precious)
    with (living / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        worker = subprocess.Popen(["sleep", "600"], start_new_session=True)
        sweeper = _sweeper(worker, os.getpid(), "--folders", tmp_path / "drua-")
        sweeper.stdin.close()
        assert worker.wait(2) == -signal.SIGKILL
        assert sweeper.wait(10) == 0
        assert (living / "segment").exists()
        assert (precious / "segment").exists()


def test_where_the_system_does_not_end_the_worker_the_sweeper_does() -> None:
    worker = subprocess.Popen([sys.executable, "-c", DEAF, SWEEPER], start_new_session=True)
    assert worker.wait(20) == -signal.SIGKILL
