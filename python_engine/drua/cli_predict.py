"""`drua segment | denoise | stain | run`: models on files, one after the other; a failure stops no other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drua.console import (
    Bar,
    Device,
    Json,
    console,
    errors,
    interrupted_by_termination,
    plain,
    print_json,
    settings_of,
)
from drua.errors import DruaError, OutputError, SettingError

if TYPE_CHECKING:
    from drua.image import Image
    from drua.pipeline import Model, Prediction
    from drua.progress import Progress

Images = Annotated[
    list[Path], typer.Argument(help="TIFF, PNG or JPEG files, or OME-Zarr folders.", metavar="IMAGE...")
]
Output = Annotated[Path, typer.Option(help="Folder for the results; made if it is not there.")]
ModelName = Annotated[str, typer.Option(help="Id of an installed model, or the folder of a package.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting of the model; repeat for more."),
]
Channel = Annotated[
    str,
    typer.Option(help="Channels to use, by number from 1 or by name, several with commas; 0: all there are."),
]
Others = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="NAME=FILE", help="The image for a further input of the model."),
]


_INTERRUPTED = 130
"""Exit status of a program that Ctrl-C ended."""


class Type(str, Enum):
    """What values a denoised image has."""

    float32 = "32-bit"
    input = "input"


def segment(
    images: Images,
    output: Output,
    model: ModelName = "nuclei-fluorescence",
    setting: Settings = None,
    channel: Channel = "0",
    device: Device = "auto",
    maps: Annotated[bool, typer.Option("--maps", help="Write what the network itself gives, too.")] = False,
    as_json: Json = False,
) -> None:
    """Find objects: label image, ROIs, table, a picture with outlines and a record of the run, per image."""
    from drua.pipeline import open_model, predict
    from drua.results import suffixes

    settings = settings_of(setting or [])
    _refuse_equal_stems(images)
    with open_model(model, device) as opened:
        if opened.card.task != "segment":
            raise SettingError(
                f"model {opened.card.id!r} is made to {opened.card.task}, not to segment",
                remedy="choose another model",
            )
        opened.card.resolve(settings)

        def found(image: Image, path: Path, progress: Progress) -> Prediction:
            return predict(
                image,
                opened,
                settings=settings,
                channel=channel,
                maps=maps,
                source=path.name,
                progress=progress,
            )

        _process(images, output, _Work(found, suffixes(opened.card, maps=maps), objects=True), quiet=as_json)


def denoise(
    images: Images,
    output: Output,
    model: ModelName = "denoise-fluorescence",
    setting: Settings = None,
    channel: Channel = "0",
    other: Others = None,
    kind: Annotated[
        Type,
        typer.Option("--type", help="32-bit, or the input's type: rounded and limited to its range."),
    ] = Type.float32,
    difference: Annotated[
        bool, typer.Option("--difference", help="Write what was removed, too: input minus result.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Say whether only noise was removed, in words and a picture.")
    ] = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Remove noise; every channel by itself, T and Z plane by plane or in 3D as the model's card says.

    The result of an OME-Zarr is an OME-Zarr where it is 32-bit, of one channel and asked for alone: it is
    written part by part, so that it may be larger than the memory.
    """
    from drua import translation

    outputs = ("denoised", *(["difference"] if difference else []), *(["report"] if report else []))
    in_parts = outputs == ("denoised",) and kind is Type.float32

    def check(opened: Model) -> None:
        translation.check_request(opened.card, "denoise", outputs, kind.value)

    def make(image: Image, opened: Model, request: translation.Request) -> Prediction:
        return translation.denoise(image, opened, request, outputs=outputs, kind=kind.value)

    _translate(
        _Task(images, output, model, setting, channel, other, device), check, make, outputs, in_parts, as_json
    )


def stain(
    images: Images,
    output: Output,
    model: ModelName,
    setting: Settings = None,
    channel: Channel = "0",
    other: Others = None,
    append: Annotated[
        bool, typer.Option("--append", help="Write the stain behind the channels of the image, too.")
    ] = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Predict the channels of a stain from images without it: a composite with named, coloured channels.

    The result of an OME-Zarr is an OME-Zarr where it is asked for alone: it is written part by part, so that
    it may be larger than the memory.
    """
    from drua import translation

    outputs = ("stained", "appended") if append else ("stained",)

    def check(opened: Model) -> None:
        translation.check_request(opened.card, "stain", outputs)

    def make(image: Image, opened: Model, request: translation.Request) -> Prediction:
        return translation.stain(image, opened, request, outputs=outputs)

    _translate(
        _Task(images, output, model, setting, channel, other, device),
        check,
        make,
        outputs,
        not append,
        as_json,
    )


def run(
    images: Images,
    output: Output,
    model: ModelName,
    setting: Settings = None,
    channel: Channel = "0",
    other: Others = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Run a model of any kind: the images that its network gives, as they are.

    The result of an OME-Zarr is an OME-Zarr, written part by part, so that it may be larger than the memory.
    """
    from drua.pipeline import open_model, predict_maps
    from drua.results import suffixes
    from drua.streaming import run_into_zarr

    settings = settings_of(setting or [])
    _refuse_equal_stems(images)
    others = _images(other)
    with open_model(model, device) as opened:
        opened.card.resolve(settings)
        options: dict[str, Any] = {"settings": settings, "channel": channel, "inputs": others}

        def found(image: Image, path: Path, progress: Progress) -> Prediction:
            return predict_maps(image, opened, source=path.name, progress=progress, **options)

        def in_parts(image: Image, path: Path, progress: Progress) -> _Written:
            return run_into_zarr(
                image, opened, output, path.stem, source=path.name, progress=progress, **options
            )

        names = suffixes(opened.card, objects=False, maps=True)
        _process(images, output, _Work(found, names, in_parts), quiet=as_json)


_Written = tuple[dict[str, Any], list[Path]]


@dataclass(frozen=True)
class _Task:
    """What the commands from image to image are told."""

    images: list[Path]
    output: Path
    model: str
    setting: list[str] | None
    channel: str
    other: list[str] | None
    device: str


@dataclass(frozen=True)
class _Work:
    """What is done with one image: the prediction, what its files end in, and how one in parts is written.

    `fits` tells whether an image can be written in parts.
    """

    predict: Callable[[Image, Path, Progress], Prediction]
    suffixes: Sequence[str]
    into_zarr: Callable[[Image, Path, Progress], _Written] | None = None
    fits: Callable[[Image], bool] = lambda _image: True
    objects: bool = False


def _translate(
    task: _Task,
    check: Callable[[Model], None],
    make: Callable[[Image, Model, Any], Prediction],
    outputs: Sequence[str],
    in_parts: bool,
    quiet: bool,
) -> None:
    """Denoise or stain every image; warn once."""
    from drua import translation
    from drua.files import read_captions, read_display
    from drua.pipeline import open_model, warning
    from drua.results import suffixes_of
    from drua.streaming import run_into_zarr

    settings = settings_of(task.setting or [])
    _refuse_equal_stems(task.images)
    others = _images(task.other)
    with open_model(task.model, task.device) as opened:
        check(opened)
        opened.card.resolve(settings)
        options: dict[str, Any] = {"settings": settings, "channel": task.channel, "inputs": others}

        def found(image: Image, path: Path, progress: Progress) -> Prediction:
            request = translation.Request(
                **options,
                source=path.name,
                progress=progress,
                display=read_display(path),
                captions=read_captions(path),
            )
            return make(image, opened, request)

        def written(image: Image, path: Path, progress: Progress) -> _Written:
            return run_into_zarr(
                image,
                opened,
                task.output,
                path.stem,
                name=outputs[0],
                shown=read_display(path),
                as_input=opened.card.task == "denoise",
                source=path.name,
                progress=progress,
                **options,
            )

        errors.print(f"[yellow]note:[/yellow] {plain(warning(opened.card))}")
        work = _Work(
            found,
            suffixes_of(outputs),
            written if in_parts else None,
            lambda image: translation.is_one_map(image, opened.card, task.channel),
        )
        _process(task.images, task.output, work, quiet=quiet)


def _process(images: list[Path], output: Path, work: _Work, *, quiet: bool) -> None:
    """Predict every image and report; leaves with 1 if one of them failed."""
    rows: list[dict[str, Any]] = []
    try:
        with interrupted_by_termination():
            for path in images:
                rows.append(_process_one(path, output, work, quiet=quiet))
    except KeyboardInterrupt:
        if quiet:
            print_json({"images": rows})
        finished = sum(not row["error"] for row in rows)
        errors.print(
            f"stopped at {plain(images[len(rows)])}: {finished} of {len(images)} images are finished,"
            f" in {plain(output)}"
        )
        raise typer.Exit(_INTERRUPTED) from None
    if quiet:
        print_json({"images": rows})
    if any(row["error"] for row in rows):
        sys.exit(1)


def _process_one(path: Path, output: Path, work: _Work, *, quiet: bool) -> dict[str, Any]:
    """Predict one image; its failure is reported and does not stop the others."""
    from drua.files import read_image
    from drua.protocol import failure

    row: dict[str, Any] = {
        "image": str(path),
        "objects": None,
        "device": None,
        "seconds": None,
        "files": [],
        "error": None,
    }
    try:
        with Bar(path.name, quiet=quiet) as progress:
            run, files = _write_one(path, read_image(path), output, work, progress)
    except (DruaError, MemoryError) as error:
        where = "" if str(path) in str(error) else f"{path}: "
        errors.print(f"[red]error:[/red] {plain(where)}{plain(error)}")
        return row | {"error": failure(None, error).error}
    for note in run["notes"]:
        errors.print(f"[yellow]note:[/yellow] {plain(path)}: {plain(note)}")
    if not quiet:
        _tell(path, run, files, output, objects=work.objects)
    facts = {
        "objects": run["objects"] if work.objects else None,
        "device": run["device"],
        "seconds": run["seconds"],
        "files": [str(file) for file in files],
    }
    return row | facts | ({"report": run["report"]} if "report" in run else {})


def _write_one(path: Path, image: Image, output: Path, work: _Work, progress: Bar) -> _Written:
    """Predict one image and write its files; return the provenance and their paths."""
    from drua.results import check_folder, save
    from drua.streaming import in_zarr
    from drua.zarrs import is_zarr

    if work.into_zarr is not None and is_zarr(path) and work.fits(image):
        check_folder(output, path.stem, in_zarr(work.suffixes))
        return work.into_zarr(image, path, progress)
    check_folder(output, path.stem, work.suffixes)
    prediction = work.predict(image, path, progress)
    return prediction.run, save(prediction, output, path.stem)


def _tell(path: Path, run: Mapping[str, Any], files: Sequence[Path], output: Path, *, objects: bool) -> None:
    took = f"on {run['device']} in {run['seconds']:.2f} s"
    found = f"{run['objects']} objects" if objects else ", ".join(file.name for file in files[:-1])
    console.print(f"{path.name}: {found} {took} -> {output}", markup=False)
    for sentence in run.get("report", []):
        console.print(f"  {sentence}", markup=False)


def _images(other: list[str] | None) -> dict[str, Image]:
    from drua.files import read_image

    return {name: read_image(path) for name, path in settings_of(other or [], "--input").items()}


def _refuse_equal_stems(images: list[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in images:
        if path.stem in seen:
            raise OutputError(
                f"{seen[path.stem]} and {path} would write the same files {path.stem}-...",
                remedy="process them into different folders",
            )
        seen[path.stem] = path
