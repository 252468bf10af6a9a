"""Thousands of calls, two ImageJs at once, what others can see: a macro's long afternoon."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bridge import processes
from tests.fiji.imagej import imagej_command

CALLS = int(os.environ.get("DRUA_TRIALS", "2000"))
WARM = 400
MIB = 2**20
SMALL_HEAP = {"JAVA_TOOL_OPTIONS": "-Xmx64m"}
"""What a call left behind on ImageJ's heap would fill it before the end."""

SECRET = "hunter2-in-the-environment"

MACRO = """
newImage("field", "16-bit ramp", 48, 40, 1);
for (i = 1; i <= CALLS; i++) {
    selectImage(1);
    run("Drua Segment...", "model=[MODEL] output=[labels,rois,table]");
    close();
    if (i % 100 == 0) print(i);
}
wait(2000); // so that somebody can look
print("finished");
"""


@dataclass(frozen=True)
class Use:
    """What a process uses."""

    descriptors: int
    threads: int
    resident: int

    @classmethod
    def of(cls, pid: int) -> Use:
        return cls(processes.descriptors(pid), processes.threads(pid), processes.resident(pid))


@contextmanager
def _imagej(tmp_path: Path, package: Path, calls: int, name: str = "calls") -> Iterator[subprocess.Popen]:
    macro = tmp_path / f"{name}.ijm"
    macro.write_text(MACRO.replace("CALLS", str(calls)).replace("MODEL", str(package)))
    with (tmp_path / f"{name}.txt").open("w") as log:
        process = subprocess.Popen(
            imagej_command(macro),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "DRUA_PYTHON": sys.executable, "API_TOKEN": SECRET, **SMALL_HEAP},
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _worker(imagej: subprocess.Popen) -> int:
    (worker,) = [
        pid for pid in processes.children(imagej.pid) if "drua.worker" in processes.command_line(pid)
    ]
    return worker


def test_thousands_of_calls_use_no_more_than_hundreds(tiny_package: Path, tmp_path: Path) -> None:
    uses: dict[int, tuple[Use, Use]] = {}
    pids = set()
    with _imagej(tmp_path, tiny_package, CALLS) as imagej:
        for line in imagej.stdout:
            if line.strip().isdigit():
                worker = _worker(imagej)
                pids.add(worker)
                uses[int(line)] = Use.of(imagej.pid), Use.of(worker)
                _check_what_others_see(imagej.pid, worker)
        assert imagej.wait(30) == 0, (tmp_path / "calls.txt").read_text()
    assert len(pids) == 1
    assert not list(Path("/dev/shm").glob(f"drua-*-{imagej.pid}-*"))
    assert SECRET not in (tmp_path / "calls.txt").read_text()
    (java_warm, worker_warm), (java_end, worker_end) = uses[WARM], uses[CALLS]
    print(f"after {WARM} calls {java_warm} and {worker_warm}, after {CALLS} {java_end} and {worker_end}")
    assert worker_end.descriptors <= worker_warm.descriptors + 2
    assert worker_end.threads <= worker_warm.threads
    assert worker_end.resident <= worker_warm.resident + 16 * MIB
    assert java_end.descriptors <= java_warm.descriptors + 5
    assert java_end.threads <= java_warm.threads + 5
    assert java_end.resident <= java_warm.resident + 48 * MIB


def _check_what_others_see(imagej: int, worker: int) -> None:
    assert not processes.listens(imagej)
    assert not processes.listens(worker)
    assert SECRET not in processes.command_line(worker)
    for folder in Path("/dev/shm").glob(f"drua-*-{imagej}-*"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in folder.iterdir())


def test_two_imagejs_at_once_do_not_disturb_each_other(tiny_package: Path, tmp_path: Path) -> None:
    with (
        _imagej(tmp_path, tiny_package, 100, "first") as first,
        _imagej(tmp_path, tiny_package, 100, "second") as second,
    ):
        workers = []
        readers = [
            threading.Thread(
                target=_follow, args=(imagej, lambda imagej=imagej: workers.append(_worker(imagej)))
            )
            for imagej in (first, second)
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(120)
        assert [first.wait(30), second.wait(30)] == [0, 0]
    assert len(set(workers)) == 2


def _follow(imagej: subprocess.Popen, on_count: Callable[[], None]) -> None:
    for line in imagej.stdout:
        if line.strip().isdigit():
            on_count()


def test_an_idle_engine_does_nothing(tiny_package: Path, tmp_path: Path) -> None:
    macro = tmp_path / "idle.ijm"
    macro.write_text(MACRO.replace("CALLS", "100").replace("MODEL", str(tiny_package)) + "wait(20000);")
    process = subprocess.Popen(
        imagej_command(macro),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DRUA_PYTHON": sys.executable},
    )
    try:
        assert "100" in process.stdout.readline()
        worker = _worker(process)
        time.sleep(1)
        before = _processor_seconds(worker)
        time.sleep(3)
        assert _processor_seconds(worker) - before <= 0.05
        assert processes.alive(worker)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
