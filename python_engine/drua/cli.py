"""The command line: `drua segment | denoise | stain | run | train | macro | models | evaluate | check`.

Exit codes: 0 all done, 1 something failed (said on stderr), 2 wrong usage. With --json one JSON object is
printed on stdout and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from drua.cli_evaluate import evaluate
from drua.cli_models import models_app
from drua.cli_predict import denoise, run, segment, stain
from drua.cli_train import train_app
from drua.console import Json, console, errors, plain, print_json
from drua.errors import Cancelled, DruaError

app = typer.Typer(
    name="drua",
    help="Segment, denoise and stain microscopy images with deep learning, as the Fiji plugin Drua does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (segment, denoise, stain, run):
    app.command()(command)
app.add_typer(models_app, name="models")
app.command()(evaluate)
app.add_typer(train_app, name="train")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except DruaError as error:
        errors.print(f"[red]error:[/red] {plain(error)}")
        sys.exit(1)


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
