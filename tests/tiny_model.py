"""A bioimage.io package with a network small enough to reason about.

It smooths with a 5 x 5 mean and applies a sigmoid around a threshold: receptive field 2 px, no downsampling,
but a declared stride of 4, so that padding and alignment are exercised.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DESCRIPTION = """\
format_version: 0.5.4
type: model
id: tiny
name: Tiny model
description: Bright things on a dark ground, for tests.
license: CC0-1.0
authors: [{{name: Drua developers}}]
cite: [{{text: none, doi: 10.1038/s41592-019-0612-7}}]
documentation: README.md
timestamp: '2026-11-21T00:00:00+00:00'
inputs:
- id: image
  axes:
  - {{type: batch}}
  - {{type: channel, channel_names: [fluorescence]}}
  - {{type: space, id: y, size: {{min: 16, step: 4}}}}
  - {{type: space, id: x, size: {{min: 16, step: 4}}}}
  data: {{type: float32}}
  preprocessing:
  - id: ensure_dtype
    kwargs: {{dtype: float32}}
  - id: scale_range
    kwargs: {{axes: [channel, y, x], min_percentile: 1, max_percentile: 99.8, eps: 1.0e-06}}
  test_tensor: {{source: test_input.npy, sha256: {input_sha}}}
outputs:
- id: maps
  axes:
  - {{type: batch}}
  - {{type: channel, channel_names: [foreground]}}
  - {{type: space, id: y, halo: 4, size: {{tensor_id: image, axis_id: y, offset: 0}}}}
  - {{type: space, id: x, halo: 4, size: {{tensor_id: image, axis_id: x, offset: 0}}}}
  test_tensor: {{source: test_output.npy, sha256: {output_sha}}}
weights:
  onnx: {{source: weights.onnx, sha256: {weights_sha}, opset_version: 17}}
config:
  drua:
    task: {task}
    decoder: {{id: {decoder}, marker: distance, foreground: foreground}}
    stride: 4
    tile: {tile}
    context: false
    settings:
    - {{name: mask_threshold, label: Threshold, type: number, default: 0.5, min: 0.05, max: 0.95}}
    - {{name: marker_height, label: Height, type: number, default: 1.0, min: 0.1, max: 50}}
    - {{name: min_size, label: Smallest, type: integer, default: 5, min: 0, max: 1000}}
"""


def write_package(
    folder: Path, task: str = "segment", decoder: str = "watershed", tile: int = 64, weights: str = ""
) -> Path:
    """Write the package and return its folder."""
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("A model for tests.\n")
    _write_network(folder / "weights.onnx")
    given = np.random.default_rng(1).random((1, 1, 32, 32)).astype(np.float32)
    np.save(folder / "test_input.npy", given)
    np.save(folder / "test_output.npy", expected_output(given))
    (folder / "bioimageio.yaml").write_text(
        DESCRIPTION.format(
            input_sha=_sha256(folder / "test_input.npy"),
            output_sha=_sha256(folder / "test_output.npy"),
            weights_sha=weights or _sha256(folder / "weights.onnx"),
            task=task,
            decoder=decoder,
            tile=tile,
        )
    )
    return folder


def expected_output(given: np.ndarray) -> np.ndarray:
    """Return what the package gives for a test input (B, C, Y, X), computed without a network."""
    low, high = np.percentile(given[0], (1, 99.8))
    padded = np.pad((given[0, 0] - low) / (high - low + 1e-6), 2)
    rows, columns = given.shape[2:]
    mean = sum(padded[y : y + rows, x : x + columns] for y in range(5) for x in range(5)) / 25
    return (1 / (1 + np.exp(-20 * (mean - 0.3))))[None, None].astype(np.float32)


def _write_network(path: Path) -> None:
    sides = ["b", 1, "y", "x"]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "mean"], ["smooth"], pads=[2, 2, 2, 2]),
            helper.make_node("Sub", ["smooth", "threshold"], ["above"]),
            helper.make_node("Mul", ["above", "gain"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["maps"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, sides)],
        [
            numpy_helper.from_array(np.full((1, 1, 5, 5), 1 / 25, np.float32), "mean"),
            numpy_helper.from_array(np.array(0.3, np.float32), "threshold"),
            numpy_helper.from_array(np.array(20, np.float32), "gain"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
