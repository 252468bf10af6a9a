from __future__ import annotations

import json
from pathlib import Path

import pytest
import tifffile
from drua.cli import app
from typer.testing import CliRunner

from tests.training.conftest import noisy, scene


@pytest.fixture
def field(tmp_path: Path) -> Path:
    path = tmp_path / "field.tif"
    tifffile.imwrite(path, noisy(scene(1), 9))
    return path


def _run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def _small(output: Path) -> list[object]:
    return [
        "--output",
        output,
        "--width",
        4,
        "--levels",
        1,
        "--patch",
        32,
        "--minutes",
        0.02,
        "--device",
        "cpu",
    ]


def test_a_trained_model_is_installed_and_runs(field: Path, tmp_path: Path) -> None:
    found = _run("train", "denoise", field, *_small(tmp_path / "mine-cli"), "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout.strip().splitlines()[-1])
    assert told["model"] == "mine-cli"
    assert told["ended"] in ("finished", "no progress")
    assert Path(told["installed"]).is_dir()
    assert not (Path(told["installed"]) / "checkpoint.pt").exists()
    ran = _run("run", field, "--model", "mine-cli", "--output", tmp_path / "out")
    assert ran.exit_code == 0, ran.output
    assert list((tmp_path / "out").glob("*.tif"))
    again = _run("train", "denoise", field, *_small(tmp_path / "other" / "mine-cli"))
    assert again.exception is not None
    assert "installed already" in str(again.exception)
    shipped = _run("train", "denoise", field, *_small(tmp_path / "nuclei-fluorescence"))
    assert "comes with Drua" in str(shipped.exception)
    resumed = _run("train", "denoise", field, *_small(tmp_path / "mine-cli"), "--minutes", 0.03, "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert "--model mine-cli" in resumed.stdout
    anew = _run("train", "denoise", field, *_small(tmp_path / "mine-cli"), "--replace")
    assert anew.exit_code == 0, anew.output
    assert (tmp_path / "mine-cli-earlier/checkpoint.pt").is_file()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["denoise"], "neither images nor pairs"),
        (["denoise", "--noisy", "a"], "both --noisy and --clean"),
        (["denoise", "a.tif", "--structure", "diagonal"], "must be auto"),
        (["stain", "--input", "nowhere", "--target", "nowhere"], "neither a folder nor an image"),
    ],
)
def test_what_is_wrong_is_told(words: list[str], text: str, tmp_path: Path) -> None:
    found = _run("train", *words, "--output", tmp_path / "wrong")
    assert found.exit_code != 0
    assert text in str(found.exception)
