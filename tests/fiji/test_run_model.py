"""Models of several channels, images and outputs in a real ImageJ: every value of their results is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.fiji.imagej import ROOT, SAMPLE, Finished, run_drua, run_imagej
from tests.small_networks import write_colour, write_pair, write_volume

RUN = 'run("Drua Run Model...", "{}");\n'
SAVE = 'selectImage("{0}"); saveAs("Tiff", "{1}/{0}.tif");\n'


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Packages of networks whose results are known."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "pair": write_pair(folder / "pair"),
        "colour": write_colour(folder / "colour"),
        "volume": write_volume(folder / "volume"),
    }


@pytest.fixture
def field() -> np.ndarray:
    """Two noisy channels (C, Y, X)."""
    return np.random.default_rng(5).integers(0, 4000, (2, 40, 52)).astype(np.uint16)


def _write(path: Path, pixels: np.ndarray, axes: str, **metadata: object) -> Path:
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": axes, **metadata})
    return path


def _macro(folder: Path, text: str) -> Path:
    path = folder / "trial.ijm"
    path.write_text(text)
    return path


def _done(finished: Finished) -> Finished:
    assert finished.code == 0, finished.out + finished.err
    return finished


@pytest.mark.parametrize("route", ["worker", "inprocess"])
def test_two_channels_by_name_and_a_further_image(
    route: str, models: dict[str, Path], field: np.ndarray, tmp_path: Path
) -> None:
    dark = np.full((40, 52), 7, np.uint16)
    _write(tmp_path / "dark.tif", dark, "YX")
    _write(tmp_path / "field.tif", field, "CYX", Labels=["DAPI", "cyto"])
    macro = _macro(
        tmp_path,
        f'open("{tmp_path}/dark.tif"); open("{tmp_path}/field.tif");\n'
        + RUN.format(f"model=[{models['pair']}] channel=cyto,DAPI input_dark_field=dark.tif")
        + "print(getTitle());\n"
        + SAVE.format("field-both", tmp_path)
        + 'Stack.setChannel(2); print(getInfo("slice.label"));'
        + SAVE.format("field-difference", tmp_path),
    )
    done = _done(run_imagej(macro) if route == "worker" else run_drua("macro", macro))
    assert done.out.split() == ["field-difference", "cell"]
    expected = field[1].astype(np.float32) - field[0] - dark
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "field-difference.tif"), expected)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "field-both.tif"), field)


def test_wrong_channels_and_images_are_named(
    models: dict[str, Path], field: np.ndarray, tmp_path: Path
) -> None:
    _write(tmp_path / "field.tif", field, "CYX", Labels=["DAPI", "cyto"])
    for options, part in (
        (
            "input_dark_field=field.tif channel=DAPI,nucleus",
            "channel nucleus was chosen, but the image has 2 (DAPI, cyto)",
        ),
        ("input_dark_field=field.tif channel=2", "1 channel was chosen"),
        ("channel=1,2", "takes a further image, but input_dark_field names none"),
        ("input_dark_field=dark", "write input_dark_field=[title] of an open image (field.tif)"),
        ("input_dark_field=field.tif", "the image has 2 channels"),
    ):
        text = f'open("{tmp_path}/field.tif");\n' + RUN.format(f"model=[{models['pair']}] {options}")
        wrong = run_imagej(_macro(tmp_path, text + 'print("went on");'))
        assert wrong.code == 1, options
        assert part in wrong.err
        assert "went on" not in wrong.out


def test_colours_are_three_channels_and_an_output_has_its_own_pixel_size(
    models: dict[str, Path], tmp_path: Path
) -> None:
    rgb = np.random.default_rng(6).integers(0, 255, (40, 52, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "rgb.tif", rgb, photometric="rgb", imagej=True, metadata={"axes": "YXS"})
    macro = _macro(
        tmp_path,
        f'open("{tmp_path}/rgb.tif"); setVoxelSize(0.5, 0.5, 1, "micron");\n'
        + "makeRectangle(10, 8, 20, 24);\n"
        + RUN.format(f"model=[{models['colour']}]")
        + "getPixelSize(unit, w, h); x = 0; y = 0; toScaled(x, y); print(unit, w, x, y);\n"
        + SAVE.format("rgb-large", tmp_path)
        + SAVE.format("rgb-blue", tmp_path),
    )
    told = _done(run_imagej(macro)).out.split()
    assert told[0] == "microns"
    # the corner of the selection in the image: pixel 10, 8 of half a micron
    assert [float(word) for word in told[1:]] == [0.25, 5, 4]
    blue = np.zeros((40, 52), np.float32)
    blue[8:32, 10:30] = rgb[8:32, 10:30, 2]
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "rgb-blue.tif"), blue)
    red = rgb[8:32, 10:30, 0].repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "rgb-large.tif"), red)


def test_a_volume_keeps_frames_slices_and_position(models: dict[str, Path], tmp_path: Path) -> None:
    stack = np.random.default_rng(8).integers(0, 999, (2, 6, 40, 52)).astype(np.uint16)
    _write(tmp_path / "stack.tif", stack, "TZYX", spacing=1.5, unit="micron")
    macro = _macro(
        tmp_path,
        f'open("{tmp_path}/stack.tif"); Stack.setPosition(1, 3, 2);\n'
        + RUN.format(f"model=[{models['volume']}]")
        + "Stack.getPosition(c, z, t); getVoxelSize(w, h, d, unit); print(c, z, t, d, unit);\n"
        + SAVE.format("stack-half", tmp_path),
    )
    assert _done(run_imagej(macro)).out.split() == ["1", "3", "2", "1.5", "microns"]
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "stack-half.tif"), stack.astype(np.float32) / 2)


def test_a_segmentation_shows_its_maps_and_stays_active(tmp_path: Path) -> None:
    macro = _macro(
        tmp_path,
        f'open("{SAMPLE}"); run("Drua Segment...", "output=[labels,maps]");\n'
        "print(getTitle()); getDimensions(w, h, channels, slices, frames);"
        'n = nImages; for (i = 1; i <= n; i++) { selectImage(i); print(getTitle() + " " + bitDepth()); }',
    )
    lines = _done(run_imagej(macro)).out.splitlines()
    assert lines[0] == "nuclei-sample-labels"
    assert "nuclei-sample-labels 16" in lines[1:]
    assert [line for line in lines[1:] if line.endswith(" 32")], "no map is shown"


@pytest.mark.parametrize("route", ["imagej", "inprocess"])
def test_the_documented_macro_runs(route: str, tmp_path: Path) -> None:
    macro, argument = ROOT / "macros/run_model.ijm", f"{SAMPLE}|{tmp_path}|nuclei-fluorescence"
    done = _done(run_imagej(macro, argument) if route == "imagej" else run_drua("macro", macro, argument))
    (shown,) = done.out.splitlines()
    title = shown.split(":")[0]
    assert title.startswith("nuclei-sample-")
    assert shown.endswith(", on cpu")
    assert (tmp_path / "nuclei-sample-run.json").is_file()
    saved = tifffile.imread(tmp_path / f"{title}.tif")
    assert saved.dtype == np.float32
    assert saved.shape[-2:] == tifffile.imread(SAMPLE).shape
