from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from drua.cli import app
from drua.display import Display
from drua.errors import Cancelled, ImageError, OutputError
from drua.files import read_display, read_image
from drua.image import Image
from drua.pipeline import open_model, predict_maps
from drua.streaming import run_into_zarr
from drua.translation import Request, denoise
from drua.zarrs import create_level, new_zarr, read_zarr
from typer.testing import CliRunner

from tests.small_networks import write_half
from tests.tiny_model import write_package


def _store(path: Path, image: Image) -> Path:
    """Write an image as OME-Zarr; create_level is for float32, which the tests' images fit into."""
    whole = image.to("TCZYX")
    with new_zarr(path) as group:
        level = create_level(group, image, whole.pixels.shape, image.channel_names or ("only",))
        level[...] = whole.pixels
    return path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_package(tmp_path / "tiny", task="denoise", decoder="image")


def _silent(_what: str, _done: int, _total: int) -> None:
    pass


def _image(*sides: int, axes: str = "YX") -> Image:
    pixels = np.random.default_rng(8).random(sides).astype(np.float32)
    return Image(pixels, axes, {"Y": 0.5, "X": 0.25}, "micron")


def test_an_image_is_there_and_back(tmp_path: Path) -> None:
    image = Image(
        np.random.default_rng(1).random((2, 3, 50, 70)).astype(np.float32),
        "ZCYX",
        {"Z": 2.0, "Y": 0.5, "X": 0.25},
        "micron",
        channel_names=("DAPI", "GFP", "TL"),
    )
    back = read_image(_store(tmp_path / "image.zarr", image))
    assert (back.axes, back.unit, back.channel_names) == ("TCZYX", "micron", ("DAPI", "GFP", "TL"))
    assert dict(back.pixel_size) == {"Z": 2.0, "Y": 0.5, "X": 0.25}
    np.testing.assert_array_equal(np.asarray(back.pixels)[0], image.pixels.swapaxes(0, 1))


def test_a_denoised_image_keeps_names_and_colours_of_its_channels(tmp_path: Path) -> None:
    image = replace(_image(2, 60, 70, axes="CYX"), channel_names=("DAPI", "GFP"))
    shown = Display(((10, 300), (1000, 1400)), ("#0000ff", "#00ff00"))
    with new_zarr(tmp_path / "field.zarr") as group:
        whole = image.to("TCZYX")
        create_level(group, image, whole.pixels.shape, ("DAPI", "GFP"), shown)[...] = whole.pixels
    model, out = write_half(tmp_path, "denoise"), tmp_path / "out"
    words = ["denoise", str(tmp_path / "field.zarr"), "--model", str(model), "--output", str(out)]
    assert CliRunner().invoke(app, [*words, "--channel", "GFP"]).exit_code == 0
    one = out / "field-denoised.zarr"
    assert read_image(one).channel_names is None or read_image(one).channel_names == ("GFP",)
    assert read_display(one) == Display(((1000, 1400),), ("#00FF00",))
    assert CliRunner().invoke(app, [*words[:-1], str(tmp_path / "both"), "--difference"]).exit_code == 0
    both = read_display(tmp_path / "both/field-denoised.tif")
    assert both is not None
    assert (both.ranges, both.colours) == (shown.ranges, shown.colours)


@pytest.mark.parametrize(
    ("sides", "axes"), [((700, 900), "YX"), ((3, 130, 70), "TYX"), ((2, 2, 90, 130), "TZYX")]
)
def test_a_result_in_parts_is_the_result(tmp_path: Path, package: Path, sides: tuple, axes: str) -> None:
    image = _image(*sides, axes=axes)
    stored = read_zarr(_store(tmp_path / "field.zarr", image))
    with open_model(package) as model:
        expected = predict_maps(image, model).maps["maps"]
        run, paths = run_into_zarr(
            stored, model, tmp_path / "out", "field", settings={}, source="field.zarr", progress=_silent
        )
    assert [path.name for path in paths] == ["field-maps.zarr", "field-run.json"]
    result = read_zarr(paths[0])
    np.testing.assert_array_equal(np.asarray(result.pixels), expected.to("TCZYX").pixels)
    assert dict(result.pixel_size) == dict(image.pixel_size)
    assert json.loads(paths[1].read_text())["tiles"] == run["tiles"]


def test_the_command_line_answers_zarr_with_zarr(tmp_path: Path, package: Path) -> None:
    stored = _store(tmp_path / "field.zarr", _image(130, 170))
    arguments = ["run", str(stored), "--model", str(package), "--output", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)["images"]
    assert [Path(file).name for file in row["files"]] == ["field-maps.zarr", "field-run.json"]


def test_a_denoised_zarr_is_the_denoised_image(tmp_path: Path, package: Path) -> None:
    image = _image(130, 170)
    stored = _store(tmp_path / "field.zarr", image)
    arguments = [str(stored), "--model", str(package), "--output", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(app, ["denoise", *arguments])
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)["images"]
    assert [Path(file).name for file in row["files"]] == ["field-denoised.zarr", "field-run.json"]
    with open_model(package) as model:
        expected = denoise(image, model, Request()).maps["denoised"].pixels
    np.testing.assert_array_equal(np.asarray(read_zarr(Path(row["files"][0])).pixels), expected)
    whole = CliRunner().invoke(app, ["denoise", *arguments, "--difference"])
    (row,) = json.loads(whole.stdout)["images"]
    names = ["field-denoised.tif", "field-difference.tif", "field-run.json"]
    assert [Path(file).name for file in row["files"]] == names
    stain = write_half(tmp_path / "models", "stain")
    arguments = [str(stored), "--model", str(stain), "--output", str(tmp_path / "out"), "--append", "--json"]
    done = CliRunner().invoke(app, ["stain", *arguments])
    assert done.exit_code == 0, done.output


def test_a_cancelled_run_leaves_nothing(tmp_path: Path, package: Path) -> None:
    stored = read_zarr(_store(tmp_path / "field.zarr", _image(300, 300)))

    def stop(_what: str, done: int, _total: int) -> None:
        if done == 3:
            raise Cancelled

    with open_model(package) as model, pytest.raises(Cancelled):
        run_into_zarr(stored, model, tmp_path / "out", "field", settings={}, progress=stop)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_result_that_is_there_is_not_replaced(tmp_path: Path, package: Path) -> None:
    stored = read_zarr(_store(tmp_path / "field.zarr", _image(30, 30)))
    (tmp_path / "out" / "field-maps.zarr").mkdir(parents=True)
    with open_model(package) as model, pytest.raises(OutputError, match="exists already"):
        run_into_zarr(stored, model, tmp_path / "out", "field", settings={}, progress=_silent)


def test_a_group_without_an_image_is_said(tmp_path: Path) -> None:
    zarr.open_group(str(tmp_path / "empty.zarr"), mode="w")
    with pytest.raises(ImageError, match="a zarr group without an image"):
        read_image(tmp_path / "empty.zarr")


def test_a_plain_array_must_tell_its_axes(tmp_path: Path) -> None:
    zarr.open_array(str(tmp_path / "plain.zarr"), mode="w", shape=(3, 5, 7), dtype="u2", chunks=(1, 5, 7))
    with pytest.raises(ImageError, match=r"\(3, 5, 7\) that does not tell its axes; give OME-Zarr"):
        read_image(tmp_path / "plain.zarr")


def test_a_large_tiff_stays_in_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drua.files.MAPPED_FROM", 1)
    pixels = np.random.default_rng(1).integers(0, 9999, (3, 50, 70)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "stack.tif", pixels, imagej=True, metadata={"axes": "ZYX"})
    image = read_image(tmp_path / "stack.tif")
    assert isinstance(image.pixels, np.memmap)
    np.testing.assert_array_equal(image.pixels, pixels)


MEMORY = """
import resource, sys
from pathlib import Path
from drua.pipeline import open_model
from drua.streaming import run_into_zarr
from drua.zarrs import read_zarr

stored, package, out = map(Path, sys.argv[1:])
with open_model(package) as model:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run_into_zarr(read_zarr(stored), model, out, "field", settings={}, progress=lambda *_: None)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_is_bounded_by_rows_of_tiles(tmp_path: Path, package: Path) -> None:
    grown = {}
    for rows in (8192, 24576):
        path = tmp_path / f"{rows}.zarr"
        with new_zarr(path) as group:
            create_level(group, _image(rows, 2048), (1, 1, 1, rows, 2048), ("only",))[0, 0, 0, ::7] = 1.0
        command = [sys.executable, "-c", MEMORY, str(path), str(package), str(tmp_path / f"out{rows}")]
        grown[rows] = int(subprocess.check_output(command, text=True, timeout=240)) / 1024
    whole = 24576 * 2048 * 4 / 2**20
    assert grown[24576] < grown[8192] + whole / 8, f"MiB above the start: {grown}; the image has {whole:.0f}"
