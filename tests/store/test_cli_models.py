"""`drua models ...` in this process, and the same operations as a plugin asks for them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from drua import cli, cli_models, model_operations, operations
from drua.errors import Cancelled, ProtocolError
from drua.models import catalog, store
from drua.operations import OPERATIONS, OpenModels

from tests.store.conftest import Server
from tests.store.test_store import _zip
from tests.store.test_trust import _change, _only_state_dict
from tests.tiny_model import write_package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_package(tmp_path / "source" / "tiny", tile=16)


@pytest.fixture
def drua(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["drua", "models", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        out, err = capsys.readouterr()
        return code, out, " ".join(err.split())

    return run


def _task() -> SimpleNamespace:
    return SimpleNamespace(models=OpenModels(), progress=lambda *_: None)


def test_add_list_info_test_and_remove(drua, package: Path) -> None:
    assert drua("add", package)[:2] == (0, f"tiny is installed in {store.home() / 'tiny'}\n")
    assert "tiny" in drua("list")[1]
    assert "tested       no" in drua("info", "tiny")[1]
    code, out, _ = drua("test", "tiny")
    assert code == 0
    assert out.startswith("tiny: passed\n")
    assert "tested       passed on cpu" in drua("info", "tiny")[1]
    assert drua("remove", "tiny")[:2] == (0, "tiny is removed\n")
    assert drua("info", "tiny")[0] == 1


def test_json_is_one_object(drua, package: Path) -> None:
    card = json.loads(drua("add", package, "--json")[1])["card"]
    assert (card["id"], card["licence"], card["shipped"], card["problem"]) == ("tiny", "CC0-1.0", False, None)
    assert card["inputs"] == [
        {"name": "image", "axes": "CYX", "channels": ["fluorescence"], "optional": False}
    ]
    assert [(each["name"], each["axes"], each["channels"]) for each in card["outputs"]] == [
        ("maps", "CYX", ["foreground"])
    ]
    assert card["authors"] == ["Drua developers"]
    assert (card["pixel_size"], card["unit"], card["version"], card["cover"]) == ({}, "pixel", None, None)
    assert card["bytes"] == sum(file.stat().st_size for file in (store.home() / "tiny").iterdir())
    assert json.loads(drua("info", "tiny", "--json")[1]) == card
    listed = json.loads(drua("list", "--json")[1])
    assert card in listed["models"]
    assert listed["broken"] == []
    outcome = json.loads(drua("test", "tiny", "--json")[1])
    assert outcome["difference"] <= 1e-6
    assert 0 <= outcome["tiled_difference"] <= 1e-5
    assert outcome["provider"] == "CPUExecutionProvider"
    assert json.loads(drua("remove", "tiny", "--json")[1]) == {"removed": "tiny"}


def test_a_shipped_model_is_marked(drua) -> None:
    card = json.loads(drua("info", "nuclei-fluorescence", "--json")[1])
    assert card["shipped"]
    assert Path(card["cover"]).name == "cover.png"


def test_an_installed_model_needs_replace(drua, package: Path) -> None:
    drua("add", package)
    code, _, err = drua("add", package)
    assert code == 1
    assert "is installed already" in err
    assert drua("add", package, "--replace")[0] == 0


def test_a_record_of_other_weights_does_not_count(drua, package: Path) -> None:
    drua("add", package)
    drua("test", "tiny")
    weights = store.home() / "tiny" / "weights.onnx"
    weights.write_bytes(weights.read_bytes() + b"\x2a\x00")
    assert json.loads(drua("info", "tiny", "--json")[1])["tested"] is None


def test_a_model_that_fails_its_test_is_marked(drua, package: Path) -> None:
    drua("add", package)
    np.save(store.home() / "tiny" / "test_output.npy", np.zeros((1, 1, 32, 32), np.float32))
    code, out, _ = drua("test", "tiny")
    assert code == 1
    assert out.startswith("tiny: FAILED")
    assert json.loads(drua("info", "tiny", "--json")[1])["tested"]["passed"] is False


def test_code_is_printed_with_its_hash_and_the_command(drua, package: Path) -> None:
    _only_state_dict(package)
    code, out, err = drua("add", package)
    assert code == 1
    assert "class Net: pass" in out
    sha256 = err.rpartition("--allow-code ")[2]
    assert len(sha256) == 64
    assert f"SHA-256 {sha256}" in out
    assert f"drua models add {package}" in err


def test_at_a_terminal_the_person_is_asked(drua, package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _only_state_dict(package)
    monkeypatch.setattr(cli_models.sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(type(cli_models.console), "is_terminal", True)
    monkeypatch.setattr(cli_models.typer, "confirm", lambda *_, **__: False)
    assert drua("add", package)[0] == 1
    allowed: list[str] = []

    def convert(_folder: Path, sha256: str, _progress: object) -> None:
        allowed.append(sha256)
        raise Cancelled

    monkeypatch.setattr(model_operations.conversion, "convert", convert)
    monkeypatch.setattr(cli_models.typer, "confirm", lambda *_, **__: True)
    assert drua("add", package)[0] == 1
    assert len(allowed) == 1


def test_a_broken_package_is_listed_with_its_reason(drua, package: Path) -> None:
    drua("add", package)
    (store.home() / "tiny" / "bioimageio.yaml").write_text("name: 1")
    code, out, err = drua("list")
    assert code == 0
    assert "nuclei-fluorescence" in out
    assert f"broken: {store.home() / 'tiny'}" in err
    ((broken,), models) = (value for _, value in sorted(json.loads(drua("list", "--json")[1]).items()))
    assert (broken["folder"], broken["error"]["code"]) == (str(store.home() / "tiny"), "CARD")
    assert [card["id"] for card in models] == [card.id for card in catalog.list_models(catalog.folders()[:1])]


@pytest.mark.parametrize(
    ("operation", "part"),
    [
        (
            "id: stardist_postprocessing, kwargs: {prob_threshold: 0.5, nms_threshold: 0.4, n_rays: 32,"
            " grid: [1, 1], b: 2}",
            "the star-convex decoder of StarDist (stardist_postprocessing)",
        ),
        (
            "id: cellpose_flow_dynamics, kwargs: {cellprob_threshold: 0, flow_threshold: 0.4, do_3D: false}",
            "the flow decoder of Cellpose (cellpose_flow_dynamics)",
        ),
    ],
    ids=["star", "flow"],
)
def test_a_decoder_that_comes_later_is_named(package: Path, operation: str, part: str) -> None:
    test = "  test_tensor: {source: test_output"
    _change(package, test, f"  postprocessing:\n  - {{{operation}}}\n{test}")
    card = OPERATIONS["inspect"](_task(), {"source": str(package)}).get("card")
    assert card["problem"]["code"] == "CARD"
    assert part in card["problem"]["message"]


def test_inspect_tells_what_is_in_a_package_and_installs_nothing(package: Path) -> None:
    found = OPERATIONS["inspect"](_task(), {"source": str(package)})
    assert (found["kind"], found["installed"], found["code"]) == ("package", False, None)
    assert (found["card"]["id"], found["card"]["folder"]) == ("tiny", str(package))
    assert not (store.home() / "tiny").exists()


def test_inspect_shows_the_code(package: Path) -> None:
    _only_state_dict(package)
    found = OPERATIONS["inspect"](_task(), {"source": str(package)})
    assert (found["code"]["file"], found["code"]["text"]) == ("net.py", "class Net: pass\n")
    assert found["card"]["problem"]["code"] == "UNTRUSTED_MODEL"


def test_a_plugin_adds_tests_and_removes(package: Path, server: Server) -> None:
    address = server.put("/tiny.zip", _zip(package).read_bytes())
    task, steps = _task(), []
    task.progress = lambda *step: steps.append(step)
    inputs = {"source": address, "answers": None, "allow_code": None, "replace": False}
    assert OPERATIONS["add"](task, inputs)["card"]["id"] == "tiny"
    assert ("downloading (MB)", 0, 0) in steps
    assert all(isinstance(done, int) and isinstance(total, int) for _, done, total in steps)
    tested = OPERATIONS["test"](task, {"model": "tiny"})
    assert tested["outcome"]["passed"]
    assert "tiny: passed" in tested["text"]
    task.models.get(catalog.find_model("tiny"), "cpu")
    assert OPERATIONS["remove"](task, {"model": "tiny"}) == {"removed": "tiny"}
    assert "tiny" not in [card["id"] for card in OPERATIONS["models"](task, {})["models"]]


def test_what_may_be_replaced_is_closed_first(package: Path) -> None:
    task = _task()
    OPERATIONS["add"](task, {"source": str(package)})
    task.models.get(catalog.find_model("tiny"), "cpu")
    OPERATIONS["add"](task, {"source": str(package), "replace": True})
    task.models.get(catalog.find_model("tiny"), "cpu")
    assert task.models.loads == 2


@pytest.mark.parametrize(
    ("op", "inputs"),
    [
        ("add", {}),
        ("add", {"source": 1}),
        ("add", {"source": "x", "answers": []}),
        ("remove", {"model": None}),
    ],
)
def test_wrong_inputs_are_protocol_errors(op: str, inputs: dict) -> None:
    with pytest.raises(ProtocolError):
        operations.OPERATIONS[op](_task(), inputs)
