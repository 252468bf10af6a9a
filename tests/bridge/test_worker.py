"""A real worker process, spoken to as the plugin does."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drua.image import Image
from drua.pipeline import predict

from tests.bridge.client import Client
from tests.bridge.processes import alive

NOISY = """
import ctypes, os, sys
from drua import operations, worker

def noisy(task, inputs):
    libc = ctypes.CDLL(None)
    for step in range(50):
        print("a print", step)
        libc.puts(b"a line of a C library")
        sys.stdout.write("\\r 37% [=====>      ]")
        os.write(1, b"raw bytes without line feed")
        task.progress("steps", step, 50)
    libc.fflush(None)
    return {"steps": 50}

operations.OPERATIONS["noisy"] = noisy
worker.main()
"""

SLOW = """
import time
from drua import operations, worker

def slow(task, inputs):
    for step in range(1000):
        time.sleep(0.01)
        task.progress("steps", step, 1000)
    return {}

operations.OPERATIONS["slow"] = slow
worker.main()
"""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(tmp_path) as client:
        yield client


def _request(client: Client, package: Path, image: np.ndarray, axes: str, **more: object) -> dict:
    return {"model": str(package), "image": client.put(image) | {"axes": axes}, **more}


def test_the_first_line_is_hello(client: Client) -> None:
    assert client.hello["responseType"] == "HELLO"
    assert client.hello["protocol"] == 1
    assert client.hello["pid"] == client.process.pid
    assert "cpu" in client.hello["devices"]


def test_segment_gives_what_predict_gives(client: Client, tiny_package: Path, discs: np.ndarray) -> None:
    outputs = client.call("segment", _request(client, tiny_package, discs, "YX", outlines=True))
    expected = predict(Image(discs, "YX"), str(tiny_package))
    assert outputs["count"] == expected.count == 4
    np.testing.assert_array_equal(client.get(outputs["labels"]), expected.image.pixels)
    np.testing.assert_array_equal(client.get(outputs["table"]["rows"]), expected.table.rows)
    assert outputs["outlines"].keys() == expected.outlines.arrays.keys()
    for name, reference in outputs["outlines"].items():
        np.testing.assert_array_equal(client.get(reference), expected.outlines.arrays[name])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("axes", ["YX", "ZYX", "TYX", "TZYX", "TZCYX"])
def test_every_shape_and_pixel_type_keeps_its_planes(
    client: Client, tiny_package: Path, discs: np.ndarray, dtype: str, axes: str
) -> None:
    sides = {"T": 3, "Z": 2, "C": 5}
    leading = tuple(sides[letter] for letter in axes[:-2])
    planes = [np.roll(discs // 5, 7 * number, axis=0) for number in range(int(np.prod(leading)))]
    stack = np.stack(planes).reshape(*leading, *discs.shape).astype(dtype)
    channel = 4 if "C" in axes else 0
    outputs = client.call("segment", _request(client, tiny_package, stack, axes, channel=channel))
    expected = predict(Image(stack, axes), str(tiny_package), channel=channel)
    labels = client.get(outputs["labels"])
    assert outputs["labels"]["axes"] == "TZYX"
    assert labels.shape == tuple(sides[axis] if axis in axes else 1 for axis in "TZ") + discs.shape
    np.testing.assert_array_equal(labels, expected.image.pixels)
    assert outputs["count"] > 0


def test_an_imagej_colour_pixel_is_taken_apart(client: Client, tiny_package: Path, discs: np.ndarray) -> None:
    colour = (discs // 5).astype(np.int32) << 16 | 0xFF000000 - 2**32
    image = client.put(colour.astype(np.int32)[None, None], "argb32") | {"axes": "TZYX"}
    outputs = client.call("segment", {"model": str(tiny_package), "image": image, "channel": 1})
    expected = predict(Image((discs // 5).astype(np.uint8), "YX"), str(tiny_package))
    np.testing.assert_array_equal(client.get(outputs["labels"]), expected.image.pixels)


def test_twenty_calls_load_the_model_once(client: Client, tiny_package: Path, discs: np.ndarray) -> None:
    request = _request(client, tiny_package, discs, "YX")
    assert {client.call("segment", request)["count"] for _ in range(20)} == {4}
    assert client.call("check", {"benchmark": False})["report"]["model_loads"] == 1


def test_stray_output_in_a_task_loses_no_line(tmp_path: Path) -> None:
    with Client(tmp_path, NOISY) as client:
        assert client.call("noisy", {}) == {"steps": 50}
        assert client.call("models", {})["models"] is not None
    assert {message["responseType"] for message in client.seen} <= {"HELLO", "LAUNCH", "UPDATE", "COMPLETION"}
    assert client.log.count("a print") == client.log.count("a line of a C library") == 50


def test_cancel_stops_a_running_task_and_the_next_one_runs(tmp_path: Path) -> None:
    with Client(tmp_path, SLOW) as client:
        task = client.execute("slow", {})
        while client.receive()["responseType"] != "UPDATE":
            pass
        started = time.monotonic()
        client.send({"requestType": "CANCEL", "task": task})
        assert client.finish(task)["responseType"] == "CANCELATION"
        assert time.monotonic() - started < 1
        assert client.call("models", {})["models"] is not None


def test_a_waiting_task_is_cancelled_before_it_starts(tmp_path: Path) -> None:
    with Client(tmp_path, SLOW) as client:
        running, waiting = client.execute("slow", {}), client.execute("models", {})
        client.send({"requestType": "CANCEL", "task": waiting})
        assert client.finish(waiting)["responseType"] == "CANCELATION"
        client.send({"requestType": "CANCEL", "task": running})
        assert client.finish(running)["responseType"] == "CANCELATION"
        assert not any(
            message["responseType"] == "LAUNCH" and message["task"] == waiting for message in client.seen
        )


def test_ping_is_answered_during_a_task(tmp_path: Path) -> None:
    with Client(tmp_path, SLOW) as client:
        client.execute("slow", {})
        client.send({"requestType": "PING", "id": 17})
        started = time.monotonic()
        while client.receive() != {"responseType": "PONG", "id": 17}:
            pass
        assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "line", ["nonsense", "{}", '{"requestType": "EXECUTE", "task": "x"}', "\x00\xff", "[1]"]
)
def test_a_broken_line_is_answered_and_the_worker_goes_on(client: Client, line: str) -> None:
    client.send(line)
    message = client.receive()
    assert (message["responseType"], message["error"]["code"]) == ("FAILURE", "PROTOCOL")
    assert client.call("models", {})["models"] is not None


def test_a_line_of_17_mib_is_refused_and_the_worker_goes_on(client: Client) -> None:
    client.send("x" * (17 * 2**20))
    assert "more than" in client.receive()["error"]["message"]
    assert client.call("models", {})["models"] is not None


@pytest.mark.parametrize(
    ("op", "inputs", "code"),
    [
        ("explode", {}, "PROTOCOL"),
        ("segment", {}, "PROTOCOL"),
        ("describe", {"model": "no-such-model"}, "UNKNOWN_MODEL"),
        (
            "segment",
            {"model": "TINY", "image": {"segment": "s9", "shape": [1, 1], "dtype": "uint8", "axes": "YX"}},
            "SEGMENT",
        ),
    ],
)
def test_a_wrong_request_fails_with_its_code(
    client: Client, tiny_package: Path, op: str, inputs: dict, code: str
) -> None:
    filled = {name: str(tiny_package) if value == "TINY" else value for name, value in inputs.items()}
    message = client.finish(client.execute(op, filled))
    assert (message["responseType"], message["error"]["code"]) == ("FAILURE", code)


def test_a_failed_save_does_not_cost_the_result(
    client: Client, tiny_package: Path, discs: np.ndarray, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "mine-labels.tif").write_text("the user's own")
    message = client.finish(
        client.execute(
            "segment",
            _request(client, tiny_package, discs, "YX", save={"folder": str(folder), "stem": "mine"}),
        )
    )
    assert message["error"]["code"] == "OUTPUT"
    assert (folder / "mine-labels.tif").read_text() == "the user's own"


def test_save_writes_the_files(client: Client, tiny_package: Path, discs: np.ndarray, tmp_path: Path) -> None:
    folder = tmp_path / "ö [1]" / "out"
    save = {"folder": str(folder), "stem": "field"}
    outputs = client.call("segment", _request(client, tiny_package, discs, "YX", save=save))
    assert outputs["save_error"] is None
    assert sorted(outputs["files"]) == sorted(str(path) for path in folder.iterdir())


def test_the_worker_leaves_when_stdin_closes_during_a_task(tmp_path: Path) -> None:
    with Client(tmp_path, SLOW) as client:
        client.execute("slow", {})
        while client.receive()["responseType"] != "LAUNCH":
            pass
        client.process.stdin.close()
        assert client.process.wait(5) == 0


def test_the_worker_dies_with_its_parent(tmp_path: Path) -> None:
    parent = (
        "import subprocess as s, sys, time\n"
        "worker = s.Popen([sys.executable, '-m', 'drua.worker'], stdin=s.PIPE, stdout=s.PIPE)\n"
        "worker.stdout.readline(); print(worker.pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    pid = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 2
    while alive(pid):
        assert time.monotonic() < deadline, "the worker outlived its parent by two seconds"
        time.sleep(0.01)
