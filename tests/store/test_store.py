from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drua.errors import (
    Cancelled,
    CardError,
    DruaError,
    HashError,
    OutputError,
    RequestError,
    SourceError,
    UnknownModelError,
    UntrustedModelError,
    WeightsMissingError,
)
from drua.models import catalog, store
from drua.models.contents import Engine
from hypothesis import given
from hypothesis import strategies as st

from tests.store.conftest import Server
from tests.store.test_trust import _change, _only_state_dict, _with_external
from tests.tiny_model import write_package

SHARED = Path(__file__).resolve().parents[3] / "shared/data/bioimageio"
FILES = {"README.md", "bioimageio.yaml", "test_input.npy", "test_output.npy", "weights.onnx"}


def _silent(_what: str, _done: int, _all: int) -> None:
    pass


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_package(tmp_path / "source" / "tiny")


def _zip(folder: Path, top: str = "") -> Path:
    path = folder.parent / "package.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for file in folder.iterdir():
            made.write(file, f"{top}{file.name}")
    return path


def _serve(server: Server, folder: Path, under: str = "/models/tiny") -> str:
    for file in folder.iterdir():
        server.put(f"{under}/{file.name}", file.read_bytes())
    return server.put(f"{under}/bioimageio.yaml", (folder / "bioimageio.yaml").read_bytes())


def _installed() -> list[str]:
    home = store.home()
    return sorted(each.name for each in home.iterdir() if each.name != ".staging") if home.is_dir() else []


def _nothing_is_left() -> None:
    staging = store.home() / ".staging"
    assert not staging.is_dir() or list(staging.iterdir()) == []


def test_a_folder_is_installed_with_the_files_that_its_description_names(
    package: Path, engine: Engine
) -> None:
    (package / "holiday.mov").write_bytes(b"x")
    card = store.add(str(package), engine, _silent)
    assert card.id == "tiny"
    assert card.folder == store.home() / "tiny"
    assert {file.name for file in card.folder.iterdir()} == FILES
    assert catalog.find_model("tiny") == card
    assert (package / "weights.onnx").is_file()
    _nothing_is_left()


@pytest.mark.parametrize("top", ["", "package/"])
def test_a_zip_is_installed_also_with_a_folder_around_it(package: Path, engine: Engine, top: str) -> None:
    card = store.add(str(_zip(package, top)), engine, _silent)
    assert {file.name for file in card.folder.iterdir()} == FILES
    _nothing_is_left()


@pytest.mark.parametrize("name", ["rdf.yaml", "model.yaml"])
def test_older_names_of_the_description_are_found(package: Path, engine: Engine, name: str) -> None:
    (package / "bioimageio.yaml").rename(package / name)
    with_folder = store.add(str(package), engine, _silent)
    assert (with_folder.folder / "bioimageio.yaml").is_file()
    store.remove("tiny")
    assert store.add(str(_zip(package)), engine, _silent).id == "tiny"
    store.remove("tiny")
    assert store.add(str(package / name), engine, _silent).id == "tiny"


def test_a_zip_is_fetched_from_an_address_and_what_was_inspected_is_not_fetched_twice(
    package: Path, engine: Engine, server: Server
) -> None:
    address = server.put("/tiny.zip", _zip(package).read_bytes())
    server.drops["/tiny.zip"] = [3000]
    with store.inspect(address, engine, _silent) as found:
        assert (found.card.id, found.installed, found.code) == ("tiny", False, None)
    assert _installed() == []
    assert store.add(address, engine, _silent).id == "tiny"
    assert server.answers == [200, 206, 304]
    with store.inspect(address, engine, _silent) as found:
        assert found.installed
    assert server.answers[3:] == [200]  # what is installed is not kept a second time


def test_of_the_address_of_a_description_only_what_is_needed_is_fetched(
    package: Path, engine: Engine, server: Server
) -> None:
    torchscript = "  torchscript: {source: big.pt, pytorch_version: 2.5.1}\n"
    _change(package, "weights:\n", f"weights:\n{torchscript}")
    (package / "big.pt").write_bytes(b"never fetched")
    card = store.add(_serve(server, package), engine, _silent)
    assert {file.name for file in card.folder.iterdir()} == FILES
    assert "/models/tiny/big.pt" not in [path for path, _ in server.asked]


def test_the_address_may_go_on_behind_the_name_of_the_description(
    package: Path, engine: Engine, server: Server
) -> None:
    for file in package.iterdir():
        address = server.put(f"/files/{file.name}/content?download=1", file.read_bytes())
    address = address.rpartition("/files/")[0] + "/files/bioimageio.yaml/content?download=1"
    assert store.add(address, engine, _silent).id == "tiny"


def test_weights_with_an_address_are_fetched_and_found_in_the_package(
    package: Path, engine: Engine, server: Server
) -> None:
    where = server.put("/w/weights.onnx", (package / "weights.onnx").read_bytes())
    (package / "weights.onnx").unlink()
    _change(package, "source: weights.onnx", f"source: '{where}'")
    card = store.add(str(package), engine, _silent)
    assert card.weights[0].path == card.folder / "weights.onnx"
    assert card.weights[0].path.is_file()


def test_weights_with_an_address_that_are_not_needed_cost_nothing(package: Path, engine: Engine) -> None:
    entry = "{source: 'http://127.0.0.1:9/w.pt', pytorch_version: 2.5.1}"
    _change(package, "weights:\n", f"weights:\n  torchscript: {entry}\n")
    assert store.add(str(package), engine, _silent).id == "tiny"


def test_external_data_comes_along(package: Path, engine: Engine) -> None:
    (package / "weights.onnx.data").write_bytes(np.full(25, 1 / 25, np.float32).tobytes())
    _with_external(package, "weights.onnx.data")
    _change(package, "opset_version: 17", "opset_version: 17, external_data: {source: weights.onnx.data}")
    _forget_hash(package)
    card = store.add(str(package), engine, _silent)
    assert (card.folder / "weights.onnx.data").is_file()


def _forget_hash(package: Path) -> None:
    text = (package / "bioimageio.yaml").read_text()
    start = text.index(", sha256", text.index("weights.onnx"))
    end = text.index(", opset_version")
    (package / "bioimageio.yaml").write_text(text[:start] + text[end:])


def test_an_id_that_is_installed_is_an_error_unless_it_is_replaced(package: Path, engine: Engine) -> None:
    store.add(str(package), engine, _silent)
    with pytest.raises(RequestError, match="is installed already"):
        store.add(str(package), engine, _silent)
    _change(package, "name: Tiny model", "name: New tiny model")
    assert store.add(str(package), engine, _silent, replace=True).name == "New tiny model"
    assert _installed() == ["tiny"]
    _nothing_is_left()


def test_the_old_one_stays_when_the_new_one_fails(package: Path, engine: Engine) -> None:
    old = store.add(str(package), engine, _silent)
    (package / "weights.onnx").write_bytes((package / "weights.onnx").read_bytes() + b"\x2a\x00")
    with pytest.raises(HashError, match=r"weights\.onnx has the SHA-256"):
        store.add(str(package), engine, _silent, replace=True)
    assert catalog.find_model("tiny") == old
    _nothing_is_left()


def test_the_old_one_is_put_back_when_the_last_step_fails(
    package: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = store.add(str(package), engine, _silent)
    real = os.rename

    def rename(source: Path, target: Path) -> None:
        if Path(source).name == "package":
            raise PermissionError("in use")
        real(source, target)

    monkeypatch.setattr(store.os, "rename", rename)
    with pytest.raises(OutputError, match="close the programs that use this model"):
        store.add(str(package), engine, _silent, replace=True)
    assert catalog.find_model("tiny") == old


def test_a_shipped_model_is_neither_replaced_nor_removed(package: Path, engine: Engine) -> None:
    _change(package, "id: tiny", "id: nuclei-fluorescence")
    with pytest.raises(RequestError, match="comes with Drua and cannot be replaced"):
        store.add(str(package), engine, _silent, replace=True)
    with pytest.raises(RequestError, match="cannot be removed"):
        store.remove("nuclei-fluorescence")
    assert catalog.find_model("nuclei-fluorescence").folder.is_dir()


def test_remove_deletes_the_folder(package: Path, engine: Engine) -> None:
    folder = store.add(str(package), engine, _silent).folder
    assert store.remove("tiny") == folder
    assert not folder.exists()
    with pytest.raises(UnknownModelError):
        store.remove("tiny")
    _nothing_is_left()


def test_a_folder_of_the_user_is_never_removed(package: Path) -> None:
    with pytest.raises(RequestError, match="cannot be removed"):
        store.remove(str(package))
    assert (package / "weights.onnx").is_file()


@pytest.mark.parametrize("name", ["..", ".", "", "../models", ".staging"])
def test_only_the_folder_of_a_model_can_be_removed(package: Path, engine: Engine, name: str) -> None:
    store.add(str(package), engine, _silent)
    with pytest.raises(DruaError):
        store.remove(name)
    assert _installed() == ["tiny"]


def test_a_broken_model_is_listed_with_its_reason_and_can_be_removed(package: Path, engine: Engine) -> None:
    folder = store.add(str(package), engine, _silent).folder
    (folder / "bioimageio.yaml").write_text("name: 1")
    ((broken, error),) = catalog.list_broken()
    assert broken == folder
    assert "is not a valid bioimage.io description" in str(error)
    store.remove("tiny")
    assert not folder.exists()


def test_a_package_that_another_one_hides_is_listed(package: Path, engine: Engine) -> None:
    folder = store.add(str(package), engine, _silent).folder
    shutil.copytree(folder, folder.with_name("copy"))
    ((broken, error),) = catalog.list_broken()
    assert broken.name == "tiny"
    assert "belongs to the model in" in str(error)


def test_a_cancel_leaves_nothing(package: Path, engine: Engine) -> None:
    def cancel(what: str, _done: int, _all: int) -> None:
        if what == "checking (MB)":
            raise Cancelled

    with pytest.raises(Cancelled):
        store.add(str(package), engine, cancel)
    assert _installed() == []
    _nothing_is_left()


def test_what_an_interruption_left_is_swept(
    package: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store.home() / ".staging" / "left").mkdir(parents=True)
    monkeypatch.setattr(store, "SECONDS_KEPT", -1.0)
    store.add(str(package), engine, _silent)
    _nothing_is_left()


def test_missing_weights_are_named(package: Path, engine: Engine) -> None:
    (package / "weights.onnx").unlink()
    with pytest.raises(WeightsMissingError, match=r"weights\.onnx, which is not there"):
        store.add(str(package), engine, _silent)


def test_weights_that_nothing_runs_are_named(package: Path, engine: Engine) -> None:
    text = (package / "bioimageio.yaml").read_text()
    start, end = text.index("  onnx:"), text.index("config:")
    keras = "  keras_hdf5: {source: weights.h5, tensorflow_version: 2.10}\n"
    (package / "bioimageio.yaml").write_text(text[:start] + keras + text[end:])
    with pytest.raises(WeightsMissingError, match="weights as keras_hdf5, but Drua runs onnx"):
        store.add(str(package), engine, _silent)


def test_code_is_refused_with_its_hash_and_shown(package: Path, engine: Engine) -> None:
    _only_state_dict(package)
    with store.inspect(str(package), engine, _silent) as found:
        code = found.code
    assert code is not None
    with pytest.raises(UntrustedModelError, match=f"allow it by its SHA-256 {code.sha256}"):
        store.add(str(package), engine, _silent)
    with pytest.raises(UntrustedModelError, match="that was allowed has the SHA-256 0000"):
        store.add(str(package), engine, _silent, allow_code="0000")
    assert _installed() == []


def test_code_that_is_allowed_is_handed_to_the_conversion(package: Path, engine: Engine) -> None:
    original = (package / "bioimageio.yaml").read_text()
    network = (package / "weights.onnx").read_bytes()
    _only_state_dict(package)
    calls: list[str] = []

    def convert(folder: Path, sha256: str, _progress: object) -> None:
        calls.append(sha256)
        (folder / "weights.onnx").write_bytes(network)
        (folder / "bioimageio.yaml").write_text(original)

    with store.inspect(str(package), engine, _silent) as found:
        sha256 = found.code.sha256
    card = store.add(str(package), replace(engine, convert=convert), _silent, allow_code=sha256.upper())
    assert calls == [sha256]
    assert [weights.format for weights in card.weights] == ["onnx"]


def test_a_bare_network_is_described_by_its_answers(
    package: Path, engine: Engine, tmp_path: Path, server: Server
) -> None:
    def describe(file: Path, answers: dict, folder: Path, _progress: object) -> None:
        assert file.name == "net.onnx"
        shutil.copytree(package, folder)
        _change(folder, "name: Tiny model", f"name: {answers['name']}")

    engine = replace(engine, describe=describe)
    network = tmp_path / "net.onnx"
    shutil.copy(package / "weights.onnx", network)
    with store.inspect(str(network), engine, _silent) as found:
        assert found == network
    with pytest.raises(CardError, match="answer the questions"):
        store.add(str(network), engine, _silent)
    assert store.add(str(network), engine, _silent, answers={"name": "My net"}).name == "My net"
    address = server.put("/net.onnx", network.read_bytes())
    replaced = store.add(address, engine, _silent, answers={"name": "Other net"}, replace=True)
    assert replaced.name == "Other net"


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda place: place / "no", "is no folder, file or address"),
        (lambda place: place, "holds no bioimage.io package"),
        (lambda place: _made(place / "a.txt", b"x"), "is no model that Drua knows"),
        (lambda place: _made(place / "a.zip", b"x"), "no zip archive"),
    ],
)
def test_what_is_no_package_is_said(tmp_path: Path, engine: Engine, make, part: str) -> None:
    (tmp_path / "place").mkdir()
    with pytest.raises(SourceError, match=part):
        store.add(str(make(tmp_path / "place")), engine, _silent)


def _made(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_an_invalid_description_is_said_with_the_source(package: Path, engine: Engine) -> None:
    _change(package, "license: CC0-1.0", "license: none")
    with pytest.raises(CardError) as caught:
        store.add(str(package), engine, _silent)
    assert str(caught.value).startswith(f"{package}/bioimageio.yaml is not a valid bioimage.io description")
    assert ".staging" not in str(caught.value)


def test_a_zip_without_package_is_said(tmp_path: Path, engine: Engine) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr("a.txt", "x")
    with pytest.raises(SourceError, match=r"holds no bioimage\.io package"):
        store.add(str(tmp_path / "a.zip"), engine, _silent)


@given(st.text(min_size=1, max_size=200))
def test_any_id_gives_a_name_that_every_system_takes(model: str) -> None:
    name = store.folder_name(model)
    assert name == name.lower().strip(". ")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert 0 < len(name) < 100
    assert name.split(".")[0] not in ("con", "nul", "aux", "prn", "com1", "lpt1")


@given(st.lists(st.text(min_size=1, max_size=10), min_size=2, max_size=20, unique=True))
def test_different_ids_have_different_folders(models: list[str]) -> None:
    assert len({store.folder_name(model) for model in models}) == len(models)


def test_a_plain_id_is_its_folder() -> None:
    assert store.folder_name("affable-shark") == "affable-shark"
    assert store.folder_name("10.5281/zenodo.5764892").startswith("10-5281-zenodo-5764892-")


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not there")
def test_the_real_nuclei_package_is_installed(engine: Engine) -> None:
    card = store.add(str(SHARED / "unet2d_nuclei_broad"), engine, _silent)
    assert card.id == "unet-2d-nuclei-broad"
    assert {weights.format for weights in card.weights} == {"onnx", "torchscript", "pytorch_state_dict"}


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not there")
def test_the_real_package_with_two_inputs_is_installed(engine: Engine) -> None:
    card = store.add(str(SHARED / "unet2d_multi_tensor"), engine, _silent)
    assert (card.id, len(card.inputs), len(card.outputs)) == ("multi-tensor", 2, 2)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not there")
def test_hashes_of_an_old_description_are_kept(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    shutil.copytree(SHARED / "unet2d_nuclei_broad", folder)
    folder.chmod(0o755)
    (folder / "bioimageio.yaml").unlink()
    (folder / "v0_4_9.bioimageio.yaml").rename(folder / "rdf.yaml")
    card = store.add(str(folder), engine, _silent)
    assert all(weights.sha256 for weights in card.weights)
    weights = folder / "weights.onnx"
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes() + b"\x2a\x00")
    with pytest.raises(HashError):
        store.add(str(folder), engine, _silent, replace=True)
