"""The tasks: a denoiser from noisy images or pairs, a virtual stain from pairs; images in, package out."""

from __future__ import annotations

import csv
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from drua.errors import OutputError, SettingError, one_line
from drua.models import catalog, store
from drua.models.description import NAMES
from drua.platform import replace_file
from drua.selection import Choice
from drua.training import blindspot, words
from drua.training.data import Data, noisy_images, restoration_pairs, some_planes, stain_pairs
from drua.training.examples import Corrupt, split
from drua.training.images import LEAST_ROWS, Opened
from drua.training.loop import CHECKPOINT, TEMPORARY, Outcome, read_checkpoint, train
from drua.training.network import Design
from drua.training.package import Sample, check_licence, write_package
from drua.training.picture import write_progress
from drua.training.plan import Listener, Plan, Report

CURVE = "training.png"
TABLE = "training.csv"
LEARNT = 0.999
"""Of the loss without any training, above which nothing was learnt."""
LEFT_BEHIND = {CURVE, TABLE, TEMPORARY}
"""What a training leaves that ended before its first checkpoint: nothing that could be lost."""
SHOWN_SIDE = 512

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Names:
    """What people call the model: what is empty follows from the folder and the task."""

    name: str = ""
    description: str = ""
    authors: tuple[str, ...] = ()
    licence: str | None = None


@dataclass(frozen=True, eq=False)
class Release:
    """What the package of a model has that is given to others; it has TorchScript weights, too.

    Parameters
    ----------
    config : mapping
        More for `config.drua` of its description, as JSON values.
    sample : Sample
        What test tensors and cover are made of: an image that may be given away, instead of one that was
        trained on.
    """

    config: Mapping[str, Any]
    sample: Sample


@dataclass(frozen=True, eq=False)
class Trained:
    """A model that was trained: its folder, id and card's task, what came out and what people should know."""

    folder: Path
    id: str
    outcome: Outcome
    notes: tuple[str, ...]

    def to_message(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        outcome = self.outcome
        return {
            "folder": str(self.folder),
            "model": self.id,
            "ended": outcome.ended,
            "steps": outcome.step,
            "seconds": round(outcome.seconds, 1),
            "validation": outcome.best,
            "untrained": outcome.before,
            "pearson": outcome.pearson,
            "device": outcome.device,
            "notes": list(self.notes),
        }


def train_denoiser(
    images: Sequence[Path | Opened],
    output: Path,
    plan: Plan,
    *,
    clean: Path | None = None,
    structure: str = "auto",
    channel: Choice = 0,
    names: Names | None = None,
    allow_shift: bool = False,
    resume: bool = False,
    listener: Listener,
    tell: Tell = lambda _text: None,
    corrupt: Corrupt | None = None,
    release: Release | None = None,
) -> Trained:
    """Train a denoiser and write its package.

    Parameters
    ----------
    images : sequence of Path or Opened
        Noisy images, any axes; with `clean` the path of one folder or image.
    output : Path
        The folder of the package, whose name becomes the model's id.
    plan : Plan
        Its `method` and `structure` follow from the other parameters.
    clean : Path, optional
        The folder of the clean images of the same names, or the one image.
    structure : str
        'auto', or one of `drua.training.blindspot.STRUCTURES`.
    channel : int or str
        Which channels; 0 stands for all.
    names : Names, optional
        What people call the model.
    allow_shift : bool
        Whether to train on pairs that do not lie over each other.
    resume : bool
        Whether to go on with the training in `output`.
    listener : callable
        Told after every step; if it raises Cancelled, the best so far becomes the model, if it raises
        `drua.training.plan.Suspended`, there is no model, but what `resume` needs.
    tell : callable
        Gets what people should know, when it is known.
    corrupt : callable, optional
        Without `clean`: makes noisy patches out of clean ones, which `images` are then.
    release : Release, optional
        What the package of a model has that is given to others.

    Raises
    ------
    RequestError
        If images or options do not fit.
    BackendError
        If torch is missing or the device is not there.
    """
    _check_output(output, resume=resume)
    check_licence(names.licence if names else None)
    supervised = clean is not None or corrupt is not None
    if clean is not None:
        if len(images) != 1:
            raise SettingError(f"{len(images)} places of noisy images are given, but pairs need one folder")
        (noisy,) = images
        if isinstance(noisy, Opened):
            raise SettingError(
                f"the image {noisy.name!r} is to be paired with {clean}, but pairs are read from files",
                remedy="save the noisy images to a folder and name it",
            )
        data = restoration_pairs(noisy, clean, plan.axes, channel, allow_shift=allow_shift)
    else:
        data = noisy_images(images, plan.axes, channel, standardise=corrupt is None)
    plan = replace(plan, task="denoise", method="pairs" if supervised else "blind_spot")
    if corrupt is not None:
        data.notes.append(
            "noise was added to clean images: losses are in units of its variance, not of the images' spread"
        )
    if not supervised:
        noise = blindspot.measure(some_planes(data.examples))
        plan = replace(plan, structure=noise.structure if structure == "auto" else structure)
        hidden = "no neighbours are" if plan.structure == "none" else f"neighbours along {plan.structure} are"
        data.notes += [noise.text, f"with a pixel {hidden} hidden"]
    design = Design(
        plan.axes, len(data.inputs), len(data.outputs), plan.width, plan.levels, top_skip=supervised
    )
    return _train(plan, design, data, output, names or Names(), resume, listener, tell, corrupt, release)


def train_stain(
    inputs: Sequence[Path],
    targets: Sequence[Path],
    output: Path,
    plan: Plan,
    *,
    channel: Choice = 0,
    target_channel: Choice = 0,
    names: Names | None = None,
    allow_shift: bool = False,
    resume: bool = False,
    listener: Listener,
    tell: Tell = lambda _text: None,
    release: Release | None = None,
) -> Trained:
    """Train a virtual stain and write its package.

    Parameters
    ----------
    inputs, targets : sequence of Path
        Folders of images of the same names, or images; several become channels.
    channel, target_channel : int or str
        Which channels of inputs and targets; 0 stands for all.
    output, plan, names, allow_shift, resume, listener, tell, release
        As of `train_denoiser`.

    Raises
    ------
    RequestError
        If images or options do not fit.
    BackendError
        If torch is missing or the device is not there.
    """
    _check_output(output, resume=resume)
    check_licence(names.licence if names else None)
    plan = replace(plan, task="stain", method="pairs")
    data = stain_pairs(inputs, targets, plan.axes, channel, target_channel, allow_shift=allow_shift)
    design = Design(
        plan.axes, len(data.inputs), len(data.outputs), plan.width, plan.levels, equivariant=False
    )
    return _train(plan, design, data, output, names or Names(), resume, listener, tell, None, release)


def _train(
    plan: Plan,
    design: Design,
    data: Data,
    output: Path,
    names: Names,
    resume: bool,
    listener: Listener,
    tell: Tell,
    corrupt: Corrupt | None,
    release: Release | None,
) -> Trained:
    learn, judge, kept = split(data.examples, LEAST_ROWS)
    data.notes.append(f"judged by {kept}, which are not learnt from")
    for note in data.notes:
        tell(note)
    _make(output)
    history = list(read_checkpoint(output / CHECKPOINT)["state"]["history"]) if resume else []

    def watch(report: Report) -> None:
        if report.preview is not None:
            row = {"step": report.step, "seconds": round(report.seconds, 1), "loss": report.loss}
            history.append(row | {"validation": report.validation or math.nan})
            _write_table(output / TABLE, history)
            write_progress(output / CURVE, history, report.preview)
        listener(report)

    outcome = train(plan, design, learn, judge, output, listener=watch, corrupt=corrupt, resume=resume)
    if outcome.best > LEARNT * outcome.before:
        data.notes.append(
            "warning: nothing was learnt: on images that were not learnt from it is no better than"
            f" {'an image of one value' if plan.task == 'stain' else 'untrained'}; train longer, or on more"
            " images"
        )
        tell(data.notes[-1])
    _write_table(output / TABLE, outcome.history)
    write_progress(output / CURVE, outcome.history, outcome.preview)
    if data.gains is not None:
        outcome.network.set_gains(data.gains)
    sample = _sample(data, judge[0].name) if release is None else release.sample
    write_package(
        output,
        outcome.network,
        words.of(
            output.name,
            plan,
            design,
            outcome,
            data.notes,
            _trained_on(data),
            data.inputs,
            data.outputs,
            names,
        ),
        sample,
        task=plan.task,
        preprocessing=data.preprocessing,
        postprocessing=data.postprocessing,
        pixel_size=data.pixel_size,
        unit=data.unit,
        config=None if release is None else release.config,
        torchscript=release is not None,
    )
    return Trained(output, output.name, outcome, tuple(data.notes))


def _sample(data: Data, name: str) -> Sample:
    """Return the middle of the lowest rows of an image: what was not learnt from, and what is around it."""
    example = next(each for each in data.examples if each.name == name)
    rows, columns = example.sides[-2:]
    left = max((columns - SHOWN_SIDE) // 2, 0)
    part = (..., slice(max(rows - SHOWN_SIDE, 0), rows), slice(left, left + min(SHOWN_SIDE, columns)))
    target = None if example.target is None else np.asarray(example.target[part])
    return Sample(np.asarray(example.input[part]), target)


def _trained_on(data: Data) -> str:
    images = list(dict.fromkeys(example.name for example in data.examples))
    sides = " x ".join(str(side) for side in data.examples[0].sides)
    shown = ", ".join(images[:5]) + (f" and {len(images) - 5} more" if len(images) > 5 else "")
    kind = "volumes" if len(data.examples[0].sides) == 3 else "planes"
    of = "1 image" if len(images) == 1 else f"{len(images)} images"
    return f"{len(data.examples)} {kind} ({sides} pixels) of {of}: {shown}"


def _check_output(output: Path, *, resume: bool) -> None:
    """Check that the folder may be written to, and the model installed, before hours are spent."""
    name = output.name
    if store.folder_name(name) != name:
        raise SettingError(
            f"the folder {name!r} gives the model its id, but an id has only small letters, digits, '-', '_'"
            " and '.'",
            remedy=f"name it {store.folder_name(name)!r}",
        )
    if resume and not (output / CHECKPOINT).is_file():
        raise OutputError(f"{output} holds no training to resume", remedy="train without resuming")
    if not resume and output.is_dir() and not {path.name for path in output.iterdir()} <= LEFT_BEHIND:
        raise OutputError(
            f"{output} is not empty",
            remedy="resume what it holds (--resume; in a macro resume=true), replace it (--replace;"
            " replace=true), or choose another folder"
            if _holds_training(output)
            else "choose another folder",
        )


def set_aside(output: Path) -> str | None:
    """Make room for a training that replaces the one in a folder, which is kept beside it.

    Returns
    -------
    str or None
        Where it is, for people; None if there was none.

    Raises
    ------
    OutputError
        If it cannot be moved.
    """
    if not _holds_training(output):
        return None
    kept = output.with_name(f"{output.name}-earlier")
    try:
        if _holds_training(kept):  # and nobody else's files
            shutil.rmtree(kept)
        output.rename(kept)
    except OSError as error:
        raise OutputError(
            f"{output} cannot be moved: {one_line(error)}", remedy="choose another folder"
        ) from error
    return f"the earlier training of this name is kept in {kept}, until the next one replaces it"


def _holds_training(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (CHECKPOINT, *NAMES))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be made: {one_line(error)}", remedy="choose another folder"
        ) from error


def check_id(name: str, *, replace_installed: bool) -> None:
    """Check that a model of this id can be installed.

    Raises
    ------
    SettingError
        If one is installed already, or comes with Drua.
    """
    shipped, _ = catalog.folders()
    if any(card.id == name for card in catalog.list_models((shipped,))):
        raise SettingError(
            f"the model {name!r} comes with Drua", remedy="choose another folder for the output"
        )
    if not replace_installed and any(card.id == name for card in catalog.list_models()):
        raise SettingError(
            f"a model {name!r} is installed already",
            remedy="choose another name, or replace it (--replace; in a macro replace=true)",
        )


def _write_table(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    temporary = path.with_suffix(".new")
    try:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["step", "seconds", "loss", "validation"])
            writer.writeheader()
            writer.writerows(history)
        replace_file(temporary, path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {one_line(error)}", remedy="make room, or choose another folder"
        ) from error
