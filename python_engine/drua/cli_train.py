"""`drua train denoise | stain`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from drua.console import Device, Json, console, errors, interrupted_by_termination, plain, print_json
from drua.errors import Cancelled, SettingError

train_app = typer.Typer(
    help="Train a model on your own images; Ctrl-C keeps the best so far as a finished model.",
    no_args_is_help=True,
)

Output = Annotated[
    Path, typer.Option(help="Folder for the model; made if it is not there. Its name becomes the model's id.")
]
Minutes = Annotated[float, typer.Option(min=0.01, help="Time to spend.")]
Volumes = Annotated[bool, typer.Option("--3d", help="Learn from volumes, not from planes.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the training in the output folder.")]
Install = Annotated[bool, typer.Option(help="Install the model, so that other commands find it by its id.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Begin anew where there is a training or a model of this id.")
]
AllowShift = Annotated[
    bool, typer.Option("--allow-shift", help="Train on pairs that do not lie over each other.")
]
Patch = Annotated[
    int | None, typer.Option(min=16, help="Side of the patches, in pixels; else as the task needs.")
]
Batch = Annotated[int | None, typer.Option(min=1, help="Patches in a step; else as the task needs.")]
Width = Annotated[int, typer.Option(min=4, help="Channels of the network's highest level.")]
Levels = Annotated[int, typer.Option(min=1, max=5, help="How often the network halves the sides.")]
Name = Annotated[str, typer.Option(help="What people call the model.")]
Author = Annotated[list[str] | None, typer.Option(help="Who made it; repeat for more.")]
Licence = Annotated[str | None, typer.Option(help="An SPDX id, for example CC-BY-4.0.")]


@train_app.command()
def denoise(
    output: Output,
    images: Annotated[
        list[Path] | None,
        typer.Argument(help="Noisy images (TIFF, PNG, OME-Zarr), or folders of them.", metavar="[IMAGE]..."),
    ] = None,
    noisy: Annotated[
        Path | None, typer.Option(help="For pairs: the folder of the noisy images, or one image.")
    ] = None,
    clean: Annotated[
        Path | None, typer.Option(help="For pairs: the folder of the clean images of the same names.")
    ] = None,
    channel: Annotated[
        str, typer.Option(help="Channels, by number from 1 or by name, with commas; 0: all.")
    ] = "0",
    structure: Annotated[
        str, typer.Option(help="Noise that is alike along: auto (measured), none, rows, columns.")
    ] = "auto",
    minutes: Minutes = 5.0,
    volumes: Volumes = False,
    patch: Patch = None,
    batch: Batch = None,
    width: Width = 16,
    levels: Levels = 2,
    device: Device = "auto",
    name: Name = "",
    author: Author = None,
    licence: Licence = None,
    resume: Resume = False,
    allow_shift: AllowShift = False,
    install: Install = True,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Train a denoiser: on noisy images alone, or on pairs of noisy and clean ones (--noisy, --clean)."""
    from drua.training import require

    require()
    from drua.training.blindspot import STRUCTURES
    from drua.training.plan import PATCHES, Plan
    from drua.training.tasks import Names, train_denoiser

    if (clean is None) != (noisy is None):
        raise SettingError("pairs need both --noisy and --clean", remedy="give both, or images alone")
    if (noisy is None) == (not images):
        raise SettingError(
            "neither images nor pairs are given" if noisy is None else "both images and pairs are given",
            remedy="give noisy images, or --noisy and --clean",
        )
    if structure not in ("auto", *STRUCTURES):
        raise SettingError(f"structure is {structure!r}, but must be auto, {', '.join(STRUCTURES)}")
    axes = "ZYX" if volumes else "YX"
    plan = Plan(
        axes=axes,
        minutes=minutes,
        patch=patch or PATCHES[axes][0],
        batch=batch or PATCHES[axes][1],
        width=width,
        levels=levels,
        device=device,
    )

    def work(listener: Any, tell: Callable[[str], None]) -> Any:
        return train_denoiser(
            [noisy] if noisy else images or [],
            output,
            plan,
            clean=clean,
            structure=structure,
            channel=channel,
            names=Names(name, "", tuple(author or ()), licence),
            allow_shift=allow_shift,
            resume=resume,
            listener=listener,
            tell=tell,
        )

    _run("denoise", work, output, install=install, replace=replace, resume=resume, quiet=as_json)


@train_app.command()
def stain(
    output: Output,
    inputs: Annotated[
        list[Path],
        typer.Option("--input", help="Folder of the inputs, or an image; repeat for more channels."),
    ],
    targets: Annotated[
        list[Path],
        typer.Option(
            "--target", help="Folder of the targets of the same names, or an image; repeat for more channels."
        ),
    ],
    channel: Annotated[str, typer.Option(help="Channels of the inputs; 0: all.")] = "0",
    target_channel: Annotated[str, typer.Option(help="Channels of the targets; 0: all.")] = "0",
    adversarial: Annotated[
        float,
        typer.Option(
            min=0.0, help="Weight of a discriminator: sharper, and more is invented. 0: none; usual: 0.01."
        ),
    ] = 0.0,
    minutes: Minutes = 30.0,
    volumes: Volumes = False,
    patch: Patch = None,
    batch: Batch = None,
    width: Width = 24,
    levels: Levels = 3,
    device: Device = "auto",
    name: Name = "",
    author: Author = None,
    licence: Licence = None,
    resume: Resume = False,
    allow_shift: AllowShift = False,
    install: Install = True,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Train a virtual stain on pairs: an image of one kind and, of the same field, one of the other."""
    from drua.training import require

    require()
    from drua.training.plan import Plan
    from drua.training.tasks import Names, train_stain

    plan = Plan(
        task="stain",
        method="pairs",
        loss="l1+structure",
        axes="ZYX" if volumes else "YX",
        minutes=minutes,
        patch=patch or (64 if volumes else 128),
        batch=batch or (1 if volumes else 4),
        width=width,
        levels=levels,
        adversarial=adversarial,
        device=device,
    )

    def work(listener: Any, tell: Callable[[str], None]) -> Any:
        return train_stain(
            inputs,
            targets,
            output,
            plan,
            channel=channel,
            target_channel=target_channel,
            names=Names(name, "", tuple(author or ()), licence),
            allow_shift=allow_shift,
            resume=resume,
            listener=listener,
            tell=tell,
        )

    _run("stain", work, output, install=install, replace=replace, resume=resume, quiet=as_json)


class _Live:
    """A live line with step, losses and the time left, on stderr."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._bar = Progress(
            *columns, console=errors, transient=True, disable=quiet or not errors.is_terminal
        )
        self._name = name
        self._quiet = quiet
        self._task = self._bar.add_task(name, total=1.0)

    def __enter__(self) -> _Live:
        self._bar.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._bar.stop()

    def __call__(self, report: Any) -> None:
        """Show how far it is; a log file gets a line at every check."""
        if report.preview is not None and not self._quiet and not errors.is_terminal:
            errors.print(
                f"{report.progress:.0%}, step {report.step}: loss {report.loss:.4f},"
                f" validation {report.validation:.4f}",
                markup=False,
            )
        losses = f"loss {report.loss:.4f}"
        if report.validation is not None:
            losses += f", validation {report.validation:.4f} (best {report.best:.4f})"
        self._bar.update(
            self._task, description=f"{self._name}: step {report.step}, {losses}", completed=report.progress
        )


def _run(
    command: str,
    work: Callable[..., Any],
    output: Path,
    *,
    install: bool,
    replace: bool,
    resume: bool,
    quiet: bool,
) -> None:
    """Train, install and report."""
    from drua import model_operations
    from drua.training.tasks import check_id, set_aside

    output = output.expanduser().absolute()
    if install:
        check_id(output.name, replace_installed=replace or resume)

    def tell(note: str) -> None:
        errors.print(f"[yellow]note:[/yellow] {plain(note)}")

    if replace and not resume and (aside := set_aside(output)):
        tell(aside)
    try:
        with interrupted_by_termination(), _Live(output.name, quiet=quiet) as live:
            trained = work(live, tell)
    except Cancelled:
        errors.print("stopped before anything was learnt; there is no model")
        sys.exit(1)
    installed = None
    if install:
        added = model_operations.add(str(output), lambda *_: None, replace=replace or resume)
        installed = added["card"]["folder"]
    if quiet:
        print_json(trained.to_message() | {"installed": installed})
        return
    outcome = trained.outcome
    gain = "" if outcome.gain is None else f", {outcome.gain:+.1f} dB against the input"
    if outcome.pearson is not None:
        gain = ", r with the targets " + " and ".join(f"{each:.2f}" for each in outcome.pearson)
    console.print(
        f"{trained.id}: {outcome.ended} after {outcome.step} steps in {outcome.seconds / 60:.1f} minutes on"
        f" {outcome.device}, validation loss {outcome.best:.4f} (untrained {outcome.before:.4f}){gain}"
        f" -> {output}",
        markup=False,
    )
    if installed:
        console.print(
            f"it is installed: drua {command} IMAGE --model {trained.id} --output DIR", markup=False
        )
