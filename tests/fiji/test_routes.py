"""The same pixels, ROIs and rows by every route: ImageJ with a worker (plain and patched), the command line,
and ImageJ in Python's process with either engine."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import roifile
import tifffile

from tests.fiji.imagej import ROOT, SAMPLE, Finished, run_drua, run_imagej

MACRO = Path(__file__).parent / "macros/everything.ijm"

ROUTES: dict[str, Callable[[Path], Finished]] = {
    "imagej": lambda folder: run_imagej(MACRO, f"{SAMPLE}|{folder}"),
    "imagej-patched": lambda folder: run_imagej(MACRO, f"{SAMPLE}|{folder}", patched=True),
    "command-line": lambda folder: run_drua("segment", SAMPLE, "--output", folder),
    "inprocess": lambda folder: run_drua("macro", MACRO, f"{SAMPLE}|{folder}"),
    "worker": lambda folder: run_drua("macro", MACRO, f"{SAMPLE}|{folder}", "--route", "worker"),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Run every route once and return where its files are."""
    made = {}
    for name, run in ROUTES.items():
        made[name] = tmp_path_factory.mktemp(name)
        finished = run(made[name])
        assert finished.code == 0, f"{name}: {finished.err}"
    return made


def _labels(folder: Path) -> np.ndarray:
    return tifffile.imread(folder / "nuclei-sample-labels.tif")


def _rois(folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(folder / "nuclei-sample-rois.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_all_routes_give_the_same_files(folders: dict[str, Path]) -> None:
    reference = folders.pop("command-line")
    assert _labels(reference).max() > 20
    for name, folder in folders.items():
        np.testing.assert_array_equal(_labels(folder), _labels(reference), err_msg=name)
        assert _rois(folder) == _rois(reference), name
        tables = [(place / "nuclei-sample-table.csv").read_text() for place in (folder, reference)]
        assert tables[0] == tables[1], name
    folders["command-line"] = reference


@pytest.mark.parametrize("name", ["imagej", "imagej-patched", "inprocess", "worker"])
def test_imagej_holds_what_the_files_hold(folders: dict[str, Path], name: str) -> None:
    folder = folders[name]
    with tifffile.TiffFile(folder / "active.tif") as active:
        np.testing.assert_array_equal(active.asarray(), _labels(folder))
        metadata = active.imagej_metadata
        overlay = [roifile.ImagejRoi.frombytes(roi) for roi in metadata["Overlays"]]
    assert metadata["unit"] == "micron"
    assert "model: nuclei-fluorescence" in metadata["Info"]
    written = {
        roi.name: roi.coordinates().tolist() for roi in roifile.roiread(folder / "nuclei-sample-rois.zip")
    }
    assert {roi.name: roi.coordinates().tolist() for roi in overlay} == written


@pytest.mark.parametrize("name", ["imagej", "inprocess"])
def test_the_table_in_imagej_has_the_rows_of_the_file(folders: dict[str, Path], name: str) -> None:
    rows = []
    for file in ("table-of-imagej.csv", "nuclei-sample-table.csv"):
        with (folders[name] / file).open(newline="") as text:
            rows.append(list(csv.DictReader(text)))
    assert len(rows[0]) == len(rows[1])
    for shown, saved in zip(*rows, strict=True):
        for column, value in saved.items():
            assert float(shown[column]) == pytest.approx(float(value), abs=6e-4), column


def test_the_documented_macro_runs(tmp_path: Path) -> None:
    finished = run_imagej(ROOT / "macros/segment_nuclei.ijm", f"{SAMPLE}|{tmp_path}")
    assert finished.code == 0, finished.err
    objects = json.loads((tmp_path / "nuclei-sample-run.json").read_text())["objects"]
    assert f"{objects} nuclei on cpu in " in finished.out


def test_imagej_can_open_what_drua_wrote(folders: dict[str, Path], tmp_path: Path) -> None:
    macro = tmp_path / "open.ijm"
    macro.write_text("open(getArgument()); getPixelSize(unit, w, h); print(unit, w, bitDepth());")
    finished = run_imagej(macro, str(folders["command-line"] / "nuclei-sample-labels.tif"))
    assert finished.out.split()[0] == "micron"
    assert float(finished.out.split()[1]) == pytest.approx(0.325, rel=1e-4)
    assert finished.out.split()[2] == "16"
