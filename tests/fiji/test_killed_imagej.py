"""ImageJ is killed at random moments: nothing of Drua outlives it, neither process nor segment."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bridge.processes import alive, family
from tests.fiji.imagej import imagej_command

TRIALS = int(os.environ.get("DRUA_TRIALS", "20"))
SECONDS_TO_VANISH = 2.0

LOOP = """
newImage("stack", "16-bit ramp", 64, 64, 1);
for (i = 0; i < 1000; i++) run("Drua Segment...", "model=[MODEL] output=labels");
"""


@contextmanager
def _imagej(macro: Path) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        imagej_command(macro),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DRUA_PYTHON": sys.executable},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _segments_of(pid: int) -> list[Path]:
    return [
        path
        for parent in {Path("/dev/shm"), Path(tempfile.gettempdir())}
        for path in parent.glob(f"drua-*-{pid}-*")
    ]


def test_nothing_outlives_a_killed_imagej(tiny_package: Path, tmp_path: Path) -> None:
    macro = tmp_path / "loop.ijm"
    macro.write_text(LOOP.replace("MODEL", str(tiny_package)))
    moments = random.Random(43)
    slowest, with_segments = 0.0, 0
    for trial in range(TRIALS):
        with _imagej(macro) as imagej:
            in_calls = trial % 2
            while not (_segments_of if in_calls else family)(imagej.pid):
                assert imagej.poll() is None, "ImageJ ended by itself"
                time.sleep(0.001)
            time.sleep(moments.uniform(0, 0.2 if in_calls else 1.5))
            left = family(imagej.pid)
            with_segments += bool(_segments_of(imagej.pid))
            imagej.kill()
            killed = time.monotonic()
            while _segments_of(imagej.pid) or any(_is_engine(pid) for pid in left):
                assert time.monotonic() - killed < SECONDS_TO_VANISH, (
                    f"trial {trial}: {_segments_of(imagej.pid)}, {[pid for pid in left if _is_engine(pid)]}"
                )
                time.sleep(0.005)
            slowest = max(slowest, time.monotonic() - killed)
    print(f"{TRIALS} kills, {with_segments} with segments; the slowest clean-up took {slowest:.2f} s")
    assert with_segments


def _is_engine(pid: int) -> bool:
    """Return whether a process is a worker that lives; its sweeper may stay a moment longer."""
    return alive(pid) and b"sweeper" not in Path(f"/proc/{pid}/cmdline").read_bytes()
