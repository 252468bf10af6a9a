"""The tasks: a denoiser from noisy images or pairs, a virtual stain from pairs; images in, package out."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import intensity, statistics
from drua.errors import ImageError, OutputError, SettingError, one_line
from drua.files import read_image
from drua.image import Image
from drua.intensity import Operation, Source
from drua.models import catalog, store
from drua.models.description import NAMES
from drua.models.tensor import Tensor
from drua.platform import replace_file
from drua.selection import Choice, select_channels
from drua.training import blindspot, pairs, words
from drua.training.examples import Corrupt, Example, split
from drua.training.loop import CHECKPOINT, Outcome, train
from drua.training.network import Design
from drua.training.package import Sample, write_package
from drua.training.picture import write_progress
from drua.training.plan import Listener, Plan, Report

CURVE = "training.png"
TABLE = "training.csv"
LEAST_ROWS = 32
"""Rows of a part of an image that is to be of use."""
LEARNT = 0.999
"""Of the loss without any training, above which nothing was learnt."""
SHOWN_SIDE = 512
LOOKED_AT = 8
"""Planes by which the noise is measured."""
PERCENTILES = (1.0, 99.8)
TO_FLOAT = Operation("ensure_dtype", {"dtype": "float32"})

Pixels = NDArray[Any]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Names:
    """What people call the model: what is empty follows from the folder and the task."""

    name: str = ""
    description: str = ""
    authors: tuple[str, ...] = ()
    licence: str | None = None


@dataclass(frozen=True, eq=False)
class Opened:
    """An image that is open already, with the name that people know it by."""

    name: str
    image: Image


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
            "device": outcome.device,
            "notes": list(self.notes),
        }


@dataclass
class _Data:
    """The examples of a task and what is said of them."""

    examples: list[Example]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    preprocessing: list[Operation]
    postprocessing: list[Operation] = field(default_factory=list)
    gains: list[float] | None = None
    pixel_size: Mapping[str, float] = field(default_factory=dict)
    unit: str = "pixel"
    notes: list[str] = field(default_factory=list)


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
        data = _restoration_pairs(noisy, clean, plan, channel, allow_shift=allow_shift)
    else:
        data = _noisy_images(images, plan, channel, standardise=corrupt is None)
    plan = replace(plan, task="denoise", method="pairs" if supervised else "blind_spot")
    if corrupt is not None:
        data.notes.append(
            "noise was added to clean images: losses are in units of its variance, not of the images' spread"
        )
    if not supervised:
        noise = blindspot.measure(_some_planes(data.examples))
        data.notes.append(noise.text if structure == "auto" else f"{noise.text} (overruled: {structure})")
        plan = replace(plan, structure=noise.structure if structure == "auto" else structure)
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
    plan = replace(plan, task="stain", method="pairs")
    data = _stain_pairs(inputs, targets, plan, channel, target_channel, allow_shift=allow_shift)
    design = Design(
        plan.axes, len(data.inputs), len(data.outputs), plan.width, plan.levels, equivariant=False
    )
    return _train(plan, design, data, output, names or Names(), resume, listener, tell, None, release)


def _train(
    plan: Plan,
    design: Design,
    data: _Data,
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
    output.mkdir(parents=True, exist_ok=True)
    history: list[dict[str, float]] = []

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
            "warning: nothing was learnt: on images that were not learnt from it is no better than untrained;"
            " train longer, or on more images"
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


def _sample(data: _Data, name: str) -> Sample:
    """Return the middle of the lowest rows of an image: what was not learnt from, and what is around it."""
    example = next(each for each in data.examples if each.name == name)
    rows, columns = example.sides[-2:]
    left = max((columns - SHOWN_SIDE) // 2, 0)
    part = (..., slice(max(rows - SHOWN_SIDE, 0), rows), slice(left, left + min(SHOWN_SIDE, columns)))
    target = None if example.target is None else np.asarray(example.target[part])
    return Sample(np.asarray(example.input[part]), target)


def _trained_on(data: _Data) -> str:
    images = list(dict.fromkeys(example.name for example in data.examples))
    sides = " x ".join(str(side) for side in data.examples[0].sides)
    shown = ", ".join(images[:5]) + (f" and {len(images) - 5} more" if len(images) > 5 else "")
    kind = "volumes" if len(data.examples[0].sides) == 3 else "planes"
    return f"{len(data.examples)} {kind} ({sides} pixels) of {len(images)} images: {shown}"


def _noisy_images(
    places: Sequence[Path | Opened], plan: Plan, channel: Choice, *, standardise: bool
) -> _Data:
    found = [each for place in places for each in _opened(place)]
    images = [_chosen(image, channel, where) for _, where, image in found]
    channels = _channel_names(images, [where for _, where, _ in found], "image")
    examples: list[Example] = []
    spreads = []
    for (name, where, _), image in zip(found, images, strict=True):
        operations, spread = _standardising(image, plan.axes, where) if standardise else ((), [1.0])
        spreads.append(spread)
        examples += [
            Example(name, block, None, tuple(operations)) for block in _blocks(image, plan.axes, where)
        ]
    return _Data(examples, channels, channels, [TO_FLOAT], gains=_gains(spreads))


def _opened(place: Path | Opened) -> list[tuple[str, str, Image]]:
    """Return the images of a place, each with its name and where it is found."""
    if isinstance(place, Opened):
        return [(place.name, place.name, place.image)]
    return [(_name(path), str(path), read_image(path)) for path in pairs.images_in(place).values()]


def _restoration_pairs(noisy: Path, clean: Path, plan: Plan, channel: Choice, *, allow_shift: bool) -> _Data:
    matched = pairs.match([noisy, clean])
    given = {name: _chosen(read_image(paths[0]), channel, paths[0]) for name, paths in matched.items()}
    wanted = {name: _chosen(read_image(paths[1]), channel, paths[1]) for name, paths in matched.items()}
    channels = _channel_names(list(given.values()), list(given), "image")
    shifts, examples, spreads, fits = [], [], [], []
    for name, paths in matched.items():
        _check_same(name, given[name], wanted[name], same_channels=True)
        inputs = _blocks(given[name], plan.axes, paths[0])
        targets = _blocks(wanted[name], plan.axes, paths[1])
        shifts.append(_shift(name, inputs, targets))
        operations, spread = _standardising(given[name], plan.axes, paths[0])
        spreads.append(spread)
        gains, offsets = zip(
            *(
                pairs.gain_and_offset(
                    np.stack([np.asarray(each[number]) for each in inputs[:LOOKED_AT]]),
                    np.stack([np.asarray(each[number]) for each in targets[:LOOKED_AT]]),
                    name,
                )
                for number in range(len(channels))
            ),
            strict=True,
        )
        fits.append(float(np.mean(gains)))
        shape = (-1, *(1 for _ in plan.axes))
        fit = Operation(
            "scale_linear", {"gain": np.reshape(gains, shape), "offset": np.reshape(offsets, shape)}
        )
        examples += [
            Example(name, one, other, tuple(operations), (TO_FLOAT, fit, *operations[1:]))
            for one, other in zip(inputs, targets, strict=True)
        ]
    notes = _shift_notes(shifts, allow_shift=allow_shift)
    typical = float(np.median(fits))
    if abs(typical - 1) > 0.1:
        notes.append(
            f"the clean images are {1 / typical:.3g} times as bright as the noisy ones: results keep the"
            " brightness of the noisy ones"
        )
    return _Data(examples, channels, channels, [TO_FLOAT], gains=_gains(spreads), notes=notes)


def _stain_pairs(
    inputs: Sequence[Path],
    targets: Sequence[Path],
    plan: Plan,
    channel: Choice,
    target_channel: Choice,
    *,
    allow_shift: bool,
) -> _Data:
    matched = pairs.match([*inputs, *targets])
    count = len(inputs)
    given, wanted = {}, {}
    for name, paths in matched.items():
        given[name] = _stacked(paths[:count], channel)
        wanted[name] = _stacked(paths[count:], target_channel)
        _check_same(name, given[name], wanted[name], same_channels=False)
    input_names = _channel_names(list(given.values()), list(given), "input", [each.stem for each in inputs])
    output_names = _channel_names(
        list(wanted.values()), list(wanted), "target", [each.stem for each in targets]
    )
    axes = [{"Z": "z", "Y": "y", "X": "x"}[letter] for letter in plan.axes]
    scaling = Operation(
        "scale_range", {"axes": axes, "min_percentile": PERCENTILES[0], "max_percentile": PERCENTILES[1]}
    )
    low, high = _target_range(list(wanted.values()), plan.axes)
    shape = (-1, *(1 for _ in plan.axes))
    to_unit = Operation(
        "fixed_zero_mean_unit_variance",
        {"mean": np.reshape(low, shape), "std": np.reshape(np.subtract(high, low), shape)},
    )
    shifts, examples = [], []
    for name in matched:
        path = matched[name][0]
        fitted = _fitted([TO_FLOAT, scaling], given[name], plan.axes)
        one, other = (_blocks(each[name], plan.axes, path) for each in (given, wanted))
        shifts.append(_shift(name, one, other))
        examples += [
            Example(name, first, second, fitted, (TO_FLOAT, to_unit))
            for first, second in zip(one, other, strict=True)
        ]
    first = next(iter(given.values()))
    sizes = {letter: first.pixel_size[letter] for letter in plan.axes if letter in first.pixel_size}
    calibrated = first.unit != "pixel" and set(sizes) == set(plan.axes)
    gain = np.subtract(high, low)
    undo = (
        Operation("scale_linear", {"gain": float(gain[0]), "offset": float(low[0])})
        if len(low) == 1
        else Operation("scale_linear", {"axis": "channel", "gain": gain.tolist(), "offset": list(low)})
    )
    return _Data(
        examples,
        input_names,
        output_names,
        [TO_FLOAT, scaling],
        [undo],
        pixel_size=sizes if calibrated else {},
        unit=first.unit if calibrated else "pixel",
        notes=_shift_notes(shifts, allow_shift=allow_shift),
    )


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
    if not resume and output.is_dir() and any(output.iterdir()):
        raise OutputError(
            f"{output} is not empty",
            remedy="resume what it holds (--resume; in a macro resume=true), or choose another folder"
            if (output / CHECKPOINT).is_file() or (output / NAMES[0]).is_file()
            else "choose another folder",
        )


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


def _chosen(image: Image, channel: Choice, where: str | Path) -> Image:
    """Return the image with the chosen channels and a C axis; grey that is stored as colours counts once."""
    words_ = [word for word in str(channel).split(",") if word.strip()]
    count = len(words_) if str(channel).strip() not in ("", "0") else image.size("C")
    names = tuple(str(number) for number in range(1, count + 1))
    if count > 1 and str(channel).strip() in ("", "0") and _is_grey(image):
        names = ("1",)
    try:
        chosen = select_channels(image, Tensor("image", "BCYX", names), channel)
        _check_finite(chosen)
        return chosen
    except ImageError as error:
        raise ImageError(f"{where}: {error.message}", remedy=error.remedy) from error


def _check_finite(image: Image) -> None:
    strange = 0 if image.pixels.dtype.kind != "f" else int((~np.isfinite(image.pixels)).sum())
    if strange:
        raise ImageError(
            f"{strange} pixels are not finite (NaN or infinite), and nothing can be learnt from them",
            remedy="crop them away, or replace them (in Fiji: Process > Noise > Remove NaNs...)",
        )


def _is_grey(image: Image) -> bool:
    if image.channel_names != ("Red", "Green", "Blue"):
        return False
    first, *others = np.moveaxis(np.asarray(image.pixels), image.axes.index("C"), 0)
    return all(np.array_equal(first, other) for other in others)


def _stacked(paths: Sequence[Path], channel: Choice) -> Image:
    """Return the images of several files as the channels of one."""
    images = [_chosen(read_image(path), channel, path).to("TZCYX") for path in paths]
    if len(images) == 1:
        return images[0]
    for path, image in zip(paths, images, strict=True):
        if {**image.sizes, "C": 1} != {**images[0].sizes, "C": 1}:
            raise ImageError(
                f"{path} has the sides {_sides(image)}, but {paths[0]} has {_sides(images[0])}",
                remedy="use images of the same field",
            )
    pixels = np.concatenate([np.asarray(image.pixels) for image in images], axis=2)
    return images[0].with_channels(pixels, None)


def _channel_names(
    images: Sequence[Image], where: Sequence[str], word: str, files: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return names for the channels that all images have; ImageError if their numbers differ."""
    count = images[0].size("C")
    for image, name in zip(images, where, strict=True):
        if image.size("C") != count:
            raise ImageError(
                f"{name} has {image.size('C')} channels, but {where[0]} has {count}",
                remedy="choose channels that all images have",
            )
    names = images[0].channel_names
    if names and len(set(names)) == count and all(names):
        return tuple(names)
    if len(files) == count and len(set(files)) == count:
        return tuple(files)
    return (word,) if count == 1 else tuple(f"{word} {number}" for number in range(1, count + 1))


def _blocks(image: Image, axes: str, where: str | Path) -> list[Pixels]:
    """Return the planes (C, Y, X) or volumes (C, Z, Y, X) of an image."""
    least = LEAST_ROWS
    if image.size("Y") < least or image.size("X") < least:
        raise ImageError(
            f"{where} is {image.size('X')} x {image.size('Y')} pixels, but at least {least} x {least} are"
            " needed"
        )
    if "Z" in axes:
        if image.size("Z") == 1:
            raise ImageError(
                f"{where} has one slice, but training in 3D needs stacks",
                remedy="train in 2D, or open a stack",
            )
        volumes = image.to("TCZYX").pixels
        return [volumes[time] for time in range(volumes.shape[0])]
    planes = image.to("TZCYX").pixels
    return [planes[time, z] for time in range(planes.shape[0]) for z in range(planes.shape[1])]


def _fitted(operations: Sequence[Operation], image: Image, axes: str) -> tuple[Operation, ...]:
    """Return operations with the statistics of a whole stack, as `statistics=stack` has them."""
    outer = "T" if "Z" in axes else "TZ"
    whole = image.to(f"{outer}C{axes}")
    plane = Source(whole.pixels[(0,) * len(outer)], f"C{axes}")
    stack = Source(whole.pixels, whole.axes, outer)
    return intensity.fit(operations, plane, stack=stack, statistics="stack")


def _standardising(image: Image, axes: str, where: str | Path) -> tuple[tuple[Operation, ...], list[float]]:
    """Return what brings every channel to mean 0 and deviation 1, and the deviations.

    Only the training needs it, so that losses have a scale: the network itself takes any gain and offset.
    """
    wanted = Operation("zero_mean_unit_variance", {"axes": list(axes)})
    fitted = _fitted([TO_FLOAT, wanted], image, axes)
    spread = np.ravel(fitted[-1].kwargs["std"])
    if not (spread > 1e-5).all():
        raise ImageError(f"{where} is constant, and nothing can be learnt from it", remedy="leave it out")
    return fitted, [float(each) for each in spread]


def _gains(spreads: Sequence[Sequence[float]]) -> list[float] | None:
    """Return the typical range of each channel relative to the first; None for a single channel."""
    if len(spreads[0]) == 1:
        return None
    typical = np.median(np.array(spreads), axis=0)
    return [float(each) for each in typical / typical[0]]


def _target_range(images: Sequence[Image], axes: str) -> tuple[list[float], list[float]]:
    """Return what becomes 0 and 1 for each channel: 0 to 255 of 8-bit colours, else percentiles of all."""
    count = images[0].size("C")
    if count == 3 and all(image.pixels.dtype == np.uint8 for image in images):
        return [0.0] * 3, [255.0] * 3
    outer = "T" if "Z" in axes else "TZ"
    limits = []
    for image in images:
        whole = image.to(f"{outer}C{axes}")
        over = tuple(number for number, letter in enumerate(whole.axes) if letter != "C")
        limits.append([each.ravel() for each in statistics.percentiles(whole.pixels, PERCENTILES, over)])
    low, high = np.median(np.array(limits), axis=0)
    if not (high > low).all():
        raise ImageError(
            "a channel of the targets is constant in most images, and nothing can be learnt from it",
            remedy="leave the channel out",
        )
    return [float(each) for each in low], [float(each) for each in high]


def _check_same(name: str, given: Image, wanted: Image, *, same_channels: bool) -> None:
    ignored = {} if same_channels else {"C": 1}
    one, other = given.to("TZCYX"), wanted.to("TZCYX")
    if {**one.sizes, **ignored} != {**other.sizes, **ignored}:
        raise ImageError(
            f"the two images {name} have the sides {_sides(one)} and {_sides(other)}, but pairs have the"
            " same",
            remedy="crop or rescale one of them",
        )


def _sides(image: Image) -> str:
    return " x ".join(f"{letter} {side}" for letter, side in image.sizes.items() if side > 1)


def _shift(name: str, inputs: Sequence[Pixels], targets: Sequence[Pixels]) -> pairs.Shift:
    number = len(inputs) // 2
    given, target = (_flat(np.asarray(each[number])) for each in (inputs, targets))
    return pairs.shift_between(name, given, target)


def _flat(block: Pixels) -> Pixels:
    """Return one plane (Y, X) that shows every channel and slice."""
    return np.asarray(block, np.float32).reshape(-1, *block.shape[-2:]).mean(axis=0)


def _shift_notes(shifts: Sequence[pairs.Shift], *, allow_shift: bool) -> list[str]:
    """Return what is to be said of shifts; ImageError if pairs lie too far from each other."""
    worst = max(shifts, key=lambda shift: shift.length)
    if worst.length > pairs.LARGEST_SHIFT and not allow_shift:
        far = sum(shift.length > pairs.LARGEST_SHIFT for shift in shifts)
        raise ImageError(
            f"{far} of {len(shifts)} pairs do not lie over each other: {worst.text}",
            remedy="register them first (in Fiji: Plugins > Registration), or train all the same"
            " (drua train --allow-shift)",
        )
    if worst.length > pairs.WARNED_SHIFT:
        shifted = [shift.length for shift in shifts if shift.length > pairs.WARNED_SHIFT]
        return [
            f"warning: {len(shifted)} of {len(shifts)} pairs are shifted, by {np.median(shifted):.1f} pixels"
            f" (median), and what is learnt from them will be blurred by about that; {worst.text}"
        ]
    if not any(shift.believed or shift.before > pairs.BELIEVED for shift in shifts):
        return [
            "whether inputs and targets lie over each other could not be measured: their edges are too unlike"
        ]
    return [f"inputs and targets lie over each other: the largest shift is {worst.length:.1f} pixels"]


def _some_planes(examples: Sequence[Example]) -> list[Pixels]:
    """Return some planes (Y, X) from all over the examples."""
    chosen = examples[:: max(len(examples) // LOOKED_AT, 1)][:LOOKED_AT]
    return [np.asarray(each.input).reshape(-1, *each.sides[-2:])[0] for each in chosen]


def _name(path: Path) -> str:
    return path.stem


def _write_table(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    temporary = path.with_suffix(".new")
    try:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["step", "seconds", "loss", "validation"])
            writer.writeheader()
            writer.writerows(history)
        replace_file(temporary, path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {one_line(error)}", remedy="make room") from error
