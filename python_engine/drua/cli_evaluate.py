"""`drua evaluate`: a label image, or a restored image, beside the truth."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from drua.console import Bar, Json, console, errors, plain, print_json, print_pairs

if TYPE_CHECKING:
    from drua.restoration import Evaluation, Judged, PlaneScores, Scores

MOST_ROWS = 50
"""Planes that are printed one by one; the CSV has all."""

_MEASURES = (
    ("PSNR (dB)", "psnr", ".2f"),
    ("SSIM", "ssim", ".4f"),
    ("multi-scale SSIM", "ms_ssim", ".4f"),
    ("NRMSE", "nrmse", ".4f"),
    ("Pearson r", "pearson", ".4f"),
)

_DETAILS = (
    ("as in the truth (Fourier ring correlation 1/2)", "shared"),
    ("the same, were the truth as noisy (1/7)", "shared_halves"),
    ("with half of the truth's contrast", "contrast"),
    ("above the noise (decorrelation analysis)", "own"),
)


class Task(str, Enum):
    """What is evaluated."""

    segmentation = "segmentation"
    restoration = "restoration"


def evaluate(
    result: Annotated[Path, typer.Argument(help="The image to judge; a label image for segmentation.")],
    truth: Annotated[Path, typer.Argument(help="The image it should be.")],
    task: Annotated[Task, typer.Option(help="What the result is.")] = Task.segmentation,
    iou: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Segmentation: overlap from which two objects match.", show_default="0.5"
        ),
    ] = None,
    noisy: Annotated[
        Path | None, typer.Option("--input", help="Restoration: the image that was restored.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Restoration: folder for a table of all planes and a picture.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score a result against the truth.

    A label image: AP = TP / (TP + FP + FN), precision, recall, F1, PQ. A restored image: PSNR, SSIM,
    multi-scale SSIM, NRMSE and Pearson's r, as it is and with gain and offset fitted, and the finest detail
    that is right.
    """
    if task is Task.segmentation:
        for option, value in (("--input", noisy), ("--output", output)):
            if value is not None:
                raise typer.BadParameter("is for --task restoration", param_hint=option)
        _segmentation(result, truth, 0.5 if iou is None else iou, as_json=as_json)
    else:
        if iou is not None:
            raise typer.BadParameter("is for --task segmentation", param_hint="--iou")
        _restoration(result, truth, noisy, output, as_json=as_json)


def _segmentation(result: Path, truth: Path, iou: float, *, as_json: bool) -> None:
    from drua.files import read_image
    from drua.labels import as_labels, look_grey
    from drua.metrics import match, score

    images = {path: read_image(path).pixels.squeeze() for path in (result, truth)}
    for path, pixels in images.items():
        if look_grey(pixels):
            errors.print(
                f"[yellow]note:[/yellow] {plain(path)} looks like a grey image, not like labels; grey images"
                " are compared with --task restoration"
            )
    matched = match(as_labels(images[result]), as_labels(images[truth]), iou)
    scores = {"iou": iou, **asdict(matched), **asdict(score(matched))}
    if as_json:
        print_json(scores)
    else:
        shown = {
            name: str(value) if isinstance(value, int) else f"{value:.4g}" for name, value in scores.items()
        }
        print_pairs("", shown)


def _restoration(
    result: Path, truth: Path, noisy: Path | None, output: Path | None, *, as_json: bool
) -> None:
    from drua import evaluation, restoration
    from drua.files import read_image

    if output is not None:
        evaluation.check(output, result.stem)
    image, true = read_image(result), read_image(truth)
    before = None if noisy is None else read_image(noisy)
    with Bar(result.name, quiet=as_json, unit="planes") as progress:
        found = restoration.evaluate(image, true, before, progress)
    files = []
    if output is not None:
        compared = {"result": str(result), "truth": str(truth)} | ({"input": str(noisy)} if noisy else {})
        picture = restoration.picture(found, image, true, before)
        files = evaluation.save(found, picture, compared, output, result.stem)
    if as_json:
        print_json(evaluation.as_json(found) | {"files": [str(file) for file in files]})
        return
    _print(found)
    for file in files:
        console.print(f"-> {file}", markup=False)


def _print(found: Evaluation) -> None:
    console.print(_table(found))
    console.print(_range_of(found), markup=False)
    for name, judged in _judged(found):
        console.print(f"{name}: {_fits_of(judged)}", markup=False)
    if len(found.result.planes) > 1:
        console.print(_planes(found))
    console.print(_details(found))
    for sentence in beyond(found):
        console.print(sentence, markup=False)


def _judged(found: Evaluation) -> list[tuple[str, Judged]]:
    return [("result", found.result)] + ([] if found.input is None else [("input", found.input)])


def _table(found: Evaluation) -> Table:
    """Return the measures over all planes, a column for each image as it is and fitted."""
    judged = _judged(found)
    table = Table("measure", *(f"{name}{how}" for name, _ in judged for how in ("", ", fitted")))
    for label, field, form in _MEASURES:
        values = [getattr(scores, field) for _, one in judged for scores in (one.as_is, one.fitted)]
        name = f"{label}, {found.scales} scales" if field == "ms_ssim" and found.scales else label
        table.add_row(name, *(_shown(value, form) for value in values))
    if found.input is not None:
        gains = (found.gain, found.fitted_gain)
        table.add_row("gain in PSNR (dB)", *("-" if gain is None else f"{gain:+.2f}" for gain in gains))
    return table


def _planes(found: Evaluation) -> Table:
    judged = _judged(found)
    table = Table("plane, fitted", *(f"{label} {name}" for name, _ in judged for label in ("PSNR", "SSIM")))
    rows: list[tuple[PlaneScores, ...]] = list(zip(*(one.planes for _, one in judged), strict=True))
    for planes in rows[:MOST_ROWS]:
        scores: list[Scores] = [plane.fitted for plane in planes]
        cells = [cell for one in scores for cell in (_shown(one.psnr, ".2f"), _shown(one.ssim, ".4f"))]
        table.add_row(planes[0].plane, *cells)
    if len(rows) > MOST_ROWS:
        table.caption = f"and {len(rows) - MOST_ROWS} more: --output writes them all"
    return table


def _range_of(found: Evaluation) -> str:
    ranges = [
        f"{low:.6g} to {high:.6g}" + (f" ({name})" if len(found.ranges) > 1 else "")
        for name, (low, high) in found.ranges.items()
    ]
    return f"range: {', '.join(ranges)}, the truth's minimum to maximum"


def _fits_of(judged: Judged) -> str:
    lines = [f"{fit} ({name})" if len(judged.fits) > 1 else str(fit) for name, fit in judged.fits.items()]
    return f"fitted to the truth by {', '.join(lines)}"


def _details(found: Evaluation) -> Table:
    """Return the finest detail by several measures, a column for each image."""
    judged = _judged(found)
    unit = "pixels" if found.pixel_size is None else f"pixels ({found.unit})"
    table = Table(f"finest detail, period in {unit}", *(name for name, _ in judged), "truth")
    for label, field in _DETAILS:
        periods = [getattr(one.detail, field) for _, one in judged]
        whole = found.truth_own if field == "own" else None
        table.add_row(label, *(_period(value, found) for value in (*periods, whole)))
    return table


def beyond(found: Evaluation) -> list[str]:
    """Say in words what there is beyond the detail that is as in the truth."""
    said = []
    for name, judged in _judged(found):
        power = judged.detail.finer_power
        if power is not None:
            said.append(f"{name}: finer detail has {power:.2g} times the truth's power, {_meaning(power)}")
    return said


def _meaning(power: float) -> str:
    if power < 0.5:
        return "so most of it is lost"
    return "but is not that of the truth" if power <= 2 else "which is noise, or invented"


def _period(period: float | None, found: Evaluation) -> str:
    if period is None:
        return "-"
    calibrated = "" if found.pixel_size is None else f" ({period * found.pixel_size:.3g})"
    return f"{period:.3g}{calibrated}"


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
