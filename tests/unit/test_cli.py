"""The command line in this process: exit codes, JSON, and what is said on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from drua import cli, operations
from drua import files as drua_files
from drua.models.card import read_card

from tests.small_networks import write_colour, write_half


@pytest.fixture
def field(tmp_path: Path, discs: np.ndarray) -> Path:
    tifffile.imwrite(tmp_path / "field.tif", discs)
    return tmp_path / "field.tif"


def _run(
    arguments: list[object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["drua", *map(str, arguments)])
    code = 0
    try:
        cli.main()
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    out, err = capsys.readouterr()
    return code, out, " ".join(err.split())


@pytest.fixture
def drua(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    return lambda *arguments: _run(list(arguments), monkeypatch, capsys)


def test_segment_writes_the_files_and_says_how_many(
    drua, field: Path, tiny_package: Path, tmp_path: Path
) -> None:
    code, out, _ = drua("segment", field, "--model", tiny_package, "--output", tmp_path / "out")
    assert code == 0
    assert "field.tif: 4 objects on cpu in" in out
    assert len(list((tmp_path / "out").iterdir())) == 5


def test_json_is_one_object_and_nothing_else(drua, field: Path, tiny_package: Path, tmp_path: Path) -> None:
    code, out, _ = drua("segment", field, "--model", tiny_package, "--output", tmp_path / "out", "--json")
    (row,) = json.loads(out)["images"]
    assert (code, row["objects"], row["error"], len(row["files"])) == (0, 4, None, 5)


def test_a_broken_image_costs_the_others_nothing(
    drua, field: Path, tiny_package: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.tif").write_text("no")
    arguments = ["--model", tiny_package, "--output", tmp_path / "out", "--json"]
    code, out, err = drua("segment", tmp_path / "broken.tif", field, *arguments)
    first, second = json.loads(out)["images"]
    assert code == 1
    assert (first["error"]["code"], second["objects"]) == ("IMAGE", 4)
    assert "broken.tif cannot be read" in err


def test_ctrl_c_says_how_many_are_finished(
    drua, field: Path, tiny_package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = field.rename(tmp_path / "second.tif").with_name("first.tif")
    second.write_bytes((tmp_path / "second.tif").read_bytes())
    original = drua_files.read_image

    def read(path: Path) -> object:
        if path.name == "second.tif":
            raise KeyboardInterrupt
        return original(path)

    monkeypatch.setattr(drua_files, "read_image", read)
    images = [tmp_path / name for name in ("first.tif", "second.tif", "third.tif")]
    code, _, err = drua("segment", *images, "--model", tiny_package, "--output", tmp_path / "out")
    assert code == 130
    assert f"stopped at {images[1]}: 1 of 3 images are finished, in {tmp_path / 'out'}" in err
    assert len(list((tmp_path / "out").iterdir())) == 5


def test_images_with_one_stem_are_refused_before_any_work(
    drua, field: Path, tiny_package: Path, tmp_path: Path
) -> None:
    code, _, err = drua(
        "segment", field, tmp_path / "field.png", "--model", tiny_package, "--output", tmp_path / "out"
    )
    assert code == 1
    assert "would write the same files" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["--model", "nucleii-fluorescence"], 1, "no model 'nucleii-fluorescence' is installed"),
        (["--set", "mask_threshold"], 2, "is not NAME=VALUE"),
        (["--model", "TINY", "--set", "sigma=1"], 1, "'sigma' is not a setting of model 'tiny'"),
        (["--model", "TINY", "--set", "min_size=1", "--set", "min_size=2"], 1, "min_size is set twice"),
        (["--model", "TINY", "--channel", "3"], 1, "channel 3 was chosen, but the image has 1"),
        (["--model", "TINY", "--device", "cuda:5"], 1, "device 'cuda:5' is not available here"),
        (["--channel", "x"], 1, "channel x was chosen, but the image has 1"),
    ],
)
def test_wrong_arguments_are_said(
    drua, field: Path, tiny_package: Path, tmp_path: Path, arguments: list, code: int, part: str
) -> None:
    filled = [tiny_package if argument == "TINY" else argument for argument in arguments]
    got, _, err = drua("segment", field, "--output", tmp_path / "out", *filled)
    assert got == code
    assert part in err


def test_a_missing_output_is_wrong_usage(drua, field: Path) -> None:
    assert drua("segment", field)[0] == 2


def test_evaluate_scores_a_label_image(drua, tmp_path: Path) -> None:
    truth = np.zeros((31, 37), np.uint16)
    truth[2:9, 2:9], truth[15:25, 15:25] = 1, 2
    prediction = np.where(truth == 2, 0, truth)
    for name, labels in (("truth", truth), ("prediction", prediction)):
        tifffile.imwrite(tmp_path / f"{name}.tif", labels)
    code, out, _ = drua("evaluate", tmp_path / "prediction.tif", tmp_path / "truth.tif", "--json")
    scores = json.loads(out)
    assert code == 0
    assert (scores["tp"], scores["fp"], scores["fn"], scores["ap"]) == (1, 0, 1, 0.5)


def test_evaluate_says_where_grey_images_are_scored_as_labels(drua, tmp_path: Path) -> None:
    values = np.random.default_rng(1).poisson(100, (64, 64)).astype(np.uint16)
    for name, pixels in {"grey": values, "fractions": values / np.float32(3)}.items():
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels)
    code, out, err = drua("evaluate", tmp_path / "grey.tif", tmp_path / "grey.tif")
    assert code == 0
    assert "grey.tif looks like a grey image, not like labels; grey images are compared with --task" in err
    assert out.split()[:4] == ["iou", "0.5", "tp", str(len(np.unique(values)))]
    code, _, err = drua("evaluate", tmp_path / "fractions.tif", tmp_path / "grey.tif")
    assert (code, "looks like a grey image" in err, "has fractions" in err) == (1, True, True)


def test_models_test_passes_and_notices_a_changed_network(drua, tiny_package: Path, tmp_path: Path) -> None:
    code, out, _ = drua("models", "test", tiny_package, "--json")
    assert (code, json.loads(out)["passed"]) == (0, True)
    from tests.tiny_model import write_package

    other = write_package(tmp_path / "tiny")
    np.save(other / "test_output.npy", np.zeros((1, 1, 32, 32), np.float32))
    code, out, _ = drua("models", "test", other, "--json")
    assert (code, json.loads(out)["passed"]) == (1, False)


def test_models_info_names_the_settings(drua, tiny_package: Path) -> None:
    code, out, _ = drua("models", "info", tiny_package)
    assert code == 0
    assert "mask_threshold=0.5" in out


def test_check_reports_a_device_that_works(drua) -> None:
    code, out, _ = drua("check", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["devices"][0]["error"] is None
    assert report["devices"][0]["megapixels_per_second"] > 0


def test_a_macro_that_is_not_there_is_said(drua, tmp_path: Path) -> None:
    code, _, err = drua("macro", tmp_path / "no.ijm")
    assert code == 1
    assert "no.ijm is not a file" in err


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A denoiser, or a stain, that halves values: what the CLI is given does not depend on the network."""
    return write_half(tmp_path_factory.mktemp("half"), "denoise")


@pytest.fixture(scope="module")
def half_stain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_half(tmp_path_factory.mktemp("half"), "stain")


def test_denoise_writes_what_was_asked_for_and_warns_once(
    drua, field: Path, half: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.tif"
    other.write_bytes(field.read_bytes())
    arguments = ["--model", half, "--output", tmp_path / "out", "--type", "input", "--difference", "--report"]
    code, out, err = drua("denoise", field, other, *arguments)
    assert code == 0
    assert err.count("a prediction of the model") == 1
    assert "The noise" in out
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    kinds = ["denoised.tif", "difference.tif", "report.png", "run.json"]
    assert names == [f"{stem}-{kind}" for stem in ("field", "other") for kind in kinds]
    given, made = tifffile.imread(field), tifffile.imread(tmp_path / "out/field-denoised.tif")
    assert made.dtype == given.dtype
    np.testing.assert_array_equal(made, np.rint(given / 2).astype(given.dtype))


def test_denoise_tells_its_report_as_json(drua, field: Path, half: Path, tmp_path: Path) -> None:
    code, out, _ = drua("denoise", field, "--model", half, "--output", tmp_path / "out", "--report", "--json")
    (row,) = json.loads(out)["images"]
    assert (code, row["error"], len(row["files"])) == (0, None, 3)
    assert row["report"]


def test_stain_appends(drua, field: Path, half_stain: Path, tmp_path: Path) -> None:
    code, out, err = drua("stain", field, "--model", half_stain, "--output", tmp_path / "out", "--append")
    assert code == 0
    assert "field-stained.tif, field-appended.tif on cpu" in out
    assert "a prediction of the model" in err
    assert tifffile.imread(tmp_path / "out/field-appended.tif").shape == (2, *tifffile.imread(field).shape)


@pytest.mark.parametrize(
    ("command", "part"),
    [("denoise", "is made to stain, not to denoise"), ("segment", "is made to stain, not to segment")],
)
def test_a_model_of_another_task_is_refused(
    drua, command: str, part: str, field: Path, half_stain: Path, tmp_path: Path
) -> None:
    code, _, err = drua(command, field, "--model", half_stain, "--output", tmp_path / "out")
    assert (code, part in err) == (1, True)


def test_a_file_of_somebody_else_is_not_overwritten(drua, field: Path, half: Path, tmp_path: Path) -> None:
    (tmp_path / "field-denoised.tif").write_text("mine")
    code, _, err = drua("denoise", field, "--model", half, "--output", tmp_path)
    assert (code, "Drua did not write it" in err) == (1, True)
    assert (tmp_path / "field-denoised.tif").read_text() == "mine"


def test_devices_are_tried_with_a_model_that_takes_one_plane(
    monkeypatch: pytest.MonkeyPatch, half: Path, tmp_path: Path
) -> None:
    cards = [read_card(write_colour(tmp_path / "colour")), read_card(half)]
    monkeypatch.setattr(operations, "list_models", lambda: cards)
    (device, *_) = operations.report_of(benchmark=False, progress=lambda *_: None)["devices"]
    assert (device["error"], device["provider"]) == (None, "CPUExecutionProvider")
    monkeypatch.setattr(operations, "list_models", lambda: cards[:1])
    (device, *_) = operations.report_of(benchmark=False, progress=lambda *_: None)["devices"]
    assert device["error"] == "no model is installed that could be tried on it"
