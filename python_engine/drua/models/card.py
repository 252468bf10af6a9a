"""ModelCard: what Drua knows of a model, read from a bioimage.io description and frozen.

The description is parsed and validated by ``bioimageio.spec``. Importing that takes as long as all the
rest of a start, so the validated description is kept as JSON in the cache folder under the SHA-256 of its
file, and a warm start never imports it. What Drua adds to a description stands under ``config.drua``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from drua import axes as axis_letters
from drua import platform
from drua.errors import CardError, SettingError, one_line
from drua.intensity import Operation
from drua.models.setting import Setting

DESCRIPTION = "bioimageio.yaml"
TASKS = ("segment", "denoise", "stain")
_LETTERS = {"batch": "B", "channel": "C", "time": "T", "t": "T", "z": "Z", "y": "Y", "x": "X"}


@dataclass(frozen=True)
class Tensor:
    """One input or output of a network.

    `axes` are the letters of TCZYX in the network's own order, behind the batch, which comes first;
    `channels` name its C axis; `halo` is in pixels for each spatial letter; `smallest` is the smallest side
    for each spatial letter and `step` what it grows by (0: the side is fixed).
    """

    name: str
    axes: str
    channels: tuple[str, ...]
    operations: tuple[Operation, ...]
    halo: Mapping[str, int]
    smallest: Mapping[str, int]
    step: Mapping[str, int]

    @property
    def spatial(self) -> str:
        """The spatial letters in the network's order: 'YX' or 'ZYX'."""
        return "".join(letter for letter in self.axes if letter in "ZYX")


@dataclass(frozen=True)
class Weights:
    """One weights file: its bioimage.io format, path and SHA-256.

    `architecture` is what a state dict's description says of its network (callable, kwargs, source or
    import_from); `external` is the file beside an ONNX file that holds its large tensors.
    """

    format: str
    path: Path
    sha256: str | None
    architecture: Mapping[str, Any] | None = None
    external: Path | None = None


@dataclass(frozen=True)
class ModelCard:
    """A model as Drua sees it. Sides and halos are in pixels.

    `receptive_field` is how far a pixel of the result looks to each side.
    """

    id: str
    name: str
    description: str
    licence: str
    task: str
    folder: Path
    sha256: str
    input: Tensor
    output: Tensor
    weights: tuple[Weights, ...]
    decoder: Mapping[str, Any]
    settings: tuple[Setting, ...]
    stride: int
    tile: int
    receptive_field: int
    test_input: Path | None
    test_output: Path | None

    def resolve(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return a value for every setting: the given one, checked, or its default.

        Raises
        ------
        SettingError
            If a name is unknown, or a value has the wrong type or lies outside its range.
        """
        known = {setting.name: setting for setting in self.settings}
        for name in given:
            if name not in known:
                raise SettingError(
                    f"{name!r} is not a setting of model {self.id!r}",
                    remedy=f"use {', '.join(known) or 'no settings'}",
                )
        return {name: setting.parse(given.get(name, setting.default)) for name, setting in known.items()}

    def to_message(self) -> dict[str, Any]:
        """Return what a dialog needs, as JSON values."""
        return {
            "id": self.id,
            "name": self.name,
            "task": self.task,
            "description": self.description,
            "licence": self.licence,
            "axes": self.input.axes,
            "settings": [asdict(setting) for setting in self.settings],
        }


def read_card(folder: Path) -> ModelCard:
    """Return the card of the package in a folder.

    Raises
    ------
    CardError
        If there is no description, it is invalid, or it asks for what Drua does not have.
    """
    path = folder / DESCRIPTION
    try:
        text = path.read_bytes()
    except OSError as error:
        raise CardError(
            f"{path} cannot be read: {one_line(error)}",
            remedy=f"give a folder with a bioimage.io package ({DESCRIPTION})",
        ) from error
    return _card(folder, hashlib.sha256(text).hexdigest())


@lru_cache(maxsize=64)
def _card(folder: Path, sha256: str) -> ModelCard:
    return card_from(_validated(folder / DESCRIPTION, sha256), folder, sha256)


def card_from(description: Mapping[str, Any], folder: Path, sha256: str) -> ModelCard:
    """Return the card of a validated description (format 0.5, as JSON values).

    Raises
    ------
    CardError
        If the description asks for what Drua does not have.
    """
    name = str(description.get("id") or folder.name)
    inputs, outputs = description["inputs"], description["outputs"]
    if len(inputs) != 1 or len(outputs) != 1:
        raise CardError(
            f"model {name!r} has {len(inputs)} inputs and {len(outputs)} outputs,"
            " but Drua runs models with one of each"
        )
    ours = _ours(name, description)
    tensor_in, tensor_out = _tensor(inputs[0], "preprocessing"), _tensor(outputs[0], "postprocessing")
    stride = int(ours.get("stride") or max(tensor_in.step.values(), default=1) or 1)
    return ModelCard(
        id=name,
        name=str(description["name"]),
        description=str(description.get("description") or ""),
        licence=str(description.get("license") or "unknown"),
        task=ours["task"],
        folder=folder,
        sha256=sha256,
        input=tensor_in,
        output=tensor_out,
        weights=_weights(description, folder),
        decoder=ours["decoder"],
        settings=tuple(Setting.from_description(name, item) for item in ours.get("settings", ())),
        stride=stride,
        tile=int(ours.get("tile") or _preferred_tile(tensor_in, stride)),
        # Nobody looks farther than twice what the author thinks is enough.
        receptive_field=int(ours.get("receptive_field") or 2 * max(tensor_out.halo.values(), default=0)),
        test_input=_test_tensor(inputs[0], folder),
        test_output=_test_tensor(outputs[0], folder),
    )


def _validated(path: Path, sha256: str) -> dict[str, Any]:
    cached = platform.cache_folder() / "cards" / f"{sha256}.json"
    try:
        description: dict[str, Any] = json.loads(cached.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        description = _validate(path)
        _keep(cached, description)
    return description


def _validate(path: Path) -> dict[str, Any]:
    from bioimageio.spec import InvalidDescr, ValidationContext, load_description  # 0.75 s: see the module
    from loguru import logger

    logger.disable("bioimageio")  # its progress lines are not for our users
    with ValidationContext(perform_io_checks=False, log_warnings=False):
        description = load_description(path, format_version="latest")
    if isinstance(description, InvalidDescr):
        errors = description.validation_summary.errors
        where = "; ".join(f"{'.'.join(map(str, error.loc))}: {error.msg}" for error in errors[:3])
        raise CardError(f"{path} is not a valid bioimage.io description: {where}")
    if description.type != "model":
        raise CardError(f"{path} describes a {description.type}, but a model is needed")
    return dict(description.model_dump(mode="json", exclude_none=True))


def _keep(cached: Path, description: dict[str, Any]) -> None:
    # A cache that cannot be written costs time at the next start, nothing else.
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        temporary = cached.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(description), encoding="utf-8")
        temporary.replace(cached)
    except OSError:
        return


def _ours(name: str, description: Mapping[str, Any]) -> dict[str, Any]:
    ours = dict((description.get("config") or {}).get("drua") or {})
    ours.setdefault("task", "segment")
    ours.setdefault("decoder", {"id": "image"})
    if ours["task"] not in TASKS:
        raise CardError(
            f"model {name!r} has the task {ours['task']!r}, but must have one of {', '.join(TASKS)}"
        )
    return ours


def _tensor(tensor: Mapping[str, Any], operations: str) -> Tensor:
    batch, *axes = [dict(axis, letter=_letter(axis)) for axis in tensor["axes"]]
    if batch["letter"] != "B":
        raise CardError(f"tensor {tensor['id']!r} does not begin with a batch axis")
    spatial = [axis for axis in axes if axis["letter"] in "ZYX"]
    return Tensor(
        name=str(tensor["id"]),
        axes=axis_letters.validate("".join(axis["letter"] for axis in axes)),
        channels=tuple(next((axis["channel_names"] for axis in axes if axis["letter"] == "C"), ["channel"])),
        operations=tuple(_operation(item) for item in tensor.get(operations) or ()),
        halo={axis["letter"]: int(axis.get("halo") or 0) for axis in spatial},
        smallest={axis["letter"]: _smallest(axis.get("size")) for axis in spatial},
        step={axis["letter"]: _step(axis.get("size")) for axis in spatial},
    )


def _letter(axis: Mapping[str, Any]) -> str:
    name = str(axis.get("id") or axis["type"])
    letter = _LETTERS.get(name) or _LETTERS.get(str(axis["type"]))
    if letter is None:
        raise CardError(f"the axis {name!r} is none of {', '.join(_LETTERS)}")
    return letter


def _smallest(size: Any) -> int:
    if isinstance(size, Mapping):
        return int(size.get("min", 1))
    return int(size or 1)


def _step(size: Any) -> int:
    return int(size.get("step", 1)) if isinstance(size, Mapping) else 0


def _operation(item: Mapping[str, Any]) -> Operation:
    kwargs = dict(item.get("kwargs") or {})
    if "axes" in kwargs:
        kwargs["axes"] = "".join(_LETTERS[name] for name in kwargs["axes"] if name != "batch")
    if "axis" in kwargs:
        kwargs["axis"] = _LETTERS[kwargs["axis"]]
    return Operation(str(item["id"]), kwargs)


def _weights(description: Mapping[str, Any], folder: Path) -> tuple[Weights, ...]:
    return tuple(
        Weights(
            kind,
            folder / str(entry["source"]),
            entry.get("sha256"),
            entry.get("architecture"),
            folder / str(entry["external_data"]["source"]) if entry.get("external_data") else None,
        )
        for kind, entry in description["weights"].items()
    )


def _preferred_tile(tensor: Tensor, stride: int) -> int:
    fixed = [tensor.smallest[letter] for letter in tensor.spatial if tensor.step[letter] == 0]
    return fixed[0] if fixed else max(512 // stride, 1) * stride


def _test_tensor(tensor: Mapping[str, Any], folder: Path) -> Path | None:
    source = (tensor.get("test_tensor") or {}).get("source")
    return folder / str(source) if source else None
