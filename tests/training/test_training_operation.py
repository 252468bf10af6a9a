"""The operation `train_denoiser` of a real worker: done, ended early, stopped, killed, and resumed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.bridge.client import Client
from tests.training.conftest import noisy, scene

LONG = 5.0
SHORT = 0.05
ENOUGH = 0.25
"""Minutes in which a network learns something on a machine that does other things, too."""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(tmp_path) as client:
        yield client


@pytest.fixture
def movie() -> np.ndarray:
    """Two noisy frames (T, Y, X)."""
    return np.stack([noisy(scene(number), 9 + number) for number in range(2)])


def _inputs(client: Client, movie: np.ndarray, output: Path, **more: object) -> dict[str, Any]:
    image = client.put(movie) | {"axes": "TYX"}
    return {"image": image, "source": "movie.tif", "output": str(output), "device": "cpu", **more}


def _until_trained(client: Client, task: str, checked: Path) -> None:
    """Wait until something was learnt and looked at."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        message = client.receive()
        assert message["responseType"] in ("LAUNCH", "UPDATE"), message
        if message.get("message") == "training (s)" and (checked / "training.png").is_file():
            return
    raise AssertionError("no check within a minute")


def test_an_open_image_is_learnt_from_and_its_model_installed(
    client: Client, movie: np.ndarray, tmp_path: Path
) -> None:
    wide = np.pad(movie, ((0, 0), (0, 0), (0, 40)))  # what is outside of the selection is constant
    inputs = _inputs(client, wide, tmp_path / "from-image", minutes=ENOUGH)
    outputs = client.call(
        "train_denoiser",
        inputs | {"region": {"x": 0, "y": 0, "width": movie.shape[2], "height": movie.shape[1]}},
    )
    assert outputs["trained"]["model"] == outputs["card"]["id"] == "from-image"
    assert outputs["trained"]["ended"] in ("finished", "no progress")
    assert outputs["trained"]["validation"] < outputs["trained"]["untrained"]
    assert any(
        message.get("message") == "training (s)" and message["maximum"] == 15 for message in client.seen
    )
    readme = (tmp_path / "from-image" / "README.md").read_text()
    assert "(96 x 112 pixels) of 1 image: movie.tif" in readme
    maps = client.call("run", {"model": "from-image", "image": client.put(movie) | {"axes": "TYX"}})["maps"]
    (result,) = (client.get(each) for each in maps.values())
    clean = np.stack([scene(number) for number in range(2)])
    before, after = (np.square(each.reshape(clean.shape) - clean).mean() for each in (movie, result))
    assert 10 * np.log10(before / after) > 1
    again = client.finish(client.execute("train_denoiser", inputs))
    assert "installed already" in again["error"]["message"]
    assert "replace=true" in again["error"]["remedy"]


def test_a_training_that_is_finished_early_gives_a_model(
    client: Client, movie: np.ndarray, tmp_path: Path
) -> None:
    output = tmp_path / "early"
    task = client.execute("train_denoiser", _inputs(client, movie, output, minutes=LONG))
    _until_trained(client, task, output)
    client.send({"requestType": "FINISH", "task": task})
    message = client.finish(task)
    assert message["responseType"] == "COMPLETION"
    assert message["outputs"]["trained"]["ended"] == "cancelled"
    assert message["outputs"]["card"]["id"] == "early"
    assert (output / "checkpoint.pt").is_file()


def test_a_training_that_is_cancelled_stops_at_once_and_can_be_resumed(
    client: Client, movie: np.ndarray, tmp_path: Path
) -> None:
    output = tmp_path / "stopped"
    task = client.execute("train_denoiser", _inputs(client, movie, output, minutes=LONG))
    _until_trained(client, task, output)
    started = time.monotonic()
    client.send({"requestType": "CANCEL", "task": task})
    assert client.finish(task)["responseType"] == "CANCELATION"
    assert time.monotonic() - started < 3
    assert (output / "checkpoint.pt").is_file()
    assert not (output / "bioimageio.yaml").exists()
    without = client.finish(client.execute("train_denoiser", _inputs(client, movie, output, minutes=LONG)))
    assert "resume=true" in without["error"]["remedy"]
    outputs = client.call(
        "train_denoiser", _inputs(client, movie, output, minutes=SHORT, resume=True, install=False)
    )
    assert outputs["card"] is None
    assert (output / "bioimageio.yaml").is_file()


def test_a_killed_worker_loses_no_training(client: Client, movie: np.ndarray, tmp_path: Path) -> None:
    output = tmp_path / "killed"
    task = client.execute("train_denoiser", _inputs(client, movie, output, minutes=LONG))
    _until_trained(client, task, output)
    client.process.kill()
    client.process.wait()
    (tmp_path / "next").mkdir()
    with Client(tmp_path / "next") as other:
        resumed = other.execute(
            "train_denoiser", _inputs(other, movie, output, minutes=LONG, resume=True, install=False)
        )
        while other.receive().get("message") != "training (s)":
            pass
        other.send({"requestType": "FINISH", "task": resumed})
        trained = other.finish(resumed)["outputs"]["trained"]
    assert trained["steps"] > 5
    assert (output / "bioimageio.yaml").is_file()


def test_a_training_that_waits_never_starts(client: Client, movie: np.ndarray, tmp_path: Path) -> None:
    running = client.execute("train_denoiser", _inputs(client, movie, tmp_path / "runs", minutes=LONG))
    waiting = client.execute("train_denoiser", _inputs(client, movie, tmp_path / "waits", minutes=LONG))
    client.send({"requestType": "FINISH", "task": waiting})
    assert client.finish(waiting)["responseType"] == "CANCELATION"
    client.send({"requestType": "FINISH", "task": running})
    assert client.finish(running)["responseType"] in ("COMPLETION", "CANCELATION")
    assert not (tmp_path / "waits").exists()


def test_pairs_are_learnt_from_folders(
    client: Client, pair_folders: tuple[Path, Path], tmp_path: Path
) -> None:
    outputs = client.call(
        "train_denoiser",
        {
            "images": [str(pair_folders[0])],
            "clean": str(pair_folders[1]),
            "output": str(tmp_path / "pairs"),
            "minutes": SHORT,
            "install": False,
            "device": "cpu",
        },
    )
    assert any("lie over each other" in note for note in outputs["trained"]["notes"])


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        ({}, "SETTING", "neither an image nor files"),
        ({"images": [3]}, "PROTOCOL", "images holds 3"),
        ({"images": ["/no/such"]}, "IMAGE", "/no/such is neither"),
        ({"images": ["FIELD"], "structure": "diagonal"}, "SETTING", "must be auto"),
        ({"images": ["FIELD"], "axes": "XY"}, "SETTING", "axes is 'XY'"),
        ({"images": ["FIELD"], "minutes": 0}, "SETTING", "minutes is 0"),
        ({"images": ["FIELD"], "output": "here"}, "SETTING", "absolute"),
        ({"images": ["FIELD"], "output": "/tmp/Not An Id"}, "SETTING", "small letters"),
        ({"images": ["FIELD"], "resume": True}, "OUTPUT", "no training to resume"),
    ],
)
def test_what_is_wrong_is_told(more: dict[str, Any], code: str, text: str, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))
    filled = {**more}
    if filled.get("images") == ["FIELD"]:
        filled["images"] = [str(tmp_path / "field.tif")]
    with Client(tmp_path) as client:
        task = client.execute("train_denoiser", {"output": str(tmp_path / "wrong"), **filled})
        error = client.finish(task)["error"]
    assert error["code"] == code, error
    assert text in error["message"]
    assert not (tmp_path / "wrong").exists()


def test_an_open_image_has_no_pair(client: Client, movie: np.ndarray, tmp_path: Path) -> None:
    inputs = _inputs(client, movie, tmp_path / "wrong", clean=str(tmp_path))
    error = client.finish(client.execute("train_denoiser", inputs))["error"]
    assert "pairs are read from files" in error["message"]
