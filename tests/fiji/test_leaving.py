"""Python leaves within seconds, whatever ImageJ has started: each in a process with a time limit."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.fiji.imagej import ROOT, Finished, run_python

SECONDS_TO_LEAVE = 15
"""From the last line to the end; a JVM that waits for a thread would take for ever."""

START = """
import sys, threading, time
import drua.fiji
gateway = drua.fiji.start()
import jpype
"""

ENDINGS = {
    "ImageJ's pool": """
image = gateway.open(sys.argv[1])
jpype.JClass('ij.IJ').run(image, 'Gaussian Blur...', 'sigma=2')""",
    "a thread that never ends": "jpype.JClass('java.util.Timer')('for ever')",
    "nothing used": "",
    "a segmentation that still runs": """
begun = threading.Event()
big = jpype.JClass('ij.IJ').createImage('big', '16-bit ramp', 2503, 2503, 1)
work = lambda: gateway.segment(big, progress=lambda *_: begun.set())
threading.Thread(target=work, daemon=True).start()
assert begun.wait(60)""",
}  # fmt: skip


def _python(code: str) -> tuple[Finished, float]:
    """Run code and return how it ended, and the seconds from its last line to its end."""
    sample = ROOT / "models/nuclei-fluorescence/sample/nuclei-sample.tif"
    done = run_python(f"{START}{code}\n", sample)
    return done, time.time() - float(done.out.split()[-1]) if done.out else float("nan")


@pytest.mark.parametrize("what", ENDINGS)
def test_python_leaves(what: str) -> None:
    done, seconds = _python(f"{ENDINGS[what]}\nprint(time.time())")
    assert done.code == 0, done.err
    assert seconds < SECONDS_TO_LEAVE
    if "still" not in what:
        assert done.err == ""


def test_python_leaves_after_an_error() -> None:
    code = "jpype.JClass('java.util.Timer')('for ever')\nprint(time.time())\ngateway.open('none.tif')"
    done, seconds = _python(code)
    assert done.code == 1
    assert "drua.errors.ImageError: none.tif cannot be opened by ImageJ; check the path" in done.err
    assert seconds < SECONDS_TO_LEAVE


BUSY = {
    "a segmentation": """
big = jpype.JClass('ij.IJ').createImage('big', '16-bit ramp', 3001, 3001, 1)
gateway.segment(big, progress=lambda *_: print('busy', flush=True))""",
    "a segmentation whose progress takes its time": """
small = jpype.JClass('ij.IJ').createImage('small', '16-bit ramp', 300, 300, 1)
gateway.segment(small, progress=lambda *_: (print('busy', flush=True), sum(range(10**7))))""",
    "a macro": """
from pathlib import Path
macro = Path(sys.argv[1]) / 'busy.ijm'
macro.write_text('print("busy"); while (true) wait(1);')
gateway.run_macro(macro)""",
}


def _hear_ctrl_c() -> None:
    """Undo what a shell does to programs in the background, and what they inherit: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("what", BUSY)
def test_ctrl_c_stops(what: str, tmp_path: object) -> None:
    after = "except KeyboardInterrupt:\n    print('stopped', flush=True)\n    raise\n"
    body = "".join(f"    {line}\n" for line in BUSY[what].strip().splitlines())
    code = f"{START}try:\n{body}{after}"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_ctrl_c,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "busy\n"
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert time.monotonic() - begun < SECONDS_TO_LEAVE
    assert out.splitlines()[-1:] == ["stopped"], err
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert process.returncode == -signal.SIGINT
