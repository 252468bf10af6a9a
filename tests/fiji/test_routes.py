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


def _labels(folder: Path, stem: str = "nuclei-sample") -> np.ndarray:
    return tifffile.imread(folder / f"{stem}-labels.tif")


def _rois(folder: Path, stem: str = "nuclei-sample") -> dict[str, bytes]:
    with zipfile.ZipFile(folder / f"{stem}-rois.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _check_equal(folder: Path, reference: Path, stem: str = "nuclei-sample") -> None:
    np.testing.assert_array_equal(_labels(folder, stem), _labels(reference, stem))
    assert _rois(folder, stem) == _rois(reference, stem)
    table, expected = ((place / f"{stem}-table.csv").read_text() for place in (folder, reference))
    assert table == expected


def test_all_routes_give_the_same_files(folders: dict[str, Path]) -> None:
    reference = folders["command-line"]
    assert _labels(reference).max() > 20
    for folder in folders.values():
        _check_equal(folder, reference)


def test_a_hyperstack_gives_the_same_files(tmp_path: Path) -> None:
    sample = tifffile.imread(SAMPLE)
    planes = [sample[y : y + 149, x : x + 211] for y in (0, 151, 307) for x in (0, 223)]
    stack = np.stack([np.stack([np.zeros_like(plane), plane]) for plane in planes])
    metadata = {"axes": "TZCYX", "unit": "micron", "spacing": 1.5, "finterval": 7.0, "xorigin": 3.0}
    tifffile.imwrite(
        tmp_path / "h.tif",
        stack.reshape(3, 2, 2, 149, 211),
        imagej=True,
        resolution=(1 / 0.325, 1 / 0.41),
        resolutionunit="NONE",
        metadata=metadata,
    )
    folders = [tmp_path / "imagej", tmp_path / "alone"]
    in_imagej = run_imagej(MACRO, f"{tmp_path / 'h.tif'}|{folders[0]}|channel=2")
    assert in_imagej.code == 0, in_imagej.err
    alone = run_drua("segment", tmp_path / "h.tif", "--output", folders[1], "--channel", 2)
    assert alone.code == 0, alone.err
    _check_equal(*folders, stem="h")
    assert _labels(folders[0], "h").shape == (3, 2, 149, 211)
    np.testing.assert_array_equal(tifffile.imread(folders[0] / "active.tif"), _labels(folders[0], "h"))


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
    assert finished.out.split()[0] == "microns"
    assert float(finished.out.split()[1]) == pytest.approx(0.325, rel=1e-4)
    assert finished.out.split()[2] == "16"
