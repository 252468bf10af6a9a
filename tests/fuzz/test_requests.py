"""Hostile requests: every one is answered by a typed error or a result, and the engine goes on.

`make fuzz` runs the same for as long as DRUA_FUZZ_EXAMPLES says.
"""

from __future__ import annotations

import copy
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drua import protocol
from drua.session import Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bridge.client import Client
from tests.small_networks import write_half
from tests.tiny_model import write_package

EXAMPLES = int(os.environ.get("DRUA_FUZZ_EXAMPLES", "800"))
GOLDEN = json.loads((Path(__file__).parents[1] / "protocol/messages.json").read_text(encoding="utf-8"))
MARK = "the last request"

fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 2**31, 2**63, 2**80, 64, 10**308])
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "YX", "TZCYX", "argb32", "uint16", "s1", "../../etc/passwd", "/dev/null", "\x00"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from _places(inner, (*path, key))


@st.composite
def broken(draw: st.DrawFn, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a message of which some values are others, or missing."""
    message = copy.deepcopy(draw(st.sampled_from(messages)))
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(_places(message)) or [("requestType",)]))
        holder = message
        for key in path:
            holder = holder[key]
        if draw(st.booleans()):
            holder[last] = draw(values)
        elif isinstance(holder, dict):
            holder.pop(last, None)
    return message


def _as_bytes(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


requests = st.builds(_as_bytes, broken(GOLDEN["requests"]))
cut = st.builds(lambda line, end: line[:end], requests, st.integers(0, 200))
lines = (requests | cut | st.binary(max_size=200)).filter(lambda line: b"save" not in line)


def _answers(received: list[bytes]) -> list[dict[str, Any]]:
    """Return what a session says to lines, the tasks among them executed."""
    said: list[str] = []
    session = Session(said.append)
    for line in received:
        session.receive(line)
    session.receive(json.dumps({"requestType": "PING", "id": 7}))
    runner = threading.Thread(target=session.run)
    runner.start()
    session.receive(json.dumps({"requestType": "EXECUTE", "task": MARK, "op": "models", "inputs": {}}))
    session._queue.put(None)
    runner.join(60)
    assert not runner.is_alive()
    return [json.loads(line) for line in said]


@fuzz
@given(st.lists(lines, min_size=1, max_size=5))
def test_no_line_harms_a_session(received: list[bytes]) -> None:
    answers = _answers([line for line in received if b"SHUTDOWN" not in line])
    for answer in answers:
        protocol.decode_response(json.dumps(answer))
    assert {"responseType": "PONG", "id": 7} in answers
    assert answers[-1]["responseType"] == "COMPLETION"
    assert answers[-1]["task"] == MARK


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Client(tmp_path_factory.mktemp("worker")) as client:
        yield client


@pytest.fixture(scope="module")
def segment_inputs(worker: Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    package = write_package(tmp_path_factory.mktemp("models") / "tiny")
    return {
        "model": str(package),
        "settings": {"min_size": 5},
        "channel": 0,
        "device": "cpu",
        "outlines": True,
        "source": "field",
        "region": {"x": 1, "y": 2, "width": 20, "height": 18},
        "image": {
            "segment": worker.segment(2 * 37 * 41),
            "offset": 0,
            "dtype": "uint16",
            "shape": [37, 41],
            "axes": "YX",
            "pixel_size": {"Y": 0.5, "X": 0.5},
            "unit": "micron",
            "time_unit": "sec",
            "origin": {"X": 3},
            "channel_names": None,
        },
    }


@pytest.fixture(scope="module")
def inputs_of(segment_inputs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Inputs of every operation that runs a network."""
    folder = tmp_path_factory.mktemp("tasks")
    common = {
        name: value for name, value in segment_inputs.items() if name not in ("outlines", "settings")
    } | {"settings": {"scale": 1}, "display": {"ranges": [[0, 255]], "colours": ["#ffffff"], "rgb": False}}
    outputs = {"denoise": ["denoised", "difference", "report"], "stain": ["stained", "appended"]}
    return {"segment": segment_inputs} | {
        task: common | {"model": str(write_half(folder, task)), "outputs": names, "type": "input"}
        for task, names in outputs.items()
    }


@pytest.mark.parametrize("op", ["segment", "denoise", "stain"])
@settings(fuzz, max_examples=EXAMPLES // 5)
@given(data=st.data())
def test_wrong_inputs_of_a_task_are_typed_errors(
    worker: Client, inputs_of: dict[str, Any], op: str, data: st.DataObject
) -> None:
    inputs = data.draw(broken([inputs_of[op]]))
    message = worker.finish(worker.execute(op, inputs))
    worker.seen.clear()
    if message["responseType"] == "FAILURE":
        assert message["error"]["code"] != "INTERNAL", (message["error"], inputs)
    else:
        assert message["responseType"] == "COMPLETION"
