from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from drua.bare import probe
from drua.bare.probe import Findings, Side, measure
from drua.errors import Cancelled, CardError, UntrustedModelError
from onnx import TensorProto, helper

from tests.networks import FREE, Builder, conv_stack, unet, unet_field


def silent(_what: str, _done: int, _all: int) -> None:
    pass


def probed(network: Builder, folder: Path, shape: tuple[int | str, ...] = FREE, **options: int) -> Findings:
    return measure(network.save(folder / "network.onnx", shape, **options), silent)


def step_scale_offset(side: Side) -> tuple[int, tuple[int, int], int]:
    return side.step, side.scale, side.offset


@pytest.mark.parametrize(("depth", "kernel"), [(1, 3), (4, 3), (3, 7)])
def test_the_receptive_field_of_convolutions_is_found(tmp_path: Path, depth: int, kernel: int) -> None:
    found = probed(conv_stack(depth, kernel), tmp_path)
    for side in found.sides.values():
        assert side.field == depth * (kernel // 2)
        assert 0 < side.halo <= side.field
        assert (side.least, side.stride) == (1, 1)
        assert step_scale_offset(side) == (1, (1, 1), 0)


@pytest.mark.parametrize("levels", [2, 4])
def test_the_stride_and_receptive_field_of_a_unet_are_found(tmp_path: Path, levels: int) -> None:
    found = probed(unet(levels), tmp_path)
    stride, truth = 2**levels, unet_field(levels)
    for side in found.sides.values():
        assert (side.least, side.step, side.stride) == (stride, stride, stride)
        # rounded up to the stride, as it is offered, the measured one is the true one
        assert side.field is not None
        assert -(-side.field // stride) == -(-truth // stride)
        assert side.field <= truth
        assert side.halo <= side.field


def test_valid_convolutions_lose_an_edge_and_need_no_halo(tmp_path: Path) -> None:
    found = probed(conv_stack(3, 3, valid=True), tmp_path)
    for side in found.sides.values():
        assert step_scale_offset(side) == (1, (1, 1), -6)
        assert (side.least, side.field, side.halo) == (7, 3, 0)


def test_valid_convolutions_around_pooling_are_found_at_their_odd_sizes(tmp_path: Path) -> None:
    network = Builder().conv(4, valid=True).relu().pool().conv(4, valid=True).relu().up().conv(1, valid=True)
    found = probed(network, tmp_path)
    for side in found.sides.values():
        assert step_scale_offset(side) == (2, (1, 1), -8)
        # it looks 5 pixels to one side and 4 to the other, by turns, and leaves out 4
        assert (side.least, side.stride, side.field, side.halo) == (10, 2, 5, 1)


def test_an_output_of_half_the_side_is_found(tmp_path: Path) -> None:
    found = probed(Builder().conv(4, 3, stride=2).relu().conv(1, 3), tmp_path)
    for side in found.sides.values():
        assert step_scale_offset(side) == (2, (1, 2), 0)
        assert side.stride == 2
        assert side.field == 4  # 3.5 from the middle of an output pixel, which is two input pixels wide


def test_an_output_of_twice_the_side_is_found(tmp_path: Path) -> None:
    found = probed(Builder().conv(4).relu().up().conv(1), tmp_path)
    for side in found.sides.values():
        assert step_scale_offset(side) == (1, (2, 1), 0)
        assert side.stride == 1
        assert side.field == 2


def test_a_network_of_fixed_size_is_measured_at_that_size(tmp_path: Path) -> None:
    found = probed(unet(2), tmp_path, (1, 1, 96, 128))
    assert {letter: (side.least, side.step) for letter, side in found.sides.items()} == {
        "Y": (96, 0),
        "X": (128, 0),
    }
    assert {side.stride for side in found.sides.values()} == {4}
    assert found.batch == 1


def test_instance_normalisation_has_no_end(tmp_path: Path) -> None:
    found = probed(Builder().conv(4).instance_norm().relu().conv(1), tmp_path)
    for side in found.sides.values():
        assert side.field is None
        assert 1 <= side.halo <= 16  # two convolutions; the statistics move less than a thousandth by a pixel


def test_the_axes_of_a_volume_are_measured_one_by_one(tmp_path: Path) -> None:
    network = Builder(dimensions=3).conv(4, (1, 3, 3)).relu().conv(2, (3, 5, 5))
    found = probed(network, tmp_path, ("b", 1, "z", "y", "x"))
    assert (found.axes, found.output_axes, found.output_channels) == ("BCZYX", "BCZYX", 2)
    assert {letter: side.field for letter, side in found.sides.items()} == {"Z": 1, "Y": 3, "X": 3}


def test_channels_are_counted_on_both_sides(tmp_path: Path) -> None:
    found = probed(Builder(channels=2).conv(3), tmp_path, ("b", 2, "y", "x"))
    assert (found.channels, found.output_channels) == (2, 3)


def test_channels_that_come_last_are_found(tmp_path: Path) -> None:
    network = Builder(channels=3).transpose((0, 3, 1, 2)).conv(2, 5).transpose((0, 2, 3, 1))
    found = probed(network, tmp_path, ("b", "y", "x", 3))
    assert (found.axes, found.output_axes) == ("BYXC", "BYXC")
    assert (found.channels, found.output_channels, found.sides["X"].field) == (3, 2, 2)


def test_an_output_with_its_axes_in_another_order_is_seen(tmp_path: Path) -> None:
    found = probed(Builder().conv(2).transpose((0, 2, 3, 1)), tmp_path)
    assert (found.axes, found.output_axes, found.output_channels) == ("BCYX", "BYXC", 2)


def test_a_network_of_whole_numbers_is_measured_with_them(tmp_path: Path) -> None:
    found = probed(Builder().cast().conv(1, 5), tmp_path, kind=TensorProto.UINT8)
    assert found.integer == "uint8"
    assert {side.field for side in found.sides.values()} == {2}


def test_other_axes_than_the_guessed_ones_are_measured_on_request(tmp_path: Path) -> None:
    file = Builder().conv(1).save(tmp_path / "network.onnx", ("b", 1, "y", "x"))
    found = measure(file, silent, "BZYX")
    assert found.sides["Z"] == Side(1, 0, (1, 1), 0, stride=1, field=0)


def test_two_inputs_need_a_description(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"takes 2 inputs.*bioimageio\.yaml"):
        probed(conv_stack(1), tmp_path, inputs=2)


def test_what_is_no_onnx_file_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "notes.onnx"
    file.write_bytes(b"these are notes, no network")
    with pytest.raises(CardError, match=r"notes\.onnx"):
        measure(file, silent)
    with pytest.raises(CardError, match=r"notes\.txt.*\.onnx, \.pt"):
        measure(tmp_path / "notes.txt", silent)


def test_tensors_outside_the_folder_are_refused(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    model = onnx.load(conv_stack(2).save(tmp_path / "whole.onnx", FREE))
    onnx.external_data_helper.convert_model_to_external_data(model, location="w.data", size_threshold=0)
    onnx.save(model, inner / "network.onnx")
    text = (inner / "network.onnx").read_bytes()
    for name in (b"../w.d", b"/tmp/w"):
        (inner / "network.onnx").write_bytes(text.replace(b"w.data", name))
        with pytest.raises(UntrustedModelError, match=name.decode()):
            measure(inner / "network.onnx", silent)


def test_a_network_that_makes_no_image_is_refused(tmp_path: Path) -> None:
    network = Builder().conv(4)
    network.nodes.append(helper.make_node("GlobalAveragePool", [network.top], ["pooled"]))
    network.top = "pooled"
    with pytest.raises(CardError, match="no image"):
        probed(network, tmp_path)


def test_measuring_can_be_cancelled(tmp_path: Path) -> None:
    file = Builder(seed=7).conv(1).save(tmp_path / "network.onnx", FREE)
    seen: list[str] = []

    def cancel(what: str, _done: int, _all: int) -> None:
        seen.append(what)
        if len(seen) == 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        measure(file, cancel)
    assert len(seen) == 20


def test_findings_are_kept_for_the_same_bytes_and_axes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Builder(seed=8).conv(1).save(tmp_path / "network.onnx", FREE)
    first = measure(file, silent)
    monkeypatch.setattr(probe, "Network", None)
    assert measure(file.rename(tmp_path / "other.onnx"), silent) == first
