"""The files of one image's result, the same by every route.

`<stem>-labels.tif`, `<stem>-rois.zip`, `<stem>-table.csv`, `<stem>-overlay.png`, `<stem>-run.json`. They are
written to a folder beside their place and moved when all are complete, so that a full disk leaves no half.
"""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drua import labels, rois
from drua.errors import OutputError, one_line
from drua.image import Image
from drua.overlay import draw_overlay
from drua.pipeline import Prediction

RUN = "-run.json"

ALMOST_NOTHING = 1 << 16
"""A disk with fewer free bytes is full: a part of what did not fit may have been written."""


def save(prediction: Prediction, folder: Path, stem: str) -> list[Path]:
    """Write the files of a label image's prediction into a folder and return their paths.

    Raises
    ------
    OutputError
        If the folder cannot be written to, or holds a file of that name that Drua did not write.
    """
    check_folder(folder, stem)
    try:
        with tempfile.TemporaryDirectory(prefix=".drua-", dir=folder) as temporary:
            with _full_disk_named(temporary):
                for suffix, write in WRITERS.items():
                    write(prediction, Path(temporary) / f"{stem}{suffix}")
            return [_move(Path(temporary) / f"{stem}{suffix}", folder) for suffix in WRITERS]
    except OSError as error:
        raise _unwritable(folder, error) from error


def check_folder(folder: Path, stem: str) -> None:
    """Make sure, before any work, that results can be written and overwrite only results.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to, or a file in the way is not Drua's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error
    if (folder / f"{stem}{RUN}").is_file():
        return
    for suffix in WRITERS:
        path = folder / f"{stem}{suffix}"
        if path.exists():
            raise OutputError(
                f"{path} exists and Drua did not write it (no {stem}{RUN} beside it)",
                remedy="choose another folder",
            )


def write_labels(prediction: Prediction, path: Path) -> None:
    """Write the label image as an ImageJ TIFF with the input's calibration."""
    import tifffile

    image = prediction.image
    tifffile.imwrite(
        path,
        labels.to_imagej(image.pixels),
        imagej=True,
        resolution=(1 / image.scale("X"), 1 / image.scale("Y")),
        resolutionunit="NONE",
        metadata=_imagej_metadata(image, prediction),
    )


def write_table(prediction: Prediction, path: Path) -> None:
    """Write the measurements as CSV, one row per object."""
    table = prediction.table
    if table is None:
        raise OutputError("the prediction has no table")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        writer.writerows([f"{value:.9g}" for value in row] for row in table.rows)


def write_run(prediction: Prediction, path: Path) -> None:
    """Write the provenance as JSON."""
    path.write_text(json.dumps(prediction.run, indent=2) + "\n", encoding="utf-8")


def write_rois(prediction: Prediction, path: Path) -> None:
    """Write the outlines as an ImageJ ROI set."""
    if prediction.outlines is None:
        raise OutputError("the prediction has no outlines")
    rois.write(prediction.outlines, prediction.image.size("Z"), prediction.image.size("T"), path)


def write_overlay(prediction: Prediction, path: Path) -> None:
    """Write coloured outlines over the middle plane of the image as PNG."""
    from PIL import Image as Picture

    middle = tuple(side // 2 for side in prediction.image.pixels.shape[:2])
    picture = draw_overlay(prediction.input.pixels[middle], prediction.image.pixels[middle])
    Picture.fromarray(picture).save(path)


WRITERS: dict[str, Callable[[Prediction, Path], None]] = {
    "-labels.tif": write_labels,
    "-rois.zip": write_rois,
    "-table.csv": write_table,
    "-overlay.png": write_overlay,
    RUN: write_run,
}


@contextmanager
def _full_disk_named(folder: str) -> Iterator[None]:
    """Say that the disk is full where a library only says how many bytes it could not write."""
    try:
        yield
    except OSError as error:
        if shutil.disk_usage(folder).free < ALMOST_NOTHING:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise


def _unwritable(folder: Path, error: OSError) -> OutputError:
    full = error.errno == errno.ENOSPC
    remedy = "free some space, or choose another folder" if full else "choose another folder"
    return OutputError(f"{folder} cannot be written to: {one_line(error)}", remedy=remedy)


def _move(path: Path, folder: Path) -> Path:
    target = folder / path.name
    os.replace(path, target)
    return target


def _imagej_metadata(image: Image, prediction: Prediction) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "axes": image.axes,
        "unit": _escaped(image.unit),
        "min": 0.0,
        "max": float(max(prediction.count, 1)),
        "Info": "\n".join(f"{name}: {value}" for name, value in prediction.run.items()),
    }
    if "Z" in image.pixel_size:
        metadata["spacing"] = image.pixel_size["Z"]
    if "T" in image.pixel_size:
        metadata |= {"finterval": image.pixel_size["T"], "tunit": image.time_unit}
    for letter, name in (("X", "xorigin"), ("Y", "yorigin"), ("Z", "zorigin")):
        if image.origin.get(letter):
            metadata[name] = -image.origin[letter]
    return metadata


def _escaped(text: str) -> str:
    return "".join(letter if letter.isascii() else f"\\u{ord(letter):04X}" for letter in text)
