"""Tensor: one input or output of a network, as its description has it, in our letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from drua.errors import CardError
from drua.intensity import Operation

GRID = "TZYX"
"""The letters along which an image may be cut into tiles."""

_TYPES = {"batch": "B", "channel": "C", "index": "I", "time": "T"}
_SPACE = {"z": "Z", "y": "Y", "x": "X"}
_PADDINGS = ("symmetric", "reflect", "edge", "constant")


@dataclass(frozen=True)
class Follow:
    """The rule that an axis is as long as `scale` times an axis of another tensor, plus `offset` pixels."""

    tensor: str
    letter: str
    scale: Fraction
    offset: int

    def length(self, followed: int) -> int:
        """Return the length in pixels; the format rounds down."""
        return int(followed * self.scale) + self.offset


@dataclass(frozen=True)
class Tensor:
    """One input or output of a network.

    Parameters
    ----------
    name : str
        The format's id.
    axes : str
        B for the batch, I for an index, and letters of TCZYX, each at most once, in the network's order.
    channels : tuple of str
        Names of what C and I hold, all combinations of the two; one if the network has neither.
    operations : tuple of Operation
        The pre- or postprocessing.
    least, step : mapping
        The shortest length in pixels for each letter that is in `GRID`, and what it grows by; a step of 0 is
        a fixed length. A letter that follows another axis is in neither.
    follows : mapping
        The rules for the letters whose length another tensor gives.
    halo : mapping
        What to crop from each side of a result, in its own pixels.
    padding : str
        What continues an image at its edges: 'symmetric', 'reflect', 'edge' or 'constant'.
    padding_value : float
        The constant.
    one_at_a_time : bool
        Whether a batch holds one tile only.
    optional : bool
        Whether the network can do without.
    test : Path or None
        The test tensor.
    """

    name: str
    axes: str
    channels: tuple[str, ...]
    operations: tuple[Operation, ...] = ()
    least: Mapping[str, int] = field(default_factory=dict)
    step: Mapping[str, int] = field(default_factory=dict)
    follows: Mapping[str, Follow] = field(default_factory=dict)
    halo: Mapping[str, int] = field(default_factory=dict)
    padding: str = "symmetric"
    padding_value: float = 0.0
    one_at_a_time: bool = False
    optional: bool = False
    test: Path | None = None

    @property
    def grid(self) -> str:
        """The letters that can be cut into tiles, in the order of TZYX."""
        return "".join(letter for letter in GRID if letter in self.axes)

    @property
    def is_image(self) -> bool:
        """Whether it has Y and X."""
        return "Y" in self.axes and "X" in self.axes

    def allows(self, letter: str, length: int) -> bool:
        """Return whether an axis that follows no other may have a length."""
        least, step = self.least[letter], self.step[letter]
        return length == least or (step > 0 and length > least and (length - least) % step == 0)

    def to_message(self) -> dict[str, Any]:
        """Return what a dialog needs, as JSON values."""
        axes = "".join(letter for letter in self.axes if letter != "B")
        return {
            "name": self.name,
            "axes": axes,
            "channels": list(self.channels),
            "optional": self.optional,
        }


def read_tensors(
    descriptions: Sequence[Mapping[str, Any]],
    kind: str,
    all_axes: Mapping[tuple[str, str], Any],
    folder: Path,
) -> tuple[Tensor, ...]:
    """Return the tensors of a description's `inputs` or `outputs`.

    Parameters
    ----------
    descriptions : sequence of mapping
        The tensors' JSON values.
    kind : str
        'preprocessing' or 'postprocessing'.
    all_axes : mapping
        (tensor, axis) -> axis, of all tensors: see `index_axes`.
    folder : Path
        Where the package is.

    Raises
    ------
    CardError
        If axes cannot be told apart.
    """
    return tuple(_read(each, kind, all_axes, folder) for each in descriptions)


def index_axes(description: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Return every axis of every tensor under (tensor, axis), with its letter."""
    found = {}
    for tensor in (*description["inputs"], *description["outputs"]):
        letters = _letters(tensor)
        for axis, letter in zip(tensor["axes"], letters, strict=True):
            found[str(tensor["id"]), str(axis["id"])] = dict(axis, letter=letter)
    return found


def _read(
    tensor: Mapping[str, Any], kind: str, all_axes: Mapping[tuple[str, str], Any], folder: Path
) -> Tensor:
    name = str(tensor["id"])
    axes = [all_axes[name, str(axis["id"])] for axis in tensor["axes"]]
    cut = [axis for axis in axes if axis["letter"] in GRID]
    free = [axis for axis in cut if "tensor_id" not in _size(axis)]
    source = (tensor.get("test_tensor") or {}).get("source")
    padding = tensor.get("pad") or {}
    return Tensor(
        name=name,
        axes="".join(axis["letter"] for axis in axes),
        channels=_channels(axes),
        operations=tuple(_operation(item, axes) for item in tensor.get(kind) or ()),
        least={axis["letter"]: int(_size(axis)["min"]) for axis in free},
        step={axis["letter"]: int(_size(axis).get("step", 0)) for axis in free},
        follows={axis["letter"]: _follow(axis, all_axes) for axis in cut if axis not in free},
        halo={axis["letter"]: int(axis.get("halo") or 0) for axis in cut},
        padding=_padding(name, str(padding.get("mode", "symmetric"))),
        padding_value=float(padding.get("value", 0.0)),
        one_at_a_time=any(axis["letter"] == "B" and axis.get("size") == 1 for axis in axes) or "B" not in
        {axis["letter"] for axis in axes},
        optional=bool(tensor.get("optional")),
        test=folder / str(source) if source else None,
    )  # fmt: skip


def _letters(tensor: Mapping[str, Any]) -> list[str]:
    axes = tensor["axes"]
    space = [str(axis["id"]) for axis in axes if axis["type"] == "space"]
    if len(space) > len(_SPACE):
        raise CardError(f"tensor {tensor['id']!r} has {len(space)} axes of space, but images have three")
    # Names other than x, y and z say nothing; the order of their axes is the one of all images.
    known = all(name in _SPACE for name in space)
    spatial = dict(zip(space, "ZYX"[len("ZYX") - len(space) :], strict=True)) if not known else _SPACE
    return [spatial[str(axis["id"])] if axis["type"] == "space" else _TYPES[axis["type"]] for axis in axes]


def _size(axis: Mapping[str, Any]) -> Mapping[str, Any]:
    size = axis.get("size")
    return size if isinstance(size, Mapping) else {"min": size or 1}


def _follow(axis: Mapping[str, Any], all_axes: Mapping[tuple[str, str], Any]) -> Follow:
    size = _size(axis)
    other = all_axes[str(size["tensor_id"]), str(size["axis_id"])]
    scale = Fraction(float(other.get("scale", 1))) / Fraction(float(axis.get("scale", 1)))
    return Follow(
        str(size["tensor_id"]),
        other["letter"],
        # 0.5 micrometres over 0.1 is 5, whatever binary fractions make of it
        scale.limit_denominator(1000),
        int(size.get("offset", 0)),
    )


def _channels(axes: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    names = next((tuple(axis["channel_names"]) for axis in axes if axis["letter"] == "C"), ("channel",))
    index = next((_size(axis).get("min", 1) for axis in axes if axis["letter"] == "I"), 1)
    return names if index == 1 else tuple(f"{name} {n}" for n in range(1, index + 1) for name in names)


def _padding(tensor: str, mode: str) -> str:
    if mode not in _PADDINGS:
        raise CardError(f"tensor {tensor!r} is padded by {mode!r}, which is none of {', '.join(_PADDINGS)}")
    return mode


def _operation(item: Mapping[str, Any], axes: Sequence[Mapping[str, Any]]) -> Operation:
    letters = {str(axis["id"]): axis["letter"] for axis in axes}
    kwargs = dict(item.get("kwargs") or {})
    if kwargs.get("axes") is not None:
        kwargs["axes"] = "".join(letters[str(name)] for name in kwargs["axes"])
    if "axis" in kwargs:
        kwargs["axis"] = letters[str(kwargs["axis"])]
    return Operation(str(item["id"]), kwargs)
