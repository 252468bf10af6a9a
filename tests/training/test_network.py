from __future__ import annotations

import pytest
import torch
from drua.training.network import Design, build

DESIGNS = [
    Design("YX", 1, 1, width=4, levels=2),
    Design("YX", 2, 2, width=4, levels=1, top_skip=False),
    Design("ZYX", 1, 1, width=4, levels=1),
    Design("YX", 3, 2, width=4, levels=2, equivariant=False),
]
SIDES = {"Z": 5, "Y": 48, "X": 40}


def _network(design: Design) -> torch.nn.Module:
    torch.manual_seed(3)
    network = build(design).double().eval()
    torch.nn.init.normal_(network.head.weight)  # it begins at zero
    return network.requires_grad_(False)


def _image(design: Design) -> torch.Tensor:
    return torch.rand(1, design.inputs, *(SIDES[letter] for letter in design.axes), dtype=torch.float64)


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_the_result_has_the_sides_of_the_image(design: Design) -> None:
    image = _image(design)
    assert _network(design)(image).shape == (1, design.outputs, *image.shape[2:])


@pytest.mark.parametrize("design", DESIGNS[:3], ids=str)
def test_gain_and_offset_of_the_image_become_those_of_the_result(design: Design) -> None:
    network, image = _network(design), _image(design)
    expected = 700 * network(image) - 40
    assert torch.allclose(
        network(700 * image - 40), expected, rtol=0, atol=1e-8 * float(expected.abs().max())
    )


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_no_pixel_looks_farther_than_the_design_says(design: Design) -> None:
    network = _network(design)
    sides = [max(2 * design.reach[letter] + 17, 24) // 8 * 8 + 8 for letter in design.axes]
    image = torch.rand(1, design.inputs, *sides, dtype=torch.float64)
    place = [side // 2 for side in sides]
    changed = image.clone()
    changed[(0, slice(None), *place)] += 5
    moved = (network(changed) - network(image))[0].abs().amax(0).nonzero()
    assert len(moved) > 1
    for axis, letter in enumerate(design.axes):
        assert int((moved[:, axis] - place[axis]).abs().max()) <= design.reach[letter]


def test_an_untrained_denoiser_gives_the_local_mean() -> None:
    image = torch.full((1, 1, 32, 32), 7.0)
    assert torch.equal(build(Design(width=4))(image), image)
