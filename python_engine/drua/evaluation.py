"""The files of a restoration's evaluation: `<stem>-restoration.csv`, `.png`, and `.json` with everything."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from drua.comparison import Picture
from drua.restoration import Evaluation, Judged, PlaneScores
from drua.results import check_folder, write_files

RECORD = "-restoration.json"
SUFFIXES = ("-restoration.csv", "-restoration.png", RECORD)

_COLUMNS = ("image", "plane", "fitted", "psnr_db", "ssim", "ms_ssim", "nrmse", "pearson", "gain", "offset")


def check(folder: Path, stem: str) -> None:
    """Make sure, before any work, that the files can be written and replace only their like.

    Raises
    ------
    OutputError
        If they cannot.
    """
    check_folder(folder, stem, SUFFIXES, RECORD)


def save(
    evaluation: Evaluation, picture: Picture, compared: dict[str, str], folder: Path, stem: str
) -> list[Path]:
    """Write table, picture and record into a folder, and return their paths.

    Parameters
    ----------
    compared : dict of str to str
        Role ("result", "truth", "input") to the file, for the record.

    Raises
    ------
    OutputError
        If the folder cannot be written to, or holds files of these names that Drua did not write.
    """
    writers = (
        partial(_write_table, evaluation),
        partial(_write_picture, picture),
        partial(_write_record, {"compared": compared} | as_json(evaluation)),
    )
    return write_files(dict(zip(SUFFIXES, writers, strict=True)), folder, stem, RECORD)


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as an object for JSON: what is not defined, or infinite, is null."""
    gains = {"gain_db": evaluation.gain, "fitted_gain_db": evaluation.fitted_gain}
    plain: dict[str, Any] = _finite({"task": "restoration"} | asdict(evaluation) | gains)
    return plain


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_table(evaluation: Evaluation, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for name, judged in (("result", evaluation.result), ("input", evaluation.input)):
            if judged is not None:
                writer.writerows([name, *row] for row in _rows(judged))


def _rows(judged: Judged) -> Iterator[list[str]]:
    line = next(iter(judged.fits.values())) if len(judged.fits) == 1 else None
    several = len(judged.planes) > 1
    whole = PlaneScores("all", judged.as_is, judged.fitted)
    for plane in [*(judged.planes if several else ()), whole]:
        for fitted, scores in (("no", plane.as_is), ("yes", plane.fitted)):
            values = (scores.psnr, scores.ssim, scores.ms_ssim, scores.nrmse, scores.pearson)
            fit = (line.gain, line.offset) if line and fitted == "yes" else (None, None)
            yield [plane.plane, fitted, *("" if v is None else f"{v:.9g}" for v in (*values, *fit))]


def _write_picture(picture: Picture, path: Path) -> None:
    from PIL import Image

    Image.fromarray(picture).save(path)


def _write_record(record: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
