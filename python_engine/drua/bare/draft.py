"""The package of a bare network: description, test tensors, cover picture and README from answers."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import axes as axis_letters
from drua import intensity
from drua.bare.network import Network, weights_format
from drua.bare.probe import Findings, Side, side_of
from drua.bare.reach import texture
from drua.errors import CardError, SettingError
from drua.intensity import Operation
from drua.models.card import DESCRIPTION
from drua.models.onnx_file import read_onnx
from drua.overlay import as_grey

Progress = Callable[[str, int, int], None]
Description = dict[str, Any]

FORMAT = "0.5.4"
SHORTEST_NAME, LONGEST_NAME = 5, 128
"""What the format takes as a name, in letters."""
DECODERS = ("image", "classes", "watershed")
MARKERS = ("foreground_minus_boundary", "centre_and_boundary", "distance")
UNITS = ("nanometer", "micrometer", "millimeter", "centimeter")
NORMALISATIONS = ("none", "percentile", "zero_mean", "divide_by_255", "divide_by_65535")
ROLES = ("foreground", "boundary", "centre", "distance")

_NEEDED = {
    "foreground_minus_boundary": ("foreground", "boundary"),
    "centre_and_boundary": ("foreground", "boundary", "centre"),
    "distance": ("foreground",),
}
_RANGE = {"percentile": 4095, "zero_mean": 4095, "divide_by_255": 255, "divide_by_65535": 65535, "none": 1}
"""What the test image ranges over, so that it is like an image that the normalisation is meant for."""
_FORMAT_NAMES = {"B": "batch", "C": "channel", "T": "time", "Z": "z", "Y": "y", "X": "x"}
_TEST_SIDE = {"Y": 192, "X": 256, "Z": 24, "T": 8}
_WEIGHTS = {"onnx": "weights.onnx", "torchscript": "weights.pt"}
_COVER_SIDE = 512


def common_stride(sides: Iterable[Side]) -> int:
    """Return the stride that suits several axes."""
    return math.lcm(*(side.stride for side in sides))


def write(file: Path, found: Findings, answers: Mapping[str, Any], folder: Path, progress: Progress) -> None:
    """Write the package of a bare network, measured as `found`, into a new or empty folder.

    Raises
    ------
    SettingError
        If answers do not fit each other or the network.
    CardError
        If the description breaks a rule of the format.
    """
    _check(found, answers)
    folder.mkdir(parents=True, exist_ok=True)
    progress("copying the weights", 0, 0)
    weights = _copy_weights(file, folder)
    progress("running the test image", 0, 0)
    operations = _preprocessing(found, answers)
    raw, result = _test_tensors(folder / weights["source"], found, answers, operations)
    np.save(folder / "test_input.npy", raw)
    np.save(folder / "test_output.npy", result)
    _write_cover(folder / "cover.png", found, answers, raw, result)
    (folder / "README.md").write_text(_readme(file, found, answers), encoding="utf-8")
    progress("checking the description", 0, 0)
    description = _description(found, answers, operations, weights, folder)
    # JSON is YAML, and needs no writer of its own.
    text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
    (folder / DESCRIPTION).write_text(text, encoding="utf-8")
    _validate(folder / DESCRIPTION)


def _check(found: Findings, answers: Mapping[str, Any]) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", answers["id"]):
        raise SettingError(
            f"id is {answers['id']!r}, but must be small letters, digits and single -",
            remedy="for example my-model",
        )
    if not re.fullmatch(rf"[A-Za-z0-9_+\- ()]{{{SHORTEST_NAME},{LONGEST_NAME}}}", answers["name"]):
        raise SettingError(
            f"name is {answers['name']!r}, but must be {SHORTEST_NAME} to {LONGEST_NAME} letters, digits,"
            " _+-()",
            remedy="for example Nuclei in tissue",
        )
    output = answers["output_axes"].upper()
    letters = [letter for letter in output if letter != "C"]
    same = sorted(letters) == sorted(letter for letter in found.axes if letter != "C")
    if len(output) != len(found.output_axes) or not same:
        raise SettingError(
            f"output_axes is {output.lower()!r}, but the output has {len(found.output_axes)} axes, and those"
            f" of the input {found.axes.lower()!r} must be among them",
            remedy=f"choose {found.output_axes.lower()!r}, which was measured",
        )
    for key, count in (("channels", found.channels), ("output_channels", found.output_channels)):
        names = _names(answers[key])
        if len(names) != count or len(set(names)) != count:
            raise SettingError(
                f"{key} is {answers[key]!r}, but the network has {count}",
                remedy=f"give {count} different names",
            )
    for suffix, letter in _asked_letters(found):
        _check_context(found.sides[letter], answers, suffix)
        if isinstance(size := _size(found, letter, answers), dict):
            _check_tile(size["min"], size["step"], answers[f"tile{suffix}"], suffix)
    if answers["decoder"] == "watershed":
        _check_watershed(answers)


def _check_context(side: Side, answers: Mapping[str, Any], suffix: str) -> None:
    stride, halo = answers[f"stride{suffix}"], answers[f"halo{suffix}"]
    if side.step and stride % side.step:
        raise SettingError(
            f"stride{suffix} is {stride}, but the network's sides grow by {side.step}",
            remedy=f"give a multiple of {side.step}",
        )
    if halo * Fraction(*side.scale) % 1:
        raise SettingError(
            f"halo{suffix} is {halo}, which is no whole number of pixels of the output",
            remedy=f"give a multiple of {side.scale[1]}",
        )
    if side.step == 0 and side_of(side, side.least) - 2 * int(halo * Fraction(*side.scale)) < 1:
        raise SettingError(
            f"halo{suffix} is {halo}, which leaves nothing of the fixed side {side.least}",
            remedy=f"give less than {side.least // 2}",
        )


def _check_tile(least: int, step: int, tile: int, suffix: str) -> None:
    fits = least + max(0, tile - least) // step * step
    if tile != fits:
        raise SettingError(
            f"tile{suffix} is {tile}, but with this halo the network takes {least} and {step} more each",
            remedy=f"give {fits}",
        )


def _check_watershed(answers: Mapping[str, Any]) -> None:
    for role in _NEEDED[answers["marker"]]:
        if not answers[f"{role}_channel"]:
            raise SettingError(
                f"{role}_channel is 0, but the markers {answers['marker']!r} need it",
                remedy="give its number, or choose other markers or another decoder",
            )


def _asked_letters(found: Findings) -> list[tuple[str, str]]:
    """Return the letters of the image, each with what the names of its answers end in."""
    return [("" if letter in "YX" else f"_{letter.lower()}", letter) for letter in found.sides]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _copy_weights(file: Path, folder: Path) -> Description:
    kind = weights_format(file)
    target = folder / _WEIGHTS[kind]
    if kind != "onnx":
        shutil.copyfile(file, target)
        return {"source": target.name, "sha256": _sha256(target), "pytorch_version": version("torch")}
    network = read_onnx(file)
    beside = network.external
    if len(beside) > 1 or any(Path(name).suffix != ".data" or "/" in name for name in beside):
        raise CardError(
            f"{file.name} has its tensors in {', '.join(beside)}, but the format takes one file, NAME.data",
            remedy="save the network again with its tensors in one such file",
        )
    shutil.copyfile(file, target)
    entry: Description = {
        "source": target.name,
        "sha256": _sha256(target),
        "opset_version": network.opset,
    }
    for name in beside:
        shutil.copyfile(file.parent / name, folder / name)
        entry["external_data"] = {"source": name, "sha256": _sha256(folder / name)}
    return entry


def _preprocessing(found: Findings, answers: Mapping[str, Any]) -> list[Description]:
    chosen = answers["normalisation"]
    alone = answers["per_channel"]
    axes = [_FORMAT_NAMES[letter] for letter in found.axes if letter not in ("BC" if alone else "B")]
    steps: dict[str, list[Description]] = {
        "none": [],
        "percentile": [
            _operation("scale_range", axes=axes, min_percentile=1.0, max_percentile=99.8, eps=1e-6)
        ],
        "zero_mean": [_operation("zero_mean_unit_variance", axes=axes, eps=1e-6)],
        "divide_by_255": [_operation("scale_linear", gain=1 / 255, offset=0.0)],
        "divide_by_65535": [_operation("scale_linear", gain=1 / 65535, offset=0.0)],
    }
    kind = found.integer or "float32"
    last = [_operation("ensure_dtype", dtype=kind)] if steps[chosen] or kind != "float32" else []
    return [_operation("ensure_dtype", dtype="float32"), *steps[chosen], *last]


def _operation(name: str, **kwargs: Any) -> Description:
    return {"id": name, "kwargs": kwargs}


def _test_tensors(
    weights: Path, found: Findings, answers: Mapping[str, Any], steps: Sequence[Description]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return a textured image and what the network makes of it, both with the network's own axes."""
    sides = {letter: _test_side(found, letter) for letter in found.sides}
    shape = tuple({"B": 1, "C": found.channels, **sides}[letter] for letter in found.axes)
    largest = (
        255 if found.integer and answers["normalisation"] == "none" else _RANGE[answers["normalisation"]]
    )
    raw = np.asarray(texture(shape, found.axes) * np.float32(largest), np.float32)
    operations = [Operation(step["id"], _with_letters(step["kwargs"])) for step in steps]
    normalised = intensity.apply(operations, raw[0], found.axes[1:])
    with Network(weights) as network:
        result = network(np.asarray(normalised, np.float32)[None])
    expected = {letter: side_of(side, sides[letter]) for letter, side in found.sides.items()}
    output = answers["output_axes"].upper()
    seen = {letter: result.shape[output.index(letter)] for letter in expected}
    if seen != expected:
        raise SettingError(
            f"output_axes is {output.lower()!r}, but the output has the sides {result.shape}, and must have"
            f" {expected}",
            remedy=f"choose {found.output_axes.lower()!r}, which was measured",
        )
    return raw, result


def _with_letters(kwargs: Mapping[str, Any]) -> Description:
    by_name = {name: letter for letter, name in _FORMAT_NAMES.items()}
    return {
        key: "".join(by_name[name] for name in value) if key == "axes" else value
        for key, value in kwargs.items()
    }


def _test_side(found: Findings, letter: str) -> int:
    side = found.sides[letter]
    if side.step == 0:
        return side.least
    return side.least + max(0, -(-(_TEST_SIDE[letter] - side.least) // side.stride)) * side.stride


def _description(
    found: Findings,
    answers: Mapping[str, Any],
    operations: Sequence[Description],
    weights: Description,
    folder: Path,
) -> Description:
    kind = "onnx" if "opset_version" in weights else "torchscript"
    return {
        "format_version": FORMAT,
        "type": "model",
        "id": answers["id"],
        "name": answers["name"],
        "description": answers["description"],
        "authors": [{"name": name} for name in _names(answers["authors"])],
        "license": answers["licence"],
        "tags": [f"{len(found.sides.keys() - set('T'))}d", answers["task"]],
        "covers": ["cover.png"],
        "documentation": "README.md",
        "timestamp": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "inputs": [
            {
                "id": "image",
                "axes": _input_axes(found, answers),
                "data": {"type": "float32"},
                "preprocessing": list(operations),
                "test_tensor": _source(folder / "test_input.npy"),
            }
        ],
        "outputs": [
            {
                "id": "maps",
                "axes": _output_axes(found, answers),
                "data": {"type": "float32"},
                "test_tensor": _source(folder / "test_output.npy"),
            }
        ],
        "weights": {kind: weights},
        "config": {"drua": _config(found, answers)},
    }


def _input_axes(found: Findings, answers: Mapping[str, Any]) -> list[Description]:
    described: list[Description] = []
    for letter in found.axes:
        if letter == "B":
            described.append({"type": "batch", **({"size": 1} if found.batch == 1 else {})})
        elif letter == "C":
            described.append({"type": "channel", "channel_names": _names(answers["channels"])})
        else:
            described.append(
                {**_image_axis(letter, answers, Fraction(1)), "size": _size(found, letter, answers)}
            )
    return described


def _size(found: Findings, letter: str, answers: Mapping[str, Any]) -> int | Description:
    """Return the sizes that work, of those that leave something within the halo."""
    side, suffix = found.sides[letter], "" if letter in "YX" else f"_{letter.lower()}"
    if side.step == 0:
        return side.least
    step = answers[f"stride{suffix}"]
    lost = Fraction(max(-side.offset, 0)) / Fraction(*side.scale)
    needed = math.ceil(2 * answers[f"halo{suffix}"] + lost + step)
    return {"min": side.least + max(0, -(-(needed - side.least) // step)) * step, "step": step}


def _output_axes(found: Findings, answers: Mapping[str, Any]) -> list[Description]:
    described: list[Description] = []
    for letter in answers["output_axes"].upper():
        if letter == "B":
            described.append({"type": "batch", **({"size": 1} if found.batch == 1 else {})})
        elif letter == "C":
            described.append({"type": "channel", "channel_names": _names(answers["output_channels"])})
        else:
            side, suffix = found.sides[letter], "" if letter in "YX" else f"_{letter.lower()}"
            scale = Fraction(*side.scale)
            halo = int(answers[f"halo{suffix}"] * scale)
            reference = {"tensor_id": "image", "axis_id": _FORMAT_NAMES[letter], "offset": side.offset}
            axis = {**_image_axis(letter, answers, scale), "size": reference}
            described.append({**axis, "halo": halo} if halo else axis)
    return described


def _image_axis(letter: str, answers: Mapping[str, Any], scale: Fraction) -> Description:
    if letter == "T":
        return {"type": "time", "id": "time", "scale": float(1 / scale)}
    size = answers.get("pixel_size_z" if letter == "Z" else "pixel_size") or 0
    unit = {"unit": answers["unit"]} if size else {}
    return {"type": "space", "id": _FORMAT_NAMES[letter], "scale": float((size or 1) / scale), **unit}


def _config(found: Findings, answers: Mapping[str, Any]) -> Description:
    config: Description = {
        "task": answers["task"],
        "decoder": _decoder(answers),
        "settings": _settings(found, answers),
        "stride": _per_letter(found, answers, "stride"),
        "tile": _per_letter(found, answers, "tile"),
    }
    field = _per_letter(found, answers, "receptive_field")
    # 0 stands for no end: what Drua takes then follows from the halo
    if field and 0 not in (field.values() if isinstance(field, dict) else ()):
        config["receptive_field"] = field
    return config


def _per_letter(found: Findings, answers: Mapping[str, Any], key: str) -> int | dict[str, int]:
    """Return the numbers of each axis; one number where Y and X are all and have the same."""
    values = {letter.lower(): int(answers[f"{key}{suffix}"]) for suffix, letter in _asked_letters(found)}
    if key == "tile":
        values |= {letter.lower(): side.least for letter, side in found.sides.items() if not side.step}
    return values["y"] if set(values) == set("yx") and values["y"] == values["x"] else values


def _decoder(answers: Mapping[str, Any]) -> Description:
    chosen = answers["decoder"]
    if chosen == "image":
        return {"id": "image"}
    names = _names(answers["output_channels"])
    described: Description = {"id": chosen, "activation": answers["activation"]}
    if chosen == "watershed":
        numbers = {role: answers[f"{role}_channel"] for role in ROLES}
        described["marker"] = answers["marker"]
        described |= {role: names[number - 1] for role, number in numbers.items() if number}
    elif len(names) > 1:
        background = answers["background_channel"]
        described["background"] = background - 1 if background else None
    return described


def _settings(found: Findings, answers: Mapping[str, Any]) -> list[Description]:
    """Return the settings that the decoder reads."""
    chosen, marker = answers["decoder"], answers["marker"]
    if chosen == "image":
        return []
    settings = []
    if chosen == "watershed" or found.output_channels == 1:
        settings.append(_setting("mask_threshold", "Probability threshold", "number", 0.5, 0.01, 0.99))
    if chosen == "watershed":
        settings += {
            "foreground_minus_boundary": [
                _setting("marker_threshold", "Splitting threshold", "number", 0.5, -1.0, 1.0)
            ],
            "centre_and_boundary": [
                _setting("centre_threshold", "Centre threshold", "number", 0.5, 0.01, 0.99),
                _setting("boundary_threshold", "Boundary threshold", "number", 0.5, 0.01, 0.99),
            ],
            "distance": [
                # of a distance map of 0 to 1, or else of distances in pixels
                _setting("marker_height", "Splitting threshold", "number", 0.1, 0.01, 100.0)
                if answers["distance_channel"]
                else _setting("marker_height", "Splitting threshold (pixels)", "number", 1.0, 0.01, 100.0)
            ],
        }[marker]
        settings.append(_setting("smoothing", "Smoothing (pixels)", "number", 0.0, 0.0, 10.0))
    return [*settings, _setting("min_size", "Smallest object (pixels)", "integer", 0, 0, 1000000)]


def _setting(name: str, label: str, kind: str, default: float, low: float, high: float) -> Description:
    return {"name": name, "label": label, "type": kind, "default": default, "min": low, "max": high}


def _write_cover(
    path: Path, found: Findings, answers: Mapping[str, Any], raw: NDArray[Any], result: NDArray[Any]
) -> None:
    """Write the middle planes of the first channels, input beside output, of one height."""
    from PIL import Image

    planes = [_plane(raw, found.axes), _plane(result, answers["output_axes"].upper())]
    pictures = [Image.fromarray(as_grey(plane[:_COVER_SIDE, :_COVER_SIDE])) for plane in planes]
    height = max(picture.height for picture in pictures)
    pictures = [picture.resize((picture.width * height // picture.height, height)) for picture in pictures]
    cover = Image.new("L", (sum(picture.width for picture in pictures) + 4, height), 255)
    cover.paste(pictures[0], (0, 0))
    cover.paste(pictures[1], (pictures[0].width + 4, 0))
    cover.save(path, optimize=True)


def _plane(tensor: NDArray[Any], axes: str) -> NDArray[Any]:
    """Return one plane (Y, X) of a tensor: its first channel, in the middle of Z and T."""
    letters = axes[1:]
    ordered = axis_letters.permute(tensor[0], letters, "".join(each for each in "TZCYX" if each in letters))
    while ordered.ndim > 2:
        is_channel = ordered.ndim == 3 and "C" in letters
        ordered = ordered[0 if is_channel else len(ordered) // 2]
    return ordered


def _readme(file: Path, found: Findings, answers: Mapping[str, Any]) -> str:
    lines = [f"# {answers['name']}", "", answers["description"] or "No description was given.", ""]
    lines += [f"Added to Drua from the network file `{file.name}`. What was measured by running it:", ""]
    for letter, side in found.sides.items():
        sizes = (
            f"{side.least} pixels only" if not side.step else f"{side.least} pixels and {side.step} more each"
        )
        field = "has no end that was found" if side.field is None else f"reaches {side.field} pixels"
        output = f"{Fraction(*side.scale)} times the input, {side.offset:+d}"
        lines.append(
            f"- {letter}: sides of {sizes}; the output is {output}; stride {side.stride}; the receptive field"
            f" {field}; beyond {side.halo} pixels changes are below a thousandth of the largest."
        )
    lines += ["", f"Licence: {answers['licence']}. Authors: {answers['authors']}."]
    lines += [
        "The test tensors are a synthetic texture and what the network makes of it, no example of its use."
    ]
    return "\n".join(lines) + "\n"


def _validate(path: Path) -> None:
    from bioimageio.spec import InvalidDescr, ValidationContext, load_description  # slow: see models/card.py
    from loguru import logger

    logger.disable("bioimageio")  # its progress lines are not for our users
    with ValidationContext(perform_io_checks=True, log_warnings=False):
        description = load_description(path, format_version=FORMAT)
    if isinstance(description, InvalidDescr):
        errors = description.validation_summary.errors
        where = "; ".join(f"{'.'.join(map(str, error.loc))}: {error.msg}" for error in errors[:3])
        raise CardError(f"the description of the network breaks a rule of the format: {where}")


def _source(path: Path) -> Description:
    return {"source": path.name, "sha256": _sha256(path)}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
