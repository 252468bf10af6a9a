"""Bare ONNX networks whose sizes, stride and receptive field are known, for tests of what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper


class Builder:
    """A chain of layers over an image with `dimensions` spatial axes."""

    def __init__(self, channels: int = 1, dimensions: int = 2, seed: int = 0) -> None:
        self.dimensions = dimensions
        self.top = "image"
        self.channels = channels
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._random = np.random.default_rng(seed)

    def conv(
        self, outputs: int = 4, kernel: int | Sequence[int] = 3, *, stride: int = 1, valid: bool = False
    ) -> Builder:
        """Add a convolution with weights that let every path through."""
        kernels = [kernel] * self.dimensions if isinstance(kernel, int) else list(kernel)
        shape = (outputs, self.channels, *kernels)
        weights = self._random.uniform(0.5, 1.5, shape) / np.prod(shape[1:])
        pads = [] if valid else [side // 2 for side in kernels] * 2
        attributes = {"pads": pads} if pads else {}
        self._add("Conv", [self._constant(weights)], strides=[stride] * self.dimensions, **attributes)
        self.channels = outputs
        return self

    def relu(self) -> Builder:
        self._add("Relu")
        return self

    def sigmoid(self) -> Builder:
        self._add("Sigmoid")
        return self

    def pool(self, factor: int = 2) -> Builder:
        self._add("MaxPool", kernel_shape=[factor] * self.dimensions, strides=[factor] * self.dimensions)
        return self

    def up(self, factor: int = 2) -> Builder:
        scales = self._constant(np.array([1, 1] + [factor] * self.dimensions))
        options = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        self._add("Resize", ["", scales], **options)
        return self

    def instance_norm(self) -> Builder:
        ones, zeros = np.ones(self.channels), np.zeros(self.channels)
        self._add("InstanceNormalization", [self._constant(ones), self._constant(zeros)])
        return self

    def concatenate(self, other: str, channels: int) -> Builder:
        """Join the channels of an earlier layer, whose name was its `top`."""
        self._add("Concat", [other], axis=1)
        self.channels += channels
        return self

    def transpose(self, order: Sequence[int]) -> Builder:
        self._add("Transpose", perm=list(order))
        return self

    def cast(self) -> Builder:
        self._add("Cast", to=TensorProto.FLOAT)
        return self

    def save(
        self, path: Path, shape: Sequence[int | str], kind: int = TensorProto.FLOAT, inputs: int = 1
    ) -> Path:
        """Write the network with the declared shape of its input and return the path."""
        self._add("Identity", to="maps")
        names = ["image", *(f"other{number}" for number in range(1, inputs))]
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info(name, kind, list(shape)) for name in names],
            [helper.make_empty_tensor_value_info("maps")],
            self.constants,
        )
        graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
        return path

    def _add(self, kind: str, more: Sequence[str] = (), **attributes: object) -> None:
        name = str(attributes.pop("to")) if kind == "Identity" else f"layer{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [self.top, *more], [name], **attributes))
        self.top = name

    def _constant(self, values: np.ndarray) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name


FREE = ("b", 1, "y", "x")


def conv_stack(depth: int, kernel: int = 3, **options: bool) -> Builder:
    """Return convolutions with rectifiers in between; the receptive field is depth * (kernel // 2)."""
    network = Builder()
    for _ in range(depth - 1):
        network.conv(4, kernel, **options).relu()
    return network.conv(1, kernel, **options)


def unet(levels: int) -> Builder:
    """Return a U-Net with one convolution per level and side, and pooling by 2 `levels` times."""
    network, skips = Builder(), []
    for _ in range(levels):
        network.conv(4).relu()
        skips.append(network.top)
        network.pool()
    network.conv(4).relu()
    for skip in reversed(skips):
        network.up().concatenate(skip, 4).conv(4).relu()
    return network.conv(1, 1).sigmoid()


def unet_field(levels: int) -> int:
    """Return how far a pixel of `unet(levels)` looks: its longest path followed back, for every phase."""
    return max(_unet_field_at(place, levels) for place in range(64 * 2**levels, 65 * 2**levels))


def _unet_field_at(place: int, levels: int) -> int:
    first = last = place
    for _ in range(levels):
        first, last = (first - 1) // 2, (last + 1) // 2
    first, last = first - 1, last + 1
    for _ in range(levels):
        first, last = 2 * first - 1, 2 * last + 2
    return max(place - first, last - place)
