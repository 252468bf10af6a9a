"""Tests of drua.restoration, and of `drua evaluate --task restoration` with its files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from drua import restoration
from drua.errors import ImageError, ShapeError
from drua.image import Image
from PIL import Image as Picture
from scipy.ndimage import gaussian_filter
from skimage import metrics

from tests.simulated import nuclei
from tests.unit.test_cli import drua  # noqa: F401 - the fixture that runs the command line


@pytest.fixture
def stack() -> tuple[Image, Image, Image]:
    """Result, truth and input, TYX."""
    truth = np.stack([nuclei(seed) for seed in range(3)])
    noisy = np.random.default_rng(1).poisson(truth).astype(np.uint16)
    result = gaussian_filter(noisy.astype(np.float32), (0, 1, 1))
    return tuple(Image(pixels, "TYX") for pixels in (result, truth, noisy))


def test_scores_are_those_of_scikit_image_with_the_range_of_the_truth(stack) -> None:
    result, truth, _ = stack
    found = restoration.evaluate(result, truth)
    low, high = found.ranges["all"]
    assert (low, high) == (truth.pixels.min(), truth.pixels.max())
    expected = metrics.peak_signal_noise_ratio(truth.pixels, result.pixels, data_range=high - low)
    assert found.result.as_is.psnr == pytest.approx(expected, abs=1e-6)
    planes = [
        metrics.structural_similarity(
            a.astype(float), b, data_range=high - low, gaussian_weights=True, use_sample_covariance=False
        )
        for a, b in zip(result.pixels, truth.pixels, strict=True)
    ]
    assert [plane.as_is.ssim for plane in found.result.planes] == pytest.approx(planes)
    assert found.result.as_is.ssim == pytest.approx(np.mean(planes))
    assert [plane.plane for plane in found.result.planes] == ["t1", "t2", "t3"]


def test_gain_tells_what_was_won(stack) -> None:
    found = restoration.evaluate(*stack)
    assert found.gain == found.result.as_is.psnr - found.input.as_is.psnr
    assert found.fitted_gain == found.result.fitted.psnr - found.input.fitted.psnr
    assert restoration.evaluate(*stack[:2]).gain is None


def test_fit_undoes_another_scale_but_no_flicker(stack) -> None:
    result, truth, _ = stack
    plain = restoration.evaluate(result, truth).result
    scaled = restoration.evaluate(result.with_pixels(result.pixels / 100 - 3, "TYX"), truth).result
    assert scaled.as_is.psnr < plain.as_is.psnr - 5
    assert scaled.fitted.psnr == pytest.approx(plain.fitted.psnr, abs=1e-3)
    flicker = result.pixels * np.array([0.7, 1, 1.3])[:, None, None]
    assert (
        restoration.evaluate(result.with_pixels(flicker, "TYX"), truth).result.fitted.psnr
        < plain.fitted.psnr - 3
    )


def test_an_inverted_result_is_turned_by_the_fit(stack) -> None:
    _, truth, _ = stack
    found = restoration.evaluate(truth.with_pixels(-truth.pixels, "TYX"), truth).result
    assert found.fits["all"].gain == pytest.approx(-1)
    assert found.as_is.pearson == pytest.approx(-1)
    assert found.fitted.pearson == pytest.approx(1)


def test_a_perfect_result(stack) -> None:
    _, truth, _ = stack
    found = restoration.evaluate(truth, truth, truth)
    assert found.result.as_is == restoration.Scores(
        float("inf"), pytest.approx(1), pytest.approx(1), 0.0, pytest.approx(1)
    )
    assert found.gain is None
    assert found.result.detail.shared == 2
    assert found.result.detail.finer_power is None


def test_channels_have_their_own_range_and_colours_one(stack) -> None:
    pixels = np.stack([nuclei(0), 10 * nuclei(1), nuclei(2)])
    channels = Image(pixels, "CYX", channel_names=("DAPI", "GFP", "RFP"))
    found = restoration.evaluate(channels.with_pixels(pixels + 1, "CYX"), channels)
    assert list(found.ranges) == ["DAPI", "GFP", "RFP"]
    assert [plane.plane for plane in found.result.planes] == ["DAPI", "GFP", "RFP"]
    colours = Image(np.moveaxis(pixels, 0, -1), "YXC", channel_names=("Red", "Green", "Blue"))
    found = restoration.evaluate(colours.with_pixels(colours.pixels + 1, "YXC"), colours)
    assert found.ranges == {"RGB": (pixels.min(), pixels.max())}
    assert restoration.picture(found, colours, colours).shape[2] == 3


def test_order_of_axes_and_types_do_not_matter(stack) -> None:
    _, truth, noisy = stack
    moved = Image(np.moveaxis(noisy.pixels, 0, -1).astype(np.int32)[None], "ZYXT")
    assert restoration.evaluate(moved, truth).result == restoration.evaluate(noisy, truth).result


def test_blur_and_noise_are_told_apart(stack) -> None:
    _, truth, noisy = stack
    blurred = truth.with_pixels(gaussian_filter(truth.pixels, (0, 3, 3)), "TYX")
    found = restoration.evaluate(blurred, truth, noisy)
    assert found.result.detail.contrast > 2 * found.input.detail.contrast
    assert found.input.detail.finer_power > 2


def test_what_cannot_be_compared_is_refused(stack) -> None:
    result, truth, _ = stack
    with pytest.raises(ShapeError, match=r"the result has the sides T 2.*but the truth has T 3"):
        restoration.evaluate(Image(result.pixels[:2], "TYX"), truth)
    with pytest.raises(ShapeError, match="Z 3"):
        restoration.evaluate(Image(result.pixels, "ZYX"), truth)
    with pytest.raises(ImageError, match="the truth is 4 everywhere"):
        restoration.evaluate(result, truth.with_pixels(np.full(truth.pixels.shape, 4), "TYX"))
    broken = result.pixels.copy()
    broken[1, 2, 3] = np.nan
    with pytest.raises(ImageError, match="the result has 1 pixels"):
        restoration.evaluate(result.with_pixels(broken, "TYX"), truth)


def test_a_constant_result_and_tiny_planes_have_what_is_defined() -> None:
    truth = Image(np.arange(30.0).reshape(5, 6), "YX")
    found = restoration.evaluate(truth.with_pixels(np.full((5, 6), 3), "YX"), truth)
    assert (found.result.as_is.ssim, found.result.as_is.pearson, found.result.detail.shared) == (
        None,
        None,
        None,
    )
    assert found.result.fits["all"].offset == pytest.approx(14.5)
    assert found.scales == 0


@pytest.fixture
def files(stack, tmp_path: Path) -> list[Path]:
    paths = []
    for name, image in zip(("result", "truth", "noisy"), stack, strict=True):
        paths.append(tmp_path / f"{name}.tif")
        tifffile.imwrite(
            paths[-1],
            image.pixels.astype(np.float32),
            imagej=True,
            resolution=(10, 10),
            metadata={"axes": "TYX", "unit": "micron"},
        )
    return paths


def test_the_command_prints_and_writes(drua, files: list[Path], tmp_path: Path) -> None:  # noqa: F811
    result, truth, noisy = files
    out = tmp_path / "out"
    options = ["--task", "restoration", "--input", noisy, "--output", out]
    code, text, _ = drua("evaluate", result, truth, *options)
    assert code == 0
    for part in (
        "PSNR (dB)",
        "truth's minimum to maximum",
        "gain in PSNR",
        "period in pixels",
        "(micron)",
        "t3",
    ):
        assert part in text
    rows = list(csv.DictReader((out / "result-restoration.csv").open(encoding="utf-8")))
    assert len(rows) == 2 * 4 * 2
    record = json.loads((out / "result-restoration.json").read_text(encoding="utf-8"))
    assert record["compared"]["input"] == str(noisy)
    with Picture.open(out / "result-restoration.png") as picture:
        assert picture.width > 4 * 384
    assert drua("evaluate", result, truth, *options)[0] == 0  # its own files may be replaced


def test_json_is_one_object_without_infinities(drua, files: list[Path]) -> None:  # noqa: F811
    code, text, _ = drua("evaluate", files[1], files[1], "--task", "restoration", "--json")
    found = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert code == 0
    assert (found["task"], found["unit"], found["pixel_size"]) == (
        "restoration",
        "micron",
        pytest.approx(0.1),
    )
    assert (found["result"]["as_is"]["psnr"], found["result"]["as_is"]["nrmse"], found["files"]) == (
        None,
        0,
        [],
    )


def test_files_of_others_are_never_replaced(drua, files: list[Path], tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "result-restoration.csv").write_text("mine")
    code, _, err = drua("evaluate", *files[:2], "--task", "restoration", "--output", tmp_path)
    assert code == 1
    assert "Drua did not write it" in err
    assert (tmp_path / "result-restoration.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--input", "x.tif"], "is for --task restoration"),
        (["--output", "x"], "is for --task restoration"),
        (["--task", "restoration", "--iou", "0.6"], "is for --task segmentation"),
        (["--task", "denoise"], "denoise"),
    ],
)
def test_options_of_the_other_task_are_wrong_usage(drua, files, arguments: list[str], part: str) -> None:  # noqa: F811
    code, _, err = drua("evaluate", *files[:2], *arguments)
    assert code == 2
    assert part in err
