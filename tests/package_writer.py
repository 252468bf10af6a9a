"""Bioimage.io packages with tiny ONNX networks, made to measure: any axes, inputs, outputs and operations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper

NAMES = {"b": "batch", "c": "channel", "t": "time", "i": "index"}
"""The format's names of axes, where they are not our letters."""


@dataclass(frozen=True)
class Port:
    """One input or output of a package.

    Parameters
    ----------
    name : str
        The format's id.
    axes : str
        Letters of bctizyx, in the network's order.
    sides : mapping
        What the format has for the `size` of a letter; a whole number for c and b, too.
    halo, scale : mapping
        What the format has for a letter.
    operations : sequence of (str, dict)
        Pre- or postprocessing: ids and kwargs.
    more : mapping
        What else the format has for a tensor.
    names : sequence of str
        Names of the channels; else c1, c2, ...
    """

    name: str
    axes: str
    sides: Mapping[str, Any] = field(default_factory=dict)
    halo: Mapping[str, int] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    operations: Sequence[tuple[str, dict[str, Any]]] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    names: Sequence[str] = ()

    def describe(self, kind: str, test: str) -> dict[str, Any]:
        """Return the tensor's JSON values for a description."""
        operations = [
            {"id": name, **({"kwargs": kwargs} if kwargs else {})} for name, kwargs in self.operations
        ]
        tensor = {"id": self.name, "axes": [self._axis(letter) for letter in self.axes], kind: operations}
        return {**tensor, "test_tensor": {"source": test}, **self.more}

    def _axis(self, letter: str) -> dict[str, Any]:
        size = self.sides.get(letter)
        if letter == "b":
            return {"type": "batch"} | ({"size": size} if size else {})
        if letter == "c":
            names = list(self.names) or [f"c{number}" for number in range(1, (size or 1) + 1)]
            return {"type": "channel", "channel_names": names}
        kind = "space" if letter in "zyx" else NAMES[letter]
        axis: dict[str, Any] = {"type": kind, "id": NAMES.get(letter, letter), "size": size}
        if letter in self.halo:
            axis["halo"] = self.halo[letter]
        if letter in self.scale:
            axis["scale"] = self.scale[letter]
        return axis


def same(name: str, axes: str, of: str, offset: int = 0, **more: Any) -> Port:
    """Return an output whose sides follow those of another tensor; `channels` is their number."""
    channels = more.pop("channels", 1)
    halo = more.pop("halo", 0)
    extra = more.pop("sides", {})
    sides = {
        letter: {"tensor_id": of, "axis_id": NAMES.get(letter, letter), "offset": offset}
        for letter in axes
        if letter in "tzyx"
    }
    grid = {letter: halo for letter in axes if letter in "zyx"} if halo else {}
    return Port(name, axes, sides | {"c": channels} | extra, grid, **more)


class Graph:
    """A network that is put together step by step; inside, tensors have the axes bc(z)yx."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []
        self._random = np.random.default_rng(5)

    def add(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        """Append a node and return the name of its result."""
        name = out or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: Any, kind: type = np.float32) -> str:
        """Return the name of a constant."""
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def conv(
        self, given: str, channels: int, made: int, sides: int, radius: int = 1, pad: int | None = None
    ) -> str:
        """Return a convolution that sees `radius` px to each side, padded with zeros ('same' if absent)."""
        kernel = self._random.normal(0, 0.5, (made, channels, *[2 * radius + 1] * sides))
        edge = radius if pad is None else pad
        return self.add("Conv", given, self.constant(kernel), pads=[edge] * 2 * sides)

    def half(self, given: str, sides: int) -> str:
        """Return means of 2 px along every side."""
        return self.add("AveragePool", given, kernel_shape=[2] * sides, strides=[2] * sides)

    def double(self, given: str, channels: int, sides: int) -> str:
        """Return twice as many pixels along every side."""
        kernel = self._random.normal(0, 0.5, (channels, channels, *[2] * sides))
        return self.add("ConvTranspose", given, self.constant(kernel), strides=[2] * sides)

    def ordered(self, given: str, axes: str, wanted: str, out: str = "") -> str:
        """Return a tensor in another order of axes; those that are not there get, or had, the length 1."""
        gone = [number for number, letter in enumerate(axes) if letter not in wanted]
        if gone:
            given = self.add("Squeeze", given, self.constant(gone, np.int64))
        new = [letter for letter in wanted if letter not in axes]
        if new:
            given = self.add("Unsqueeze", given, self.constant(list(range(len(new))), np.int64))
        now = "".join(new) + "".join(letter for letter in axes if letter in wanted)
        return self.add("Transpose", given, perm=[now.index(letter) for letter in wanted], out=out)


Body = Callable[..., Sequence[str]]
"""Takes a graph and the names of the inputs (axes bc(t)(z)yx), and returns those of the outputs, likewise."""


def inner(axes: str) -> str:
    """Return the axes that a tensor has inside a network."""
    return "bc" + "".join(letter for letter in "itzyx" if letter in axes)


def write(
    folder: Path,
    body: Body,
    inputs: Sequence[Port],
    outputs: Sequence[Port],
    test_sides: Mapping[str, Mapping[str, int]],
    config: Mapping[str, Any] | None = None,
) -> Path:
    """Write a package and return its folder.

    Parameters
    ----------
    body : callable
        Makes the network.
    inputs, outputs : sequence of Port
        Its tensors.
    test_sides : mapping
        The lengths of the test inputs, by input and letter; 1 where there is none.
    config : mapping, optional
        What stands under ``config.drua``; the maps are the result where it is absent.
    """
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("A package for tests.\n")
    _write_network(folder / "weights.onnx", body, inputs, outputs)
    session = onnxruntime.InferenceSession(folder / "weights.onnx")
    random = np.random.default_rng(1)
    given = {
        port.name: random.random([_length(port, letter, test_sides) for letter in port.axes], np.float32)
        for port in inputs
    }
    made = session.run([port.name for port in outputs], given)
    arrays = [*given.values(), *made]
    for port, array in zip((*inputs, *outputs), arrays, strict=True):
        np.save(folder / f"{port.name}.npy", array)
    description = {
        "format_version": "0.5.4",
        "type": "model",
        "id": folder.name,
        "name": folder.name,
        "description": "For tests.",
        "license": "CC0-1.0",
        "authors": [{"name": "Drua developers"}],
        "cite": [{"text": "none", "doi": "10.1038/s41592-019-0612-7"}],
        "documentation": "README.md",
        "timestamp": "2026-11-21T00:00:00+00:00",
        "inputs": [port.describe("preprocessing", f"{port.name}.npy") for port in inputs],
        "outputs": [port.describe("postprocessing", f"{port.name}.npy") for port in outputs],
        "weights": {
            "onnx": {
                "source": "weights.onnx",
                "sha256": hashlib.sha256((folder / "weights.onnx").read_bytes()).hexdigest(),
                "opset_version": 17,
            }
        },
        "config": {"drua": {"task": "denoise", "decoder": {"id": "image"}, "settings": [], **(config or {})}},
    }
    # JSON is YAML
    (folder / "bioimageio.yaml").write_text(json.dumps(description, indent=1))
    return folder


def _length(port: Port, letter: str, sides: Mapping[str, Mapping[str, int]]) -> int:
    given = sides.get(port.name, {}).get(letter)
    size = port.sides.get(letter, 1)
    return int(given or (size["min"] if isinstance(size, Mapping) else size or 1))


def _write_network(path: Path, body: Body, inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
    graph = Graph()
    given = [graph.ordered(port.name, port.axes, inner(port.axes)) for port in inputs]
    for port, name in zip(outputs, body(graph, *given), strict=True):
        graph.ordered(name, inner(port.axes), port.axes, out=port.name)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "tiny",
            [_value(port) for port in inputs],
            [_value(port) for port in outputs],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _value(port: Port) -> onnx.ValueInfoProto:
    free = [f"{port.name}_{letter}" for letter in port.axes]
    return helper.make_tensor_value_info(port.name, TensorProto.FLOAT, free)
