"""`Drua Train Denoiser...` in a real ImageJ without a window: from a noisy movie to its result."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from drua import platform

from tests.fiji.imagej import ROOT, Finished, run_drua, run_imagej
from tests.training.conftest import noisy, scene

TRAIN = 'run("Drua Train Denoiser...", "name={} minutes=0.25 device=cpu folder=[{}]{}");\n'


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """A noisy movie of two frames."""
    path = tmp_path / "Movie 1.tif"
    frames = np.stack([noisy(scene(number), 9 + number) for number in range(2)])
    tifffile.imwrite(path, frames, imagej=True, metadata={"axes": "TYX"})
    return path


def _run(route: str, folder: Path, text: str) -> Finished:
    macro = folder / "trial.ijm"
    macro.write_text(text)
    return run_imagej(macro) if route == "worker" else run_drua("macro", macro)


def test_the_documented_macro_trains_and_denoises(movie: Path, tmp_path: Path) -> None:
    name = "trained-by-macro"
    argument = f"{movie}|{tmp_path}|{name}|0.05"
    done = run_imagej(ROOT / "macros/train_denoiser.ijm", argument)
    assert done.code == 0, done.out + done.err
    assert done.out.splitlines()[-1] == f"denoised by {name}"
    assert (tmp_path / "Movie 1-denoised.tif").is_file()
    for kept in ("models", "training"):
        shutil.rmtree(platform.data_folder() / kept / name)


@pytest.mark.parametrize("route", ["worker", "inprocess"])
def test_the_macro_goes_on_when_the_model_is_installed(route: str, movie: Path, tmp_path: Path) -> None:
    name = f"trained-by-{route}"
    done = _run(
        route,
        tmp_path,
        f'open("{movie}");\n'
        + TRAIN.format(name, tmp_path / "trainings", "")
        + f'run("Drua Run Model...", "model={name}");\n'
        + f'saveAs("Tiff", "{tmp_path}/denoised.tif");',
    )
    assert done.code == 0, done.out + done.err
    assert f"{name}: Ended" in done.out
    assert f"Drua: {name}: judged by" in done.err
    clean = np.stack([scene(number) for number in range(2)])
    before, after = (
        np.square(np.squeeze(tifffile.imread(path)) - clean).mean()
        for path in (movie, tmp_path / "denoised.tif")
    )
    assert 10 * np.log10(before / after) > 1
    training = tmp_path / "trainings" / name
    assert {"checkpoint.pt", "training.png", "training.csv"} <= {path.name for path in training.iterdir()}
    shutil.rmtree(platform.data_folder() / "models" / name)


def test_files_are_learnt_from_without_an_image_and_a_training_is_resumed(
    movie: Path, tmp_path: Path
) -> None:
    options = f" noisy=[{movie}]"
    first = TRAIN.format("from-files", tmp_path, options)
    again = TRAIN.format("from-files", tmp_path, f"{options} resume=true")
    done = _run("worker", tmp_path, f'{first}{again}print("twice");\n{first}print("went on");')
    assert done.code == 1
    assert done.out.splitlines()[-1] == "twice"
    assert "a training of the name 'from-files'" in done.err
    assert "resume=true" in done.err
