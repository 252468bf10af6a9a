"""The package: what came out of a training, as a bioimage.io model that runs anywhere."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from drua import intensity
from drua.backends import onnx
from drua.errors import CardError, SettingError
from drua.intensity import Operation
from drua.models.card import Weights
from drua.models.description import NAMES
from drua.training.network import UNet
from drua.training.picture import preview

__all__ = ["Sample", "Words", "halos", "least_sides", "write_package"]

FORMAT = "0.5.4"
OPSET = 17
WEIGHTS = "weights.onnx"
SCRIPT = "weights.pt"
TILE = {"Z": 16, "Y": 512, "X": 512}
TEST_SIDE = {"Z": 4, "Y": 128, "X": 128}
"""How much longer than its least size the test tensor is, at most."""
COVER_SIDE = 384
AGREEMENT = 1e-4
"""How far exported weights may be from the network, in units of the largest result."""

Description = dict[str, Any]
Pixels = NDArray[Any]


@dataclass(frozen=True)
class Words:
    """What people read of a model.

    Parameters
    ----------
    id, name, description : str
        As in the format.
    readme : str
        Markdown; figures, origin and limits.
    authors : tuple of str
        At least one name.
    licence : str or None
        An SPDX id; None leaves it open.
    tags : tuple of str
        Beside those that follow from the task.
    inputs, outputs : tuple of str
        Names of the channels.
    """

    id: str
    name: str
    description: str
    readme: str
    authors: tuple[str, ...] = ("unknown",)
    licence: str | None = None
    tags: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ("image",)
    outputs: tuple[str, ...] = ("result",)


@dataclass(frozen=True, eq=False)
class Sample:
    """What test tensors and cover are made of: an image that was not learnt from, (C, ..., Y, X).

    `target` is what it should become, where that is known.
    """

    pixels: Pixels
    target: Pixels | None = None


def write_package(
    folder: Path,
    network: UNet,
    words: Words,
    sample: Sample,
    *,
    task: str,
    preprocessing: Sequence[Operation],
    postprocessing: Sequence[Operation] = (),
    pixel_size: Mapping[str, float] | None = None,
    unit: str = "pixel",
    config: Mapping[str, Any] | None = None,
    torchscript: bool = False,
) -> None:
    """Write a whole package, its description last, and check it.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of an earlier package are replaced.
    network : UNet
        On the CPU.
    words : Words
        What people read.
    sample : Sample
        At least a few pixels of every side.
    task : str
        'denoise' or 'stain'.
    preprocessing, postprocessing : sequence of Operation
        Of the card, not fitted.
    pixel_size, unit
        Of the images that it was made for, where others shall be rescaled.
    config : mapping, optional
        More for `config.drua`.
    torchscript : bool
        Whether to write the weights as TorchScript, too.

    Raises
    ------
    CardError
        If the exported weights differ from the network, or the description breaks a rule of the format.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network.eval()
    _export(network, folder / WEIGHTS)
    if torchscript:
        _script(network, folder / SCRIPT)
    given = _test_input(network, sample.pixels)
    np.save(folder / "test_input.npy", given)
    np.save(folder / "test_output.npy", _predict(folder / WEIGHTS, given, preprocessing, postprocessing))
    _write_cover(folder, sample, network, preprocessing, postprocessing)
    (folder / "README.md").write_text(words.readme, encoding="utf-8")
    described = _description(
        folder, network, words, task, preprocessing, postprocessing, pixel_size, unit, config or {}
    )
    path = folder / NAMES[0]
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"  # JSON is YAML
    path.with_suffix(".new").write_text(text, encoding="utf-8")
    path.with_suffix(".new").replace(path)
    _validate(path)


def least_sides(network: UNet) -> dict[str, int]:
    """Return the shortest sides that leave something within the halo."""
    design = network.design
    return {letter: 2 * halo + design.stride[letter] for letter, halo in halos(network).items()}


def halos(network: UNet) -> dict[str, int]:
    """Return what tiles lose at each side so that they are exact, in multiples of the stride."""
    stride = network.design.stride
    return {
        letter: -(-reach // stride[letter]) * stride[letter] for letter, reach in network.design.reach.items()
    }


def _export(network: UNet, path: Path) -> None:
    """Write ONNX weights with free sides, and compare them with the network at other sides."""
    design = network.design
    example = torch.rand(1, design.inputs, *_example_sides(network))
    sides = {0: "batch", **{2 + number: letter.lower() for number, letter in enumerate(design.axes)}}
    temporary = path.with_suffix(".new")
    with torch.no_grad(), warnings.catch_warnings():
        # torch prefers an exporter that needs another library
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            str(temporary),
            input_names=["image"],
            output_names=["result"],
            dynamic_axes={"image": sides, "result": sides},
            opset_version=OPSET,
            dynamo=False,
        )
    _check_agreement(network, temporary)
    temporary.replace(path)


def _check_agreement(network: UNet, path: Path) -> None:
    design = network.design
    image = torch.randn(
        2,
        design.inputs,
        *(
            side + (1 + n) * each
            for n, (side, each) in enumerate(
                zip(_example_sides(network), design.stride.values(), strict=True)
            )
        ),
    )
    with torch.no_grad():
        wanted = network(image).numpy()
    backend = onnx.open_session(Weights("onnx", path, None), "cpu")
    try:
        found = backend.run([image.numpy()])[0]
    finally:
        backend.close()
    difference = float(np.abs(found - wanted).max()) / max(float(np.abs(wanted).max()), 1e-9)
    if found.shape != wanted.shape or difference > AGREEMENT:
        raise CardError(
            f"the exported weights differ from the network by {difference:.1e} of its largest value"
        )


def _example_sides(network: UNet) -> list[int]:
    """Return sides that are no shorter than what the local mean looks at."""
    return [-(-16 // stride) * stride for stride in network.design.stride.values()]


def _script(network: UNet, path: Path) -> None:
    design = network.design
    example = torch.rand(1, design.inputs, *_example_sides(network))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.freeze(torch.jit.trace(network, example)).save(str(path))


def _test_input(network: UNet, pixels: Pixels) -> NDArray[np.float32]:
    """Return the middle of the sample with a batch axis, mirrored where it is shorter than needed."""
    design = network.design
    cut: list[slice] = [slice(None)]
    pad = [(0, 0)]
    for letter, side in zip(design.axes, pixels.shape[1:], strict=True):
        least, stride = least_sides(network)[letter], design.stride[letter]
        length = max(least, min(side, least + TEST_SIDE[letter]) // stride * stride)
        start = max((side - length) // 2, 0)
        cut.append(slice(start, start + length))
        pad.append((0, max(length - side, 0)))
    part = np.pad(np.asarray(pixels[tuple(cut)]), pad, mode="symmetric")
    return part[None].astype(np.float32)


def _predict(
    weights: Path, given: NDArray[np.float32], before: Sequence[Operation], after: Sequence[Operation]
) -> NDArray[np.float32]:
    axes = "CYX" if given.ndim == 4 else "CZYX"
    backend = onnx.open_session(Weights("onnx", weights, None), "cpu")
    try:
        result = backend.run([intensity.apply(before, given[0], axes)[None]])[0]
    finally:
        backend.close()
    return intensity.apply(after, result[0], axes)[None]


def _write_cover(
    folder: Path,
    sample: Sample,
    network: UNet,
    before: Sequence[Operation],
    after: Sequence[Operation],
) -> None:
    from PIL import Image

    middle = [slice(None)] * sample.pixels.ndim
    for side in (-1, -2):
        length = sample.pixels.shape[side]
        stride = network.design.stride["X"]
        kept = min(length, COVER_SIDE) // stride * stride
        middle[side] = slice((length - kept) // 2, (length - kept) // 2 + kept)
    given = np.asarray(sample.pixels[tuple(middle)], np.float32)
    target = None if sample.target is None else np.asarray(sample.target[tuple(middle)], np.float32)
    result = _predict(folder / WEIGHTS, given[None], before, after)[0]
    Image.fromarray(preview(given, result, target)).save(folder / "cover.png", optimize=True)


def _description(
    folder: Path,
    network: UNet,
    words: Words,
    task: str,
    before: Sequence[Operation],
    after: Sequence[Operation],
    pixel_size: Mapping[str, float] | None,
    unit: str,
    config: Mapping[str, Any],
) -> Description:
    design = network.design
    weights: Description = {WEIGHTS_KIND: {**_source(folder / WEIGHTS), "opset_version": OPSET}}
    if (folder / SCRIPT).is_file():
        version = torch.__version__.partition("+")[0]
        weights["torchscript"] = {
            **_source(folder / SCRIPT),
            "pytorch_version": version,
            "parent": WEIGHTS_KIND,
        }
    drua: Description = {
        "task": task,
        "decoder": {"id": "image"},
        "settings": [],
        "statistics": "stack",
        "stride": {letter.lower(): stride for letter, stride in design.stride.items()},
        "tile": {letter.lower(): _tile(network, letter) for letter in design.axes},
        "receptive_field": {letter.lower(): reach for letter, reach in design.reach.items()},
        **config,
    }
    if pixel_size:
        drua |= {"pixel_size": {letter.lower(): size for letter, size in pixel_size.items()}, "unit": unit}
    described: Description = {
        "format_version": FORMAT,
        "type": "model",
        "id": words.id,
        "name": words.name,
        "description": words.description,
        "authors": [{"name": name} for name in words.authors],
        "tags": [
            f"{len(design.axes)}d",
            "unet",
            "denoising" if task == "denoise" else "virtual-staining",
            *words.tags,
        ],
        "covers": ["cover.png"],
        "documentation": "README.md",
        "timestamp": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "inputs": [
            {
                "id": "image",
                "axes": _axes(network, words.inputs, output=False),
                "data": {"type": "float32"},
                "preprocessing": [_operation(each) for each in before],
                "test_tensor": _source(folder / "test_input.npy"),
            }
        ],
        "outputs": [
            {
                "id": "result",
                "axes": _axes(network, words.outputs, output=True),
                "data": {"type": "float32"},
                **({"postprocessing": [_operation(each) for each in after]} if after else {}),
                "test_tensor": _source(folder / "test_output.npy"),
            }
        ],
        "weights": weights,
        "config": {"drua": drua},
    }
    return described | ({"license": words.licence} if words.licence else {})


def check_licence(licence: str | None) -> None:
    """Check a licence before hours are spent: with a wrong one the description is not valid.

    Raises
    ------
    SettingError
        If it is no SPDX id.
    """
    if licence is None:
        return
    from bioimageio.spec.model.v0_5 import DeprecatedLicenseId, LicenseId  # slow to import

    for kind in (LicenseId, DeprecatedLicenseId):
        try:
            kind(licence)
        except ValueError:
            continue
        return
    raise SettingError(
        f"licence is {licence!r}, but must be an SPDX id",
        remedy="give one as it is written in the list, such as CC-BY-4.0, CC0-1.0, MIT or BSD-3-Clause",
    )


WEIGHTS_KIND = "onnx"


def _tile(network: UNet, letter: str) -> int:
    least, stride = least_sides(network)[letter], network.design.stride[letter]
    return max(least, least + (TILE[letter] - least) // stride * stride)


def _axes(network: UNet, channels: Sequence[str], *, output: bool) -> list[Description]:
    axes: list[Description] = [{"type": "batch"}, {"type": "channel", "channel_names": list(channels)}]
    for letter in network.design.axes:
        name = letter.lower()
        if output:
            size: Description = {"tensor_id": "image", "axis_id": name, "offset": 0}
            axes.append({"type": "space", "id": name, "halo": halos(network)[letter], "size": size})
        else:
            size = {"min": least_sides(network)[letter], "step": network.design.stride[letter]}
            axes.append({"type": "space", "id": name, "size": size})
    return axes


def _operation(operation: Operation) -> Description:
    kwargs = {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in operation.kwargs.items()
    }
    return {"id": operation.name, "kwargs": kwargs}


def _validate(path: Path) -> None:
    from bioimageio.spec import InvalidDescr, ValidationContext, load_description  # slow to import
    from loguru import logger

    logger.disable("bioimageio")
    with ValidationContext(perform_io_checks=True, log_warnings=False):
        description = load_description(path, format_version=FORMAT)
    if isinstance(description, InvalidDescr):
        errors = description.validation_summary.errors
        where = "; ".join(f"{'.'.join(map(str, error.loc))}: {error.msg}" for error in errors[:3])
        raise CardError(f"the description of the trained model breaks a rule of the format: {where}")


def _source(path: Path) -> Description:
    return {"source": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
