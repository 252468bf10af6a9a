"""bioimage.io packages of networks whose results can be told without them.

They have several channels, images and outputs, volumes, and an output of another pixel size.

None normalises, so that every value of a result is known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper


@dataclass(frozen=True)
class _Tensor:
    """A tensor: name, names of channels, spatial axes, and how many of its pixels make one of the image."""

    name: str
    channels: tuple[str, ...]
    grid: str = "yx"
    scale: int = 1


def write_pair(folder: Path) -> Path:
    """Write a model of two channels and a further image: cell - nucleus - dark, and both channels."""
    image, dark = _Tensor("image", ("cell", "nucleus")), _Tensor("Dark_field", ("dark",))
    return _write(
        folder,
        [image, dark],
        [_Tensor("difference", ("difference",)), _Tensor("both", ("nucleus", "cell"))],
        [
            helper.make_node("Split", ["image"], ["cell", "nucleus"], axis=1),
            helper.make_node("Sub", ["cell", "nucleus"], ["without"]),
            helper.make_node("Sub", ["without", "Dark_field"], ["difference"]),
            helper.make_node("Concat", ["nucleus", "cell"], ["both"], axis=1),
        ],
        lambda image, dark: [image[:, :1] - image[:, 1:] - dark, image[:, ::-1]],
    )


def write_colour(folder: Path) -> Path:
    """Write a model of three channels: outputs `large` (red, in twice the pixels per side) and `blue`."""
    return _write(
        folder,
        [_Tensor("image", ("red", "green", "blue"))],
        [_Tensor("large", ("red",), scale=2), _Tensor("blue", ("blue",))],
        [
            helper.make_node("Split", ["image"], ["red", "green", "blue"], axis=1),
            helper.make_node(
                "Resize",
                ["red", "", "twice"],
                ["large"],
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            ),
        ],
        lambda image: [image[:, :1].repeat(2, axis=2).repeat(2, axis=3), image[:, 2:]],
        [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice")],
    )


def write_volume(folder: Path) -> Path:
    """Write a model of volumes: output `half`."""
    return _write(
        folder,
        [_Tensor("image", ("signal",), "zyx")],
        [_Tensor("half", ("half",), "zyx")],
        [helper.make_node("Mul", ["image", "factor"], ["half"])],
        lambda image: [image / 2],
        [numpy_helper.from_array(np.array(0.5, np.float32), "factor")],
    )


def write_half(folder: Path, task: str) -> Path:
    """Write a model that halves an image, as a task; its id is the task."""
    return _write(
        folder / task,
        [_Tensor("image", ("signal",))],
        [_Tensor("half", ("half",))],
        [helper.make_node("Mul", ["image", "factor"], ["half"])],
        lambda image: [image / 2],
        [numpy_helper.from_array(np.array(0.5, np.float32), "factor")],
        task,
    )


def _write(
    folder: Path,
    inputs: Sequence[_Tensor],
    outputs: Sequence[_Tensor],
    nodes: Sequence[NodeProto],
    expected: Callable[..., list[np.ndarray]],
    constants: Sequence[TensorProto] = (),
    task: str = "denoise",
) -> Path:
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("A model for tests.\n")
    graph = helper.make_graph(
        list(nodes),
        "small",
        [_info(tensor) for tensor in inputs],
        [_info(tensor) for tensor in outputs],
        list(constants),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, folder / "weights.onnx")
    random = np.random.default_rng(1)
    given = [random.random((1, len(t.channels), *[16] * len(t.grid)), np.float32) for t in inputs]
    tests = [*given, *expected(*given)]
    for number, array in enumerate(tests):
        np.save(folder / f"test{number}.npy", np.ascontiguousarray(array, np.float32))
    description = {
        "format_version": "0.5.4",
        "type": "model",
        "id": folder.name,
        "name": f"Small {folder.name}",
        "description": "A network whose results are known, for tests.",
        "license": "CC0-1.0",
        "authors": [{"name": "Drua developers"}],
        "cite": [{"text": "none", "doi": "10.1038/s41592-019-0612-7"}],
        "documentation": "README.md",
        "timestamp": "2026-11-21T00:00:00+00:00",
        "inputs": [_described(folder, t, f"test{n}.npy", inputs[0], n > 0) for n, t in enumerate(inputs)],
        "outputs": [
            _described(folder, t, f"test{n}.npy", inputs[0], True) for n, t in enumerate(outputs, len(inputs))
        ],
        "weights": {
            "onnx": {
                "source": "weights.onnx",
                "sha256": _sha256(folder / "weights.onnx"),
                "opset_version": 17,
            }
        },
        "config": {"drua": {"task": task, "decoder": {"id": "image"}, "settings": [], "tile": 64}},
    }
    (folder / "bioimageio.yaml").write_text(json.dumps(description, indent=1))  # which is YAML, too
    return folder


def _info(tensor: _Tensor) -> onnx.ValueInfoProto:
    sides = [f"{tensor.name} {letter}" for letter in tensor.grid]
    return helper.make_tensor_value_info(
        tensor.name, TensorProto.FLOAT, [f"{tensor.name} b", len(tensor.channels), *sides]
    )


def _described(folder: Path, tensor: _Tensor, test: str, first: _Tensor, follows: bool) -> dict[str, Any]:
    axes: list[dict[str, Any]] = [
        {"type": "batch"},
        {"type": "channel", "channel_names": list(tensor.channels)},
    ]
    for letter in tensor.grid:
        axis: dict[str, Any] = {"type": "space", "id": letter, "scale": 1 / tensor.scale}
        if follows:
            axis["size"] = {"tensor_id": first.name, "axis_id": letter, "offset": 0}
        else:
            axis["size"] = {"min": 4, "step": 4}
        axes.append(axis)
    return {
        "id": tensor.name,
        "axes": axes,
        "test_tensor": {"source": test, "sha256": _sha256(folder / test)},
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
