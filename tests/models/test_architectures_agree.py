"""The shipped architectures compute what the libraries compute whose state dicts they load.

The expected pixels are those of careamics 0.3.5 and torch-em 0.10.9 for tensors and images made of sines.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drua.backends import architectures
from drua.errors import CardError

CARE = {"conv_dims": 2, "depth": 2, "num_channels_init": 8}
EM = {"in_channels": 1, "out_channels": 2, "initial_features": 4}
BOTH_CHANNELS = {"in_channels": 2, "num_classes": 2, "final_activation": "Sigmoid"}
MIXED_CHANNELS = {"in_channels": 2, "num_classes": 3, "independent_channels": False}
FLAT = {"scale_factors": [[1, 2, 2], [2, 2, 2]], "anisotropic_kernel": True}
BOUNDARIES = {"out_channels": 4, "postprocessing": "affinities_with_foreground_to_boundaries3d"}

CASES: list[tuple[str, dict[str, Any], tuple[int, ...], list[float]]] = [
    ("UNet", CARE, (1, 1, 16, 24), [0.384226, 0.419955, 0.397648, 0.398301, 0.398185]),
    (
        "UNet",
        {**CARE, "n2v2": True, "residual": True},
        (1, 1, 16, 24),
        [0.394635, 1.264992, -0.462306, 0.332598, 1.283345],
    ),
    (
        "UNet",
        {**CARE, "conv_dims": 3, "n2v2": True, "use_batch_norm": False},
        (1, 1, 8, 16, 24),
        [1.048193, 7.207769, -59.51329, -3.193771, 21.636856],
    ),
    ("UNet", CARE | BOTH_CHANNELS, (1, 2, 16, 24), [0.594892, 0.598108, 0.598384, 0.614366, 0.614846]),
    (
        "UNet",
        {**CARE, **MIXED_CHANNELS, "conv_dims": 3},
        (1, 2, 8, 16, 8),
        [0.370806, 0.418151, 0.102439, 0.064269, 0.53328],
    ),
    (
        "UNet2d",
        {**EM, "depth": 2, "final_activation": "Sigmoid"},
        (1, 1, 16, 24),
        [0.432496, 0.473529, 0.432496, 0.669095, 0.499205],
    ),
    (
        "UNet2d",
        {**EM, "depth": 3, "norm": "GroupNorm", "return_side_outputs": True},
        (1, 1, 16, 24),
        [-0.113643, -0.133775, -0.180843, -0.023574, -0.120295],
    ),
    (
        "UNet3d",
        {**EM, **BOUNDARIES, "depth": 2, "norm": "BatchNorm"},
        (1, 1, 8, 16, 24),
        [-0.316932, -0.282002, -0.29603, 0.068459, 0.081092],
    ),
    (
        "AnisotropicUNet",
        {**EM, **FLAT, "norm": "InstanceNormTrackStats"},
        (1, 1, 4, 16, 24),
        [-0.231583, -0.130457, -0.12802, -0.019797, 0.008777],
    ),
]
"""Class, parameters, shape of the image, and pixels from the (last) output, evenly apart."""

LIBRARIES = {"UNet": "careamics.models.unet"}


def _sines(count: int, pitch: float, phase: int = 0) -> torch.Tensor:
    return torch.sin(pitch * torch.arange(count, dtype=torch.float64) + phase)


def _filled(network: torch.nn.Module) -> torch.nn.Module:
    state = network.state_dict()
    for number, (name, tensor) in enumerate(sorted(state.items())):
        if tensor.is_floating_point():
            wave = 0.3 * _sines(tensor.numel(), 0.37, number)
            wave = wave.abs() + 0.5 if name.endswith("running_var") else wave
            state[name] = wave.reshape(tensor.shape).float()
    network.load_state_dict(state, strict=True)
    return network.eval()


def _build(name: str, parameters: dict[str, Any]) -> torch.nn.Module:
    library = LIBRARIES.get(name, "torch_em.model.unet")
    return architectures.build(architectures.find({"callable": name, "import_from": library}), parameters)


@pytest.mark.parametrize(("name", "parameters", "shape", "expected"), CASES)
def test_an_architecture_gives_the_pixels_of_its_library(
    name: str, parameters: dict[str, Any], shape: tuple[int, ...], expected: list[float]
) -> None:
    image = _sines(torch.Size(shape).numel(), 0.11).reshape(shape).float()
    with torch.inference_mode():
        output = _filled(_build(name, parameters))(image)
    pixels = (output[-1] if isinstance(output, list) else output).flatten()
    found = pixels[:: len(pixels) // 5][:5].tolist()
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("UNet", {"conv_dims": 5}),
        ("UNet", {**CARE, "final_activation": "Swish"}),
        ("UNet2d", {**EM, "norm": "LayerNorm"}),
        ("UNet2d", {**EM, "postprocessing": "no_such"}),
        ("UNet2d", {**EM, "final_activation": "functional"}),
        ("UNet2d", {"in_channels": 1}),
        ("UNet3d", {**EM, "conv_block_impl": "mine"}),
    ],
)
def test_parameters_that_do_not_fit_are_an_error_of_the_card(name: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(CardError, match="cannot be built"):
        _build(name, parameters)
