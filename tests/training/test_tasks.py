"""From images to a package that is valid, passes its test and can be resumed."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from bioimageio.spec import ValidationContext, load_description
from bioimageio.spec.model.v0_5 import ModelDescr
from drua.errors import Cancelled, ImageError, OutputError, SettingError
from drua.files import read_image
from drua.image import Image
from drua.models.card import read_card
from drua.pipeline import open_model, predict
from drua.selftest import reproduce
from drua.streaming import run_into_zarr
from drua.training import precision
from drua.training.examples import Example, Sampler
from drua.training.package import Sample
from drua.training.picture import coloured
from drua.training.plan import Plan, Report
from drua.training.tasks import Names, Release, set_aside, train_denoiser, train_stain
from drua.zarrs import create_level, new_zarr
from PIL import Image as Picture

from tests.training.conftest import noisy, scene

TINY = Plan(steps=40, patch=32, batch=4, width=4, levels=1, checks=4, rate=1e-2, device="cpu")
LONGER = replace(TINY, steps=200, width=16, rate=3e-3)
FEW = replace(TINY, steps=4, checks=2)


def _quiet(_report: Report) -> None:
    """Listen to nothing."""


def _decibels(truth: np.ndarray, before: np.ndarray, after: np.ndarray) -> float:
    return float(10 * np.log10(np.square(before - truth).mean() / np.square(after - truth).mean()))


def _check(folder: Path, task: str) -> None:
    with ValidationContext(perform_io_checks=True):
        description = load_description(folder / "bioimageio.yaml")
    assert isinstance(description, ModelDescr), description.validation_summary.format()
    outcome = reproduce(str(folder))
    assert outcome["passed"]
    assert outcome["tiled_difference"] < 1e-3
    assert read_card(folder).task == task
    for name in ("README.md", "cover.png", "training.png", "training.csv", "checkpoint.pt"):
        assert (folder / name).stat().st_size > 0


def test_a_denoiser_learns_from_noisy_images_alone(tmp_path: Path) -> None:
    clean = np.stack([scene(number) for number in range(4)])
    movie = noisy(clean, 9)
    tifffile.imwrite(tmp_path / "movie.tif", movie, imagej=True, metadata={"axes": "TYX"})
    reports: list[Report] = []
    trained = train_denoiser([tmp_path / "movie.tif"], tmp_path / "mine", LONGER, listener=reports.append)
    _check(tmp_path / "mine", "denoise")
    result = predict(Image(movie, "TYX"), str(tmp_path / "mine")).image.pixels[:, 0, 0]
    assert _decibels(clean, movie, result) > 4
    assert trained.outcome.ended == "finished"
    assert trained.outcome.best < trained.outcome.before
    assert [report.step for report in reports] == list(range(1, LONGER.steps + 1))
    assert reports[-1].preview is not None
    assert any("no structure" in note for note in trained.notes)
    with (tmp_path / "mine" / "training.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [50, 100, 150, 200]
    readme = (tmp_path / "mine" / "README.md").read_text()
    assert "movie" in readme
    assert "prediction" in readme


def test_intensities_stay_in_units_and_offsets_of_the_image(tmp_path: Path) -> None:
    movie = noisy(scene(1), 9)
    tifffile.imwrite(tmp_path / "field.tif", movie)
    train_denoiser([tmp_path / "field.tif"], tmp_path / "mine", FEW, listener=_quiet)
    model = str(tmp_path / "mine")
    one, other = (predict(Image(each, "YX"), model).image.pixels for each in (movie, 30 * movie + 1000))
    assert other == pytest.approx(30 * one + 1000, rel=1e-4)


def test_a_denoiser_learns_from_pairs_and_keeps_the_brightness_of_the_noisy_ones(
    pair_folders: tuple[Path, Path], tmp_path: Path
) -> None:
    for path in pair_folders[1].iterdir():
        tifffile.imwrite(path, 4 * tifffile.imread(path) + 500)  # another exposure
    trained = train_denoiser(
        [pair_folders[0]], tmp_path / "care", LONGER, clean=pair_folders[1], listener=_quiet
    )
    _check(tmp_path / "care", "denoise")
    clean = scene(11)
    field = noisy(clean, 12)
    result = predict(Image(field, "YX"), str(tmp_path / "care")).image.pixels[0, 0, 0]
    assert _decibels(clean, field, result) > 4
    assert result.mean() == pytest.approx(clean.mean(), rel=0.03)
    assert any("times as bright" in note for note in trained.notes)
    assert trained.outcome.gain is not None
    assert trained.outcome.gain > 4


def test_volumes_are_learnt_in_3d(tmp_path: Path) -> None:
    clean = scene(3, (9, 96, 112))
    tifffile.imwrite(tmp_path / "stack.tif", noisy(clean, 1), imagej=True, metadata={"axes": "ZYX"})
    plan = replace(FEW, axes="ZYX", batch=2, patch_z=4)
    train_denoiser([tmp_path / "stack.tif"], tmp_path / "mine", plan, listener=_quiet)
    _check(tmp_path / "mine", "denoise")
    assert read_card(tmp_path / "mine").grid == "ZYX"
    result = predict(Image(noisy(clean, 2), "ZYX"), str(tmp_path / "mine"))
    assert result.image.pixels.shape == (1, 9, 1, 96, 112)
    tifffile.imwrite(tmp_path / "plane.tif", noisy(scene(1), 1))
    with pytest.raises(ImageError, match="one slice"):
        train_denoiser([tmp_path / "plane.tif"], tmp_path / "other", plan, listener=_quiet)


def test_a_stain_learns_several_channels_from_files_of_any_contrast(tmp_path: Path) -> None:
    for folder in ("phase", "dna", "actin"):
        (tmp_path / folder).mkdir()
    for number in range(3):
        target = scene(number)
        tifffile.imwrite(tmp_path / "dna" / f"{number}.tif", target)
        tifffile.imwrite(tmp_path / "actin" / f"{number}.tif", (2000 - 3 * target).astype(np.uint16))
        tifffile.imwrite(tmp_path / "phase" / f"{number}.tif", (900 - target).astype(np.uint16))
    plan = replace(LONGER, task="stain", method="pairs", loss="l1+structure", adversarial=0.01)
    train_stain(
        [tmp_path / "phase"],
        [tmp_path / "dna", tmp_path / "actin"],
        tmp_path / "stain",
        plan,
        names=Names("My stain", "Nuclei and actin.", ("A. Person",), "CC-BY-4.0"),
        listener=_quiet,
    )
    _check(tmp_path / "stain", "stain")
    card = read_card(tmp_path / "stain")
    assert card.output.channels == ("dna", "actin")
    assert (card.name, card.licence) == ("My stain", "CC-BY-4.0")
    truth = scene(8)
    result = predict(Image(900 - truth, "YX"), str(tmp_path / "stain")).image.pixels[0, 0]
    assert np.corrcoef(result[0].ravel(), truth.ravel())[0, 1] > 0.8
    assert np.corrcoef(result[1].ravel(), truth.ravel())[0, 1] < -0.8
    assert 600 < result[1].mean() < 2000


def test_a_package_for_others_has_a_sample_of_its_own_more_in_its_card_and_torchscript(
    pair_folders: tuple[Path, Path], tmp_path: Path
) -> None:
    drawn = scene(99, (160, 160))[None]
    release = Release({"colours": ["#00ffff"], "intensities": "not validated"}, Sample(drawn, drawn))
    trained = train_stain(
        [pair_folders[0]], [pair_folders[1]], tmp_path / "mine", FEW, listener=_quiet, release=release
    )
    _check(trained.folder, "stain")
    test_input = np.load(trained.folder / "test_input.npy")
    assert np.isin(test_input, drawn).all()
    with ValidationContext(perform_io_checks=False):
        described = load_description(trained.folder / "bioimageio.yaml").model_dump(mode="json")
    assert described["config"]["drua"]["colours"] == ["#00ffff"]
    assert described["config"]["drua"]["intensities"] == "not validated"
    assert {weights.format for weights in read_card(trained.folder).weights} == {"onnx", "torchscript"}
    with Picture.open(trained.folder / "cover.png") as cover:
        assert cover.width > 3 * 150


def test_noise_that_is_added_is_what_losses_are_measured_by(tmp_path: Path) -> None:
    for number in range(6):
        tifffile.imwrite(tmp_path / f"{number}.tif", scene(number))
    drawn: list[tuple[np.ndarray, np.ndarray]] = []

    def corrupt(patch: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        drawn.append((patch + random.normal(0, random.choice([2, 60]), patch.shape), patch))
        return drawn[-1]

    example = Example("scene", scene(1)[None])
    given, wanted = Sampler([example], (48, 48), np.random.default_rng(1), corrupt=corrupt).one()
    assert (given - wanted).std() == pytest.approx(1, rel=1e-3)
    assert given.mean() == pytest.approx(0, abs=1e-3)
    trained = train_denoiser([tmp_path], tmp_path / "mine", FEW, listener=_quiet, corrupt=corrupt)
    assert any("noise was added" in note for note in trained.notes)


def test_two_channels_are_shown_in_two_colours() -> None:
    both = np.zeros((2, 1, 2))
    both[0, 0, 0] = both[1, 0, 1] = 1
    shown = coloured(both, np.zeros((2, 1, 1)), np.ones((2, 1, 1)))
    assert shown.tolist() == [[[0, 96, 255], [0, 255, 0]]]


def _write_shifted(folders: tuple[Path, Path], pixels: int) -> None:
    for path in folders[1].iterdir():
        tifffile.imwrite(path, np.roll(tifffile.imread(path), pixels, axis=1))


def test_pairs_that_are_shifted_are_refused_with_the_numbers(
    pair_folders: tuple[Path, Path], tmp_path: Path
) -> None:
    _write_shifted(pair_folders, 7)
    with pytest.raises(ImageError, match=r"3 of 3 pairs .* \+7.* in X") as caught:
        train_stain([pair_folders[0]], [pair_folders[1]], tmp_path / "mine", FEW, listener=_quiet)
    assert "--allow-shift" in caught.value.remedy
    assert not (tmp_path / "mine").exists()


def test_pairs_that_are_shifted_a_little_are_warned_of(
    pair_folders: tuple[Path, Path], tmp_path: Path
) -> None:
    _write_shifted(pair_folders, 2)
    told: list[str] = []
    train_stain(
        [pair_folders[0]], [pair_folders[1]], tmp_path / "mine", FEW, listener=_quiet, tell=told.append
    )
    assert any("pairs are shifted, by 2.0 pixels (median)" in note for note in told)
    assert any("shifted, by 2.0" in line for line in (tmp_path / "mine/README.md").read_text().splitlines())


def test_cancelling_gives_a_finished_model_that_can_be_resumed(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))

    def stop_at(step: int):
        def listen(report: Report) -> None:
            if report.step == step:
                raise Cancelled

        return listen

    folder = tmp_path / "mine"
    first = train_denoiser([tmp_path / "field.tif"], folder, TINY, listener=stop_at(13))
    assert (first.outcome.ended, first.outcome.step) == ("cancelled", 13)
    _check(folder, "denoise")
    with pytest.raises(OutputError, match="--resume"):
        train_denoiser([tmp_path / "field.tif"], folder, TINY, listener=_quiet)
    with pytest.raises(SettingError, match="was begun with width="):
        train_denoiser([tmp_path / "field.tif"], folder, replace(TINY, width=8), resume=True, listener=_quiet)
    tifffile.imwrite(tmp_path / "other.tif", noisy(scene(2), 9))
    card = (folder / "README.md").read_text()
    with pytest.raises(SettingError, match="begun with other images"):
        train_denoiser([tmp_path / "other.tif"], folder, TINY, resume=True, listener=_quiet)
    assert (folder / "README.md").read_text() == card
    steps: list[int] = []
    second = train_denoiser(
        [tmp_path / "field.tif"],
        folder,
        TINY,
        resume=True,
        listener=lambda report: steps.append(report.step),
    )
    assert steps == list(range(14, 41))
    assert second.outcome.best <= first.outcome.best
    assert [row["step"] for row in second.outcome.history] == [10, 13, 20, 30, 40]
    _check(folder, "denoise")
    third = train_denoiser([tmp_path / "field.tif"], folder, TINY, resume=True, listener=_quiet)
    assert (third.outcome.ended, third.outcome.step) == ("nothing left to do", 40)
    assert third.outcome.history == second.outcome.history


def test_nothing_is_left_of_a_training_that_never_began(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("drua.training.examples.Sampler.batch", interrupt)
        with pytest.raises(Cancelled):
            train_denoiser([tmp_path / "field.tif"], tmp_path / "mine", TINY, listener=_quiet)
    assert not list((tmp_path / "mine").iterdir())


def test_ctrl_c_keeps_the_best_so_far(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))

    def listen(report: Report) -> None:
        if report.step == 3:
            raise KeyboardInterrupt

    trained = train_denoiser([tmp_path / "field.tif"], tmp_path / "mine", TINY, listener=listen)
    assert trained.outcome.ended == "cancelled"
    _check(tmp_path / "mine", "denoise")


def test_training_ends_where_nothing_is_gained(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))
    plan = replace(TINY, rate=1e-9, patience=2, checks=20)
    trained = train_denoiser([tmp_path / "field.tif"], tmp_path / "mine", plan, listener=_quiet)
    assert trained.outcome.ended == "no progress"
    assert trained.outcome.step < 40
    assert any("nothing was learnt" in note for note in trained.notes)
    assert "nothing was learnt" in (tmp_path / "mine/README.md").read_text()


@pytest.mark.parametrize(("value", "part"), [(np.nan, "1 of 10752 pixels are NaN"), (None, "is constant")])
def test_images_that_teach_nothing_are_named(tmp_path: Path, value: float | None, part: str) -> None:
    bad = noisy(scene(1), 9).astype(np.float32) if value is not None else np.zeros((48, 48), np.float32)
    bad[3, 5] = value or 0
    (tmp_path / "images").mkdir()
    tifffile.imwrite(tmp_path / "images/a.tif", noisy(scene(2), 9))
    tifffile.imwrite(tmp_path / "images/bad.tif", bad)
    with pytest.raises(ImageError, match=part) as caught:
        train_denoiser([tmp_path / "images"], tmp_path / "mine", FEW, listener=_quiet)
    assert "bad.tif" in caught.value.message


def test_a_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(OutputError, match="cannot be read"):
        train_denoiser([tmp_path / "field.tif"], folder, FEW, resume=True, listener=_quiet)


def test_files_of_others_are_not_touched(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        train_denoiser([tmp_path / "field.tif"], tmp_path / "mine", FEW, listener=_quiet)
    with pytest.raises(SettingError, match="small letters"):
        train_denoiser([tmp_path / "field.tif"], tmp_path / "My Model", FEW, listener=_quiet)


def test_channels_of_different_range_are_denoised_alike(tmp_path: Path) -> None:
    clean = np.stack([scene(1), 0.01 * scene(2)])
    both = np.stack([noisy(clean[0], 3), noisy(clean[1], 4, 0.5)])
    tifffile.imwrite(tmp_path / "two.tif", both, imagej=True, metadata={"axes": "CYX"})
    train_denoiser([tmp_path / "two.tif"], tmp_path / "mine", LONGER, listener=_quiet)
    result = predict(Image(both, "CYX"), str(tmp_path / "mine")).image.pixels[0, 0]
    assert all(_decibels(clean[c], both[c], result[c]) > 6 for c in range(2))


def test_images_that_cannot_be_learnt_from_are_told(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "flat.tif", np.full((96, 96), 5, np.uint8))
    with pytest.raises(ImageError, match="constant"):
        train_denoiser([tmp_path / "flat.tif"], tmp_path / "mine", FEW, listener=_quiet)
    tifffile.imwrite(tmp_path / "small.tif", noisy(scene(1, (20, 20)), 1))
    with pytest.raises(ImageError, match="are needed"):
        train_denoiser([tmp_path / "small.tif"], tmp_path / "mine", FEW, listener=_quiet)


def test_the_picture_of_the_training_can_be_seen(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))
    train_denoiser([tmp_path / "field.tif"], tmp_path / "mine", FEW, listener=_quiet)
    picture = np.asarray(Picture.open(tmp_path / "mine" / "training.png"))
    assert picture.shape[0] > 360
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


def test_an_image_in_parts_is_learnt_from_and_denoised_in_parts(tmp_path: Path) -> None:
    movie = noisy(np.stack([scene(1), scene(2)]), 9)
    image = Image(movie, "TYX")
    with new_zarr(tmp_path / "movie.zarr") as group:
        create_level(group, image, (2, 1, 1, *movie.shape[1:]), ("1",))[:] = movie[:, None, None]
    train_denoiser([tmp_path / "movie.zarr"], tmp_path / "mine", FEW, listener=_quiet)
    _check(tmp_path / "mine", "denoise")
    with open_model(str(tmp_path / "mine"), "cpu") as model:
        (tmp_path / "out").mkdir()
        _, paths = run_into_zarr(
            read_image(tmp_path / "movie.zarr"),
            model,
            tmp_path / "out",
            "movie",
            settings={},
            progress=lambda *_: None,
        )
    streamed = np.asarray(read_image(paths[0]).pixels).reshape(movie.shape)
    whole = predict(image, str(tmp_path / "mine")).image.pixels.reshape(movie.shape)
    assert streamed == pytest.approx(whole, abs=1e-3)


def test_a_resumed_training_keeps_its_curve(tmp_path: Path) -> None:
    def stop(report: Report) -> None:
        if report.step == 21:
            raise Cancelled

    def steps() -> list[int]:
        with (tmp_path / "mine/training.csv").open() as file:
            return [int(row["step"]) for row in csv.DictReader(file)]

    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))
    train_denoiser([tmp_path / "field.tif"], tmp_path / "mine", TINY, listener=stop)
    before = steps()
    during: list[list[int]] = []
    train_denoiser(
        [tmp_path / "field.tif"],
        tmp_path / "mine",
        TINY,
        resume=True,
        listener=lambda report: during.append(steps()) if report.preview is not None else None,
    )
    assert all(rows[: len(before)] == before and len(rows) > len(before) for rows in during)


def test_what_an_early_end_leaves_is_in_nobodys_way(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))
    (tmp_path / "mine").mkdir()
    for name in ("training.csv", "training.png", "checkpoint.tmp"):
        (tmp_path / "mine" / name).write_bytes(b"")
    train_denoiser([tmp_path / "field.tif"], tmp_path / "mine", FEW, listener=_quiet)
    assert not (tmp_path / "mine/checkpoint.tmp").exists()


def test_what_would_fail_at_the_end_fails_at_the_start(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))
    wrong = Names(licence="creative commons")
    with pytest.raises(SettingError, match="licence is 'creative commons', but must be an SPDX id"):
        train_denoiser([tmp_path / "field.tif"], tmp_path / "mine", FEW, names=wrong, listener=_quiet)
    assert not (tmp_path / "mine").exists()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be made"):
        train_denoiser([tmp_path / "field.tif"], tmp_path / "file/mine", FEW, listener=_quiet)


def test_a_stain_that_knows_no_more_than_a_value_has_learnt_nothing(tmp_path: Path) -> None:
    for folder, first in (("phase", 0), ("dna", 50)):  # fields that have nothing to do with each other
        (tmp_path / folder).mkdir()
        for number in range(3):
            tifffile.imwrite(tmp_path / folder / f"{number}.tif", scene(first + number))
    plan = replace(FEW, task="stain", method="pairs", loss="l1+structure")
    trained = train_stain([tmp_path / "phase"], [tmp_path / "dna"], tmp_path / "mine", plan, listener=_quiet)
    assert 0 < trained.outcome.before < 0.5, "all targets lie between 0 and 1, and a median between them"
    assert "no better than an image of one value" in trained.notes[-1]
    assert trained.outcome.pearson is not None
    told = f"Pearson's r with the targets there: dna {trained.outcome.pearson[0]:.2f}"
    assert told in (tmp_path / "mine/README.md").read_text()


def test_a_training_that_is_replaced_is_kept_beside(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine/checkpoint.pt").write_text(f"training {number}")
        assert "mine-earlier" in (set_aside(tmp_path / "mine") or "")
        assert not (tmp_path / "mine").exists()
        assert (tmp_path / "mine-earlier/checkpoint.pt").read_text() == f"training {number}"
    assert set_aside(tmp_path / "mine") is None
    (tmp_path / "other").mkdir()
    (tmp_path / "other/checkpoint.pt").write_text("mine")
    (tmp_path / "other-earlier").mkdir()
    (tmp_path / "other-earlier/letter.txt").write_text("of somebody")
    with pytest.raises(OutputError, match="cannot be moved"):
        set_aside(tmp_path / "other")
    assert (tmp_path / "other-earlier/letter.txt").read_text() == "of somebody"


def test_a_model_that_is_written_again_says_what_its_steps_were_computed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tifffile.imwrite(tmp_path / "field.tif", noisy(scene(1), 9))
    monkeypatch.setattr(precision, "faster", lambda _network, _seen: torch.bfloat16)
    for resume in (False, True):
        trained = train_denoiser(
            [tmp_path / "field.tif"], tmp_path / "mine", FEW, resume=resume, listener=_quiet
        )
        assert trained.outcome.precision == "bfloat16"
    assert trained.outcome.ended == "nothing left to do"
