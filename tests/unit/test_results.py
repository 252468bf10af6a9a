from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import roifile
import tifffile
from drua import outlines, results, rois
from drua.errors import OutputError
from drua.files import read_image
from drua.image import Image
from drua.measure import measure
from drua.outlines import rasterise
from drua.pipeline import Prediction, predict
from PIL import Image as Picture


@pytest.fixture(scope="module")
def image() -> Image:
    y, x = np.mgrid[:97, :131]
    field = np.random.default_rng(3).normal(100, 3, (2, 3, 97, 131))
    for time in range(2):
        for plane in range(3):
            field[time, plane][np.hypot(y - 30 - 9 * plane, x - 50 - 20 * time) < 11] += 700
            field[time, plane][np.hypot(y - 70, x - 100) < 8] += 700
    return Image(
        field.astype(np.uint16),
        "TZYX",
        {"X": 0.5, "Y": 0.25, "Z": 2.0, "T": 30.0},
        "µm",
        origin={"X": -3.0, "Y": 2.0},
    )


@pytest.fixture(scope="module")
def prediction(image: Image, tiny_package: Path) -> Prediction:
    return predict(image, str(tiny_package), source="field.tif")


@pytest.fixture(scope="module")
def folder(prediction: Prediction, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    results.save(prediction, folder, "field")
    return folder


def test_all_files_are_there_and_nothing_else(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "field-labels.tif", "field-overlay.png", "field-rois.zip", "field-run.json", "field-table.csv"
    ]  # fmt: skip


def test_label_tiff_keeps_pixels_axes_and_calibration(
    folder: Path, prediction: Prediction, image: Image
) -> None:
    read = read_image(folder / "field-labels.tif")
    assert (read.axes, read.unit, read.pixels.dtype) == ("TZYX", "µm", np.uint16)
    np.testing.assert_array_equal(read.pixels, prediction.image.pixels)
    assert read.pixel_size == pytest.approx(dict(image.pixel_size), rel=1e-6)
    assert read.origin == dict(image.origin)
    with tifffile.TiffFile(folder / "field-labels.tif") as tiff:
        assert f"objects: {prediction.count}" in tiff.imagej_metadata["Info"]


def test_roi_set_has_every_object_in_its_place(folder: Path, prediction: Prediction) -> None:
    rois = roifile.roiread(folder / "field-rois.zip")
    assert [roi.name for roi in rois] == [f"label-{number}" for number in range(1, prediction.count + 1)]
    planes = prediction.outlines.planes
    assert [(roi.z_position, roi.t_position) for roi in rois] == [(p % 3 + 1, p // 3 + 1) for p in planes]
    first = prediction.outlines.polygons(0)[0]
    np.testing.assert_array_equal(rois[0].coordinates(), first)


def test_table_has_the_rows_of_the_prediction(folder: Path, prediction: Prediction) -> None:
    with (folder / "field-table.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == tuple(prediction.table.columns)
    np.testing.assert_allclose(np.array(rows, float), prediction.table.rows, rtol=1e-8)


def test_overlay_draws_colours_on_the_borders_only(folder: Path) -> None:
    picture = np.asarray(Picture.open(folder / "field-overlay.png")).astype(int)
    coloured = np.ptp(picture, axis=2) > 0
    assert picture.shape[:2] == (97 * 5, 131 * 5)
    assert 0 < coloured.mean() < 0.1


def test_run_says_what_was_done(folder: Path, prediction: Prediction) -> None:
    run = json.loads((folder / "field-run.json").read_text())
    assert run["objects"] == prediction.count
    assert (run["model"], run["device"], run["source"]) == ("tiny", "cpu", "field.tif")
    own = {"mask_threshold": 0.5, "marker_height": 1.0, "min_size": 5}
    assert run["settings"] == own | {"statistics": "plane", "scale": 1.0}


def test_results_are_replaced_by_new_ones(folder: Path, prediction: Prediction) -> None:
    before = (folder / "field-labels.tif").read_bytes()
    results.save(prediction, folder, "field")
    assert (folder / "field-labels.tif").read_bytes() == before


def test_a_file_of_the_user_is_never_replaced(prediction: Prediction, tmp_path: Path) -> None:
    (tmp_path / "field-labels.tif").write_text("hand-made")
    with pytest.raises(OutputError, match="Drua did not write it"):
        results.save(prediction, tmp_path, "field")
    assert [path.name for path in tmp_path.iterdir()] == ["field-labels.tif"]


def test_a_file_in_the_place_of_the_folder_is_said(prediction: Prediction, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="cannot be written to"):
        results.check_folder(tmp_path / "out", "field", [results.RUN])


def test_a_failure_half_way_leaves_nothing(
    prediction: Prediction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_prediction: Prediction, _path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(results.OBJECT_WRITERS, "-table.csv", full)
    with pytest.raises(OutputError, match="No space left"):
        results.save(prediction, tmp_path, "field")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def volumes(image: Image) -> Prediction:
    """Two frames: a column through all slices and a dot in the middle one; then a column through two."""
    labels = np.zeros(image.pixels.shape, np.uint32)
    labels[0, :, 20:40, 30:60] = 1
    labels[0, 1, 70:80, 90:110] = 2
    labels[1, :2, 50:60, 10:20] = 3
    return Prediction(
        "label_image",
        image,
        image.with_pixels(labels, "TZYX"),
        outlines.trace(labels.reshape(-1, *labels.shape[2:])),
        measure(labels, image, volumes=True),
        {"objects": 3},
    )


def test_rois_of_volumes_are_named_after_object_and_slice(volumes: Prediction, tmp_path: Path) -> None:
    results.write_rois(volumes, tmp_path / "rois.zip")
    found = roifile.roiread(tmp_path / "rois.zip")
    assert [(roi.name, roi.z_position, roi.t_position) for roi in found] == [
        ("label-1-z1", 1, 1), ("label-1-z2", 2, 1), ("label-2-z2", 2, 1), ("label-1-z3", 3, 1),
        ("label-3-z1", 1, 2), ("label-3-z2", 2, 2),
    ]  # fmt: skip
    np.testing.assert_array_equal(found[2].coordinates(), [[90, 70], [110, 70], [110, 80], [90, 80]])


def test_label_tiff_of_volumes_keeps_slices(volumes: Prediction, tmp_path: Path) -> None:
    results.write_labels(volumes, tmp_path / "labels.tif")
    read = read_image(tmp_path / "labels.tif")
    assert (read.axes, read.pixel_size["Z"]) == ("TZYX", 2.0)
    np.testing.assert_array_equal(read.pixels, volumes.image.pixels)


def test_table_of_volumes_is_written_with_its_columns(volumes: Prediction, tmp_path: Path) -> None:
    results.write_table(volumes, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["Volume"]) for row in rows] == [3 * 600 * 0.25, 200 * 0.25, 2 * 100 * 0.25]
    assert [row["Frame"] for row in rows] == ["1", "1", "2"]


def test_picture_of_a_volume_is_of_its_middle_slice(image: Image, tmp_path: Path) -> None:
    labels = np.zeros((1, 3, 97, 131), np.uint32)
    labels[0, 0] = 1
    labels[0, 1, 20:40, 30:60] = 2
    first = image.with_pixels(image.pixels[:1], "TZYX")
    shown = Prediction("label_image", first, first.with_pixels(labels, "TZYX"), None, None, {"objects": 2})
    results.write_overlay(shown, tmp_path / "overlay.png")
    coloured = np.ptp(np.asarray(Picture.open(tmp_path / "overlay.png")).astype(int), axis=2) > 0
    rows, columns = np.nonzero(coloured)
    assert (rows.min() // 5, rows.max() // 5) == (20, 39)
    assert (columns.min() // 5, columns.max() // 5) == (30, 59)


def test_holes_are_kept_in_the_roi_set(tmp_path: Path) -> None:
    labels = np.zeros((1, 13, 17), np.uint32)
    labels[0, 2:9, 3:11] = 1
    labels[0, 4:6, 5:8] = 0
    traced = outlines.trace(labels)
    rois.write(traced, 1, 1, tmp_path / "rois.zip")
    (roi,) = roifile.roiread(tmp_path / "rois.zip")
    assert roi.composite
    assert (roi.left, roi.top, roi.right, roi.bottom) == (3, 2, 11, 9)
    np.testing.assert_array_equal(rasterise(traced, labels.shape), labels)
