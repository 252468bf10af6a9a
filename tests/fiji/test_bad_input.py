"""What a user does wrong: one sentence, the macro stops, nothing is lost. By worker and in process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.fiji.imagej import SAMPLE, Finished, run_drua, run_imagej

NO_IMAGE = ""
GREY = 'newImage("grey", "16-bit ramp", 67, 71, 1);'
TWO_CHANNELS = 'newImage("c", "8-bit ramp composite-mode", 67, 71, 2, 1, 1); setPixel(3, 5, 9);'
COLOUR = 'newImage("rgb", "RGB black", 67, 71, 1); setPixel(3, 5, 0xff0000);'
SEGMENT = 'run("Drua Segment...", "{}");'


def _macro(folder: Path, before: str, options: str) -> Path:
    path = folder / "wrong.ijm"
    path.write_text(f'{before}\n{SEGMENT.format(options)}\nprint("went on");\n')
    return path


def _check(finished: Finished, part: str) -> None:
    assert finished.code == 1, finished.out + finished.err
    assert part in finished.err
    assert "went on" not in finished.out
    assert "Traceback" not in finished.err
    assert "\tat " not in finished.err


WRONG = {
    "no image": (NO_IMAGE, "model=nuclei-fluorescence", "no image is open"),
    "unknown key": (GREY, "modle=nuclei-fluorescence", "modle"),
    "duplicate key": (GREY, "channel=1 channel=1", "channel"),
    "wrong value": (GREY, "mask_threshold=7", "mask_threshold"),
    "not a number": (GREY, "min_size=many", "min_size"),
    "wrong output": (GREY, "output=[labels,masks]", "masks"),
    "missing model": (GREY, "model=nuclei-flourescence", "nuclei-flourescence"),
    "wrong device": (GREY, "device=cuda:9", "cuda:9"),
    "several channels": (TWO_CHANNELS, "output=labels", "2 channels"),
    "colour image": (COLOUR, "output=labels", "3 channels"),
    "channel that is not there": (GREY, "channel=4", "channel 4 was chosen, but the image has 1"),
    "selection outside": (GREY + " makeRectangle(100, 100, 9, 9);", "output=labels", "selection"),
    "folder that is a file": (GREY, "save=[{file}]", "cannot be written to"),
    "unbalanced bracket": (GREY, "save=[/data", "save"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_stops_the_macro_with_one_sentence(case: str, tmp_path: Path) -> None:
    before, options, part = WRONG[case]
    (tmp_path / "file").write_text("mine")
    macro = _macro(tmp_path, before, options.replace("{file}", str(tmp_path / "file")))
    _check(run_imagej(macro), part)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("case", ["unknown key", "wrong value", "missing model", "no image"])
def test_a_mistake_stops_the_macro_in_process_too(case: str, tmp_path: Path) -> None:
    before, options, part = WRONG[case]
    _check(run_drua("macro", _macro(tmp_path, before, options)), part)


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    pixels = np.ones((67, 71), np.float32)
    pixels[3, 5] = np.nan
    tifffile.imwrite(tmp_path / "nan.tif", pixels, imagej=True)
    _check(run_imagej(_macro(tmp_path, f'open("{tmp_path}/nan.tif");', "output=labels")), "NaN")


def test_a_user_file_in_the_way_stops_the_macro_and_stays(tmp_path: Path) -> None:
    (tmp_path / "nuclei-sample-labels.tif").write_text("hand-made")
    _check(run_imagej(_macro(tmp_path, f'open("{SAMPLE}");', f"save=[{tmp_path}]")), "Drua did not write it")
    assert (tmp_path / "nuclei-sample-labels.tif").read_text() == "hand-made"


@pytest.mark.parametrize("kind", ["black", "white"])
def test_a_constant_image_gives_an_empty_result(kind: str, tmp_path: Path) -> None:
    macro = tmp_path / "constant.ijm"
    macro.write_text(
        f'newImage("c", "8-bit {kind}", 67, 71, 1);\n{SEGMENT.format("output=[labels,rois,table]")}\n'
        'getStatistics(area, mean, min, max); print("max", max, "rois", Overlay.size);'
    )
    finished = run_imagej(macro)
    assert finished.code == 0, finished.err
    assert "max 0 rois 0" in finished.out


def test_no_python_says_what_to_do(tmp_path: Path) -> None:
    finished = run_imagej(_macro(tmp_path, GREY, "output=labels"), DRUA_PYTHON="", HOME=str(tmp_path))
    _check(finished, "Python")
    assert "DRUA_PYTHON" in finished.err


def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    _check(
        run_imagej(_macro(tmp_path, GREY, "output=labels"), DRUA_PYTHON="/no/such/python"), "/no/such/python"
    )


def test_a_python_without_drua_is_said(tmp_path: Path) -> None:
    import subprocess
    import sys

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    finished = run_imagej(
        _macro(tmp_path, GREY, "output=labels"), DRUA_PYTHON=str(tmp_path / "bare/bin/python")
    )
    _check(finished, "drua")


def test_a_syntax_error_in_the_macro_is_said(tmp_path: Path) -> None:
    macro = tmp_path / "broken.ijm"
    macro.write_text("print(1);\nfoo bar baz;\n")
    assert run_imagej(macro).code == 1
    assert run_drua("macro", macro).code == 1
