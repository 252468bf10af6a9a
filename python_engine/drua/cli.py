"""The command line: `drua segment | run | train | macro | models | evaluate | check | worker`.

Exit codes: 0 all done, 1 something failed (said on stderr), 2 wrong usage. With --json one JSON object is
printed on stdout and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from drua.cli_evaluate import evaluate
from drua.cli_models import models_app
from drua.cli_train import train_app
from drua.console import Bar, Device, Json, console, errors, plain, print_json, settings_of
from drua.errors import Cancelled, DruaError, OutputError, SettingError

app = typer.Typer(
    name="drua",
    help="Segment microscopy images with deep learning, as the Fiji plugin Drua does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(models_app, name="models")
app.command()(evaluate)
app.add_typer(train_app, name="train")

Channel = Annotated[
    str,
    typer.Option(help="Channels to use, by number from 1 or by name, several with commas; 0: all there are."),
]


def main() -> None:
    """Run the command line."""
    try:
        app()
    except DruaError as error:
        errors.print(f"[red]error:[/red] {plain(error)}")
        sys.exit(1)
    except KeyboardInterrupt:
        errors.print("stopped; files that were finished are kept")
        sys.exit(1)


@app.command()
def segment(
    images: Annotated[
        list[Path], typer.Argument(help="TIFF, PNG or JPEG files, or OME-Zarr folders.", metavar="IMAGE...")
    ],
    output: Annotated[Path, typer.Option(help="Folder for the results; made if it is not there.")],
    model: Annotated[
        str, typer.Option(help="Id of an installed model, or the folder of a package.")
    ] = "nuclei-fluorescence",
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the model; repeat for more."),
    ] = None,
    channel: Channel = "0",
    device: Device = "auto",
    maps: Annotated[bool, typer.Option("--maps", help="Write what the network itself gives, too.")] = False,
    as_json: Json = False,
) -> None:
    """Find objects: label image, ROIs, table, a picture with outlines and a record of the run, per image."""
    from drua.pipeline import open_model

    settings = settings_of(setting or [])
    _refuse_equal_stems(images)
    with open_model(model, device) as opened:
        _need_task(opened.card, "segment")
        opened.card.resolve(settings)
        options = {"settings": settings, "channel": channel}
        _process(images, opened, options, output, objects=True, maps=maps, quiet=as_json)


@app.command()
def run(
    images: Annotated[
        list[Path], typer.Argument(help="TIFF, PNG or JPEG files, or OME-Zarr folders.", metavar="IMAGE...")
    ],
    output: Annotated[Path, typer.Option(help="Folder for the results; made if it is not there.")],
    model: Annotated[str, typer.Option(help="Id of an installed model, or the folder of a package.")],
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the model; repeat for more."),
    ] = None,
    channel: Channel = "0",
    other: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=FILE", help="The image for a further input of the model."),
    ] = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Run a model of any kind: the images that its network gives, as they are.

    The result of an OME-Zarr is an OME-Zarr, written part by part, so that it may be larger than the memory.
    """
    from drua.files import read_image
    from drua.pipeline import open_model

    settings = settings_of(setting or [])
    _refuse_equal_stems(images)
    others = {name: read_image(path) for name, path in settings_of(other or [], "--input").items()}
    with open_model(model, device) as opened:
        opened.card.resolve(settings)
        options = {"settings": settings, "channel": channel, "inputs": others}
        _process(images, opened, options, output, objects=False, maps=True, quiet=as_json)


@app.command()
def macro(
    file: Annotated[Path, typer.Argument(help="An ImageJ macro.", metavar="FILE.ijm")],
    argument: Annotated[str, typer.Argument(help="What getArgument() gives to the macro.")] = "",
    fiji: Annotated[
        Path | None, typer.Option(envvar="DRUA_FIJI", help="Folder of a Fiji to use instead of plain ImageJ.")
    ] = None,
    route: Annotated[
        str, typer.Option(help="inprocess: the engine in this process; worker: a process of its own.")
    ] = "inprocess",
) -> None:
    """Run an ImageJ macro in a headless ImageJ with the plugin; what it prints goes to stdout."""
    from drua.fiji import ROUTES, MacroError, run_macro

    if route not in ROUTES:
        raise typer.BadParameter(f"{route!r} is none of {', '.join(ROUTES)}", param_hint="--route")
    try:
        run_macro(file, argument, fiji, route)
    except MacroError as error:
        if not error.told:
            raise
        sys.exit(1)
    except Cancelled:
        errors.print("a command of the macro was cancelled")
        sys.exit(1)


@app.command()
def check(as_json: Json = False) -> None:
    """Report Python, libraries, models, and the devices that really work, with their speed."""
    from drua.operations import report_of, text_of

    report = report_of(benchmark=True, progress=lambda *_: None)
    if as_json:
        print_json(report)
    else:
        console.print(text_of(report), markup=False)
    if not any(device["error"] is None for device in report["devices"]):
        raise DruaError("no device works", remedy="see the report above")


@app.command(hidden=True)
def worker() -> None:
    """Serve a Fiji over stdin and stdout (what the plugin starts)."""
    from drua.worker import main as serve

    serve()


def _process(
    images: list[Path],
    model: Any,
    options: dict[str, Any],
    output: Path,
    *,
    objects: bool,
    maps: bool,
    quiet: bool,
) -> None:
    """Predict every image and report; leaves with 1 if one of them failed."""
    rows = [
        _process_one(path, model, options, output, objects=objects, maps=maps, quiet=quiet) for path in images
    ]
    if quiet:
        print_json({"images": rows})
    if any(row["error"] for row in rows):
        sys.exit(1)


def _process_one(
    path: Path, model: Any, options: dict[str, Any], output: Path, *, objects: bool, maps: bool, quiet: bool
) -> dict[str, Any]:
    """Predict one image; its failure is reported and does not stop the others."""
    from drua import streaming
    from drua.files import read_image
    from drua.pipeline import predict, predict_maps
    from drua.protocol import failure
    from drua.results import check_folder, save, suffixes
    from drua.streaming import run_into_zarr
    from drua.zarrs import is_zarr

    row: dict[str, Any] = {
        "image": str(path),
        "objects": None,
        "device": None,
        "seconds": None,
        "files": [],
        "error": None,
    }
    try:
        in_parts = is_zarr(path) and not objects
        names = (
            streaming.suffixes(model.card) if in_parts else suffixes(model.card, objects=objects, maps=maps)
        )
        check_folder(output, path.stem, names)
        image = read_image(path)
        with Bar(path.name, quiet=quiet) as progress:
            told = options | {"source": path.name, "progress": progress}
            if in_parts:
                run, files = run_into_zarr(image, model, output, path.stem, **told)
            else:
                prediction = (
                    predict(image, model, maps=maps, **told)
                    if objects
                    else predict_maps(image, model, **told)
                )
                run, files = prediction.run, save(prediction, output, path.stem)
    except (DruaError, MemoryError) as error:
        errors.print(f"[red]error:[/red] {plain(path)}: {plain(error)}")
        return row | {"error": failure(None, error).error}
    for note in run["notes"]:
        errors.print(f"[yellow]note:[/yellow] {plain(path)}: {plain(note)}")
    if not quiet:
        took = f"on {run['device']} in {run['seconds']:.2f} s"
        found = f"{run['objects']} objects" if objects else ", ".join(file.name for file in files[:-1])
        console.print(f"{path.name}: {found} {took} -> {output}", markup=False)
    facts = {
        "objects": run["objects"] if objects else None,
        "device": run["device"],
        "seconds": run["seconds"],
    }
    return row | facts | {"files": [str(file) for file in files]}


def _refuse_equal_stems(images: list[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in images:
        if path.stem in seen:
            raise OutputError(
                f"{seen[path.stem]} and {path} would write the same files {path.stem}-labels.tif ...",
                remedy="segment them into different folders",
            )
        seen[path.stem] = path


def _need_task(card: Any, task: str) -> None:
    if card.task != task:
        raise SettingError(
            f"model {card.id!r} is made to {card.task}, not to {task}", remedy="choose another model"
        )
