"""What must be asked about a bare network, and what is offered as an answer."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from drua.bare import draft, probe
from drua.bare.draft import NORMALISATIONS, UNITS
from drua.bare.layout import LAYOUTS
from drua.bare.probe import Findings
from drua.errors import SettingError
from drua.models.card import TASKS
from drua.models.setting import Setting

Progress = Callable[[str, int, int], None]
Question = Setting
"""A setting that may also be of the type 'text', and without a default where nobody can guess."""

LONGEST_SIDE = 4096
WORKING_SIDE = {"Y": 512, "X": 512, "Z": 32, "T": 16}
LABELS = {"": "", "_z": " along Z", "_t": " along T"}


def questions(file: Path, progress: Progress) -> list[Question]:
    """Measure a bare network and return what must be known to describe it; defaults are what was measured.

    Parameters
    ----------
    file : Path
        An ONNX or TorchScript file.
    progress : callable
        Called as (what, 0, 0) at every run of the network; it may raise Cancelled.

    Raises
    ------
    CardError
        If it is no such file, has several inputs or outputs, or runs on no image that was tried.
    UntrustedModelError
        If the file names data outside its folder.
    BackendMissingError
        If nothing here runs the format.
    """
    return _asked(file, probe.measure(file, progress))


def parse(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer to every question: the given one, checked, or the default.

    Raises
    ------
    SettingError
        If a name is unknown, a value has the wrong type or lies outside its range, or one without a default
        is missing.
    """
    known = {question.name: question for question in questions}
    for name in answers:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            raise SettingError(
                f"{name!r} is not asked of this network",
                remedy=f"did you mean {nearest[0]!r}?" if nearest else f"use {', '.join(known)}",
            )
    return {name: _answer(question, answers.get(name)) for name, question in known.items()}


def write_package(file: Path, answers: Mapping[str, Any], folder: Path, progress: Progress) -> None:
    """Write a bioimage.io package of a bare network into a folder.

    Parameters
    ----------
    file : Path
        An ONNX or TorchScript file.
    answers : mapping
        By name, as `parse` takes and returns them.
    folder : Path
        A new or empty folder: weights, test tensors, a cover picture, README.md and bioimageio.yaml.
    progress : callable
        Called as (what, 0, 0); it may raise Cancelled.

    Raises
    ------
    SettingError
        If answers do not fit each other or the network.
    CardError
        If the description breaks a rule of the format, such as a licence that it does not know.
    """
    asked = questions(file, progress)
    guess = next(question for question in asked if question.name == "axes")
    axes = str(_answer(guess, answers.get("axes")))
    found = probe.measure(file, progress, None if axes == guess.default else axes.upper())
    # Other axes than the guessed ones have questions of their own, which nobody was asked.
    needed = _asked(file, found)
    gone = {question.name for question in asked} - {question.name for question in needed}
    checked = parse(needed, {name: value for name, value in answers.items() if name not in gone})
    draft.write(file, found, checked, folder, progress)


def _asked(file: Path, found: Findings) -> list[Question]:
    return [*_about(file), *_axes(found), *_purpose(found), *_values(found), *_context(found)]


def _answer(question: Question, given: Any) -> Any:
    if given is None and question.default is None:
        raise SettingError(f"{question.name} is missing", remedy=f"give it: {question.label.lower()}")
    answer = question.parse(question.default if given is None else given)
    if answer == "" and question.default != "":
        raise SettingError(f"{question.name} is empty", remedy=f"give it: {question.label.lower()}")
    return answer


def _about(file: Path) -> list[Question]:
    words = re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-") or "network"
    name = words.replace("-", " ").capitalize()[: draft.LONGEST_NAME]
    if len(name) < draft.SHORTEST_NAME:
        name = f"Network {name}"
    return [
        Question("id", "Id", "text", words, help="Names the model in macros: small letters, digits and -."),
        Question("name", "Name", "text", name, help="For menus: 5 to 128 letters, digits and _+-()."),
        Question("description", "Description", "text", "", help="What it does, on which images."),
        Question("authors", "Authors", "text", "unknown", help="Who trained it, separated by commas."),
        Question(
            "licence", "Licence", "text", None,
            help="An SPDX identifier, such as CC-BY-4.0, CC0-1.0, MIT, BSD-3-Clause or Apache-2.0.",
        ),
    ]  # fmt: skip


def _axes(found: Findings) -> list[Question]:
    return [
        _choice("axes", "Axes of the input", found.axes.lower(), LAYOUTS[len(found.axes)],
                "In the network's order: b batch, c channel, t time, z, y, x. Guessed by sides: check it."),
        Question("channels", "Channels of the input", "text", _names(found.channels, "channel"),
                 help="Names in the network's order, separated by commas."),
        _choice("output_axes", "Axes of the output", found.output_axes.lower(),
                [*LAYOUTS.get(len(found.output_axes), ()), found.output_axes],
                "Measured: the axes that grow with the input's."),
        Question("output_channels", "Channels of the output", "text", _names(found.output_channels, "map"),
                 help="Names in the network's order, separated by commas."),
    ]  # fmt: skip


def _purpose(found: Findings) -> list[Question]:
    count = found.output_channels
    within = found.lowest >= 0 and found.highest <= 1
    decoder = (
        "image" if not within and count == found.channels else "watershed" if 2 <= count <= 3 else "classes"
    )
    activation = "none" if within else "softmax" if decoder == "classes" and count > 1 else "sigmoid"
    second = min(2, count) if count > 1 else 0
    only = "Only for the decoder watershed. Channels of the output are counted from 1."
    roles = {"foreground": min(1, count), "boundary": second, "centre": 0, "distance": 0}
    return [
        _choice("task", "Task", "denoise" if decoder == "image" else "segment", TASKS, "What it is for."),
        _choice("decoder", "Decoder", decoder, draft.DECODERS,
                "image: the output is the result. classes: connected parts of each class. watershed: markers"
                " grown inside the foreground. Guessed by number and values of the channels: check it."),
        _choice("activation", "Activation still to apply", activation, ("none", "sigmoid", "softmax"),
                f"Not for the decoder image. The output was seen between {found.lowest:.3g} and"
                f" {found.highest:.3g}: none fits only 0 to 1."),
        _choice("marker", "Markers", draft.MARKERS[0] if second else "distance", draft.MARKERS, only),
        *(
            Question(f"{role}_channel", f"Channel of the {role}", "integer", default, 0, count,
                     help=f"{only} 0: there is none.")
            for role, default in roles.items()
        ),
        Question("background_channel", "Channel of the background", "integer", int(count > 1), 0, count,
                 help="Only for the decoder classes with several channels. Counted from 1; 0: none."),
    ]  # fmt: skip


def _values(found: Findings) -> list[Question]:
    sizes = [
        Question(f"pixel_size{suffix}", f"Pixel size{LABELS[suffix]}", "number", 0, 0, 1e9,
                 help="Of the images that the network was trained on. 0: not known, or all sizes.")
        for suffix in _suffixes(found) if suffix != "_t"
    ]  # fmt: skip
    return [
        _choice("normalisation", "Normalisation", "percentile", NORMALISATIONS,
                "What was done to the images before training. percentile: 1 to 99.8 become 0 to 1."
                " zero_mean: mean 0, variance 1. It cannot be measured: ask the network's author."),
        Question("per_channel", "Each channel by itself", "flag", True,
                 help="For percentile and zero_mean: statistics of each channel, not of all together."),
        *sizes,
        _choice("unit", "Unit of the pixel size", "micrometer", UNITS, "Where a pixel size is given."),
    ]  # fmt: skip


def _context(found: Findings) -> list[Question]:
    asked = []
    for suffix, letters in _suffixes(found).items():
        sides = [found.sides[letter] for letter in letters]
        stride = draft.common_stride(sides)
        halo = _rounded_up(max(side.halo for side in sides), stride)
        fields = [side.field for side in sides]
        # one number for several axes: where one has no end, there is none, and 0 says so
        field = 0 if None in fields else max(stride, _rounded_up(max(each or 0 for each in fields), stride))
        where = LABELS[suffix]
        asked += [
            Question(f"stride{suffix}", f"Stride{where} (pixels)", "integer", stride, 1, LONGEST_SIDE,
                     help="Measured: an image shifted by it gives a shifted result. Aligns tiles."),
            Question(f"halo{suffix}", f"Halo{where} (pixels)", "integer", halo, 0, LONGEST_SIDE,
                     help="Measured: farther away nothing changes the result by more than a thousandth of the"
                          f" largest change. In pixels of the input.{_endless(field)}"),
            Question(f"receptive_field{suffix}", f"Receptive field{where} (pixels)", "integer", field, 0,
                     LONGEST_SIDE,
                     help=f"Measured: farther away nothing changes the result. 0: no end.{_endless(field)}"),
            Question(f"tile{suffix}", f"Tile{where} (pixels)", "integer", _tile(sides, letters, halo), 1,
                     LONGEST_SIDE,
                     help=f"The preferred side of what the network sees at once.{_endless(field)}"),
        ]  # fmt: skip
    return asked


def _endless(field: int) -> str:
    if field:
        return ""
    return (
        " A change at one end of the image was seen at the other: the network takes statistics of the whole"
        " image (as instance normalisation and attention do) or looks very far, so its result depends on the"
        " tile. Prefer a tile as large as the images."
    )


def _tile(sides: Sequence[probe.Side], letters: str, halo: int) -> int:
    side = sides[0]
    if side.step == 0:
        return side.least
    wanted = max(WORKING_SIDE[letters[0]], 4 * halo)
    step = draft.common_stride(sides)
    return side.least + max(0, wanted - side.least) // step * step


def _suffixes(found: Findings) -> dict[str, str]:
    """Return what the names of questions end in -> the letters that they are about."""
    return {"": "YX", **{f"_{letter.lower()}": letter for letter in "ZT" if letter in found.sides}}


def _choice(name: str, label: str, default: str, choices: Sequence[str], text: str) -> Question:
    every = tuple(dict.fromkeys(choice.lower() for choice in choices))
    return Question(name, label, "choice", default, choices=every, help=text)


def _names(count: int, word: str) -> str:
    return word if count == 1 else ", ".join(f"{word} {number}" for number in range(1, count + 1))


def _rounded_up(length: int, step: int) -> int:
    return -(-length // step) * step
