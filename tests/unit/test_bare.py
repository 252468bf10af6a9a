from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from drua import intensity
from drua.backends.onnx import open_session
from drua.bare import parse, questions, write_package
from drua.bare.ask import Question
from drua.errors import CardError, SettingError
from drua.image import Image
from drua.models.card import Weights, read_card
from drua.pipeline import open_model, predict
from onnx import TensorProto
from PIL import Image as Picture

from tests.networks import FREE, Builder, conv_stack, unet

NEEDED = {"licence": "CC0-1.0"}


def silent(_what: str, _done: int, _all: int) -> None:
    pass


def asked(file: Path) -> dict[str, Question]:
    return {question.name: question for question in questions(file, silent)}


def described(file: Path, folder: Path, **answers: Any) -> dict[str, Any]:
    """Write the package of a network and return its description."""
    write_package(file, parse(questions(file, silent), {**NEEDED, **answers}), folder, silent)
    return dict(json.loads((folder / "bioimageio.yaml").read_text()))


def axis(description: Mapping[str, Any], tensor: str, name: str) -> dict[str, Any]:
    return next(dict(each) for each in description[tensor][0]["axes"] if each.get("id") == name)


def check_test_tensors(folder: Path, description: Mapping[str, Any]) -> None:
    """Check that the network makes the test output of the test input, by the description alone."""
    given, expected = (np.load(folder / f"test_{side}.npy") for side in ("input", "output"))
    steps = [
        intensity.Operation(each["id"], each["kwargs"]) for each in description["inputs"][0]["preprocessing"]
    ]
    names = {"channel": "C", "time": "T", "z": "Z", "y": "Y", "x": "X"}
    axes = "".join(names[each.get("id", each["type"])] for each in description["inputs"][0]["axes"][1:])
    backend = open_session(Weights("onnx", folder / "weights.onnx", None), "cpu")
    (result,) = backend.run([intensity.apply(steps, given[0], axes)[None]])
    np.testing.assert_allclose(result, expected, atol=1e-5)
    assert expected.std() > 0


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A file with two convolutions."""
    return conv_stack(2).save(tmp_path / "My network_2.onnx", FREE)


def test_what_was_measured_is_offered(tmp_path: Path) -> None:
    found = asked(unet(3).save(tmp_path / "cells.onnx", FREE))
    defaults = {name: question.default for name, question in found.items()}
    assert defaults["id"] == "cells"
    assert (defaults["axes"], defaults["output_axes"]) == ("bcyx", "bcyx")
    assert (defaults["stride"], defaults["activation"]) == (8, "none")
    assert defaults["halo"] % 8 == 0 < defaults["halo"] <= defaults["receptive_field"]
    assert defaults["tile"] == 512


def test_axes_are_a_question_with_the_guess_as_default(stack: Path) -> None:
    question = asked(stack)["axes"]
    assert (question.type, question.default) == ("choice", "bcyx")
    assert question.choices == ("bcyx", "byxc", "bzyx", "btyx")


def test_channels_are_named_one_by_one(tmp_path: Path) -> None:
    found = asked(Builder(channels=2).conv(3).save(tmp_path / "n.onnx", ("b", 2, "y", "x")))
    assert found["channels"].default == "channel 1, channel 2"
    assert found["output_channels"].default == "map 1, map 2, map 3"


def test_a_volume_has_questions_along_z(tmp_path: Path) -> None:
    network = Builder(dimensions=3).conv(1, (3, 5, 5))
    found = asked(network.save(tmp_path / "n.onnx", ("b", 1, "z", "y", "x")))
    assert (found["halo_z"].default, found["halo"].default) == (1, 2)
    assert found["pixel_size_z"].default == 0


def test_a_network_without_end_says_so(tmp_path: Path) -> None:
    found = asked(Builder().conv(4).instance_norm().relu().conv(1).save(tmp_path / "n.onnx", FREE))
    assert found["receptive_field"].default == 0
    assert "statistics of the whole image" in found["halo"].help
    assert (
        "statistics of the whole image"
        not in asked(conv_stack(2).save(tmp_path / "c.onnx", FREE))["halo"].help
    )


def test_answers_are_checked_and_completed(stack: Path) -> None:
    answers = parse(
        questions(stack, silent), {**NEEDED, "halo": "5", "per_channel": "false", "name": " Mine "}
    )
    assert (answers["halo"], answers["per_channel"], answers["name"]) == (5, False, "Mine")
    assert answers["id"] == "my-network-2"


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "licence is missing"),
        ({"licence": ""}, "licence is empty"),
        ({"licence": 3}, "licence is 3"),
        ({**NEEDED, "axes": "cyx"}, "axes is 'cyx'"),
        ({**NEEDED, "halo": -1}, "halo is -1"),
        ({**NEEDED, "normalization": "none"}, "did you mean 'normalisation'"),
    ],
)
def test_a_wrong_answer_is_named(stack: Path, answers: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        parse(questions(stack, silent), answers)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"id": "Mine!"}, "id is 'Mine!'"),
        ({"name": "Cell"}, "name is 'Cell', but must be 5 to 128"),
        ({"channels": "a, b"}, "channels is 'a, b', but the network has 1"),
        ({"output_axes": "bzyx"}, "output_axes is 'bzyx'"),
        ({"tile": 3}, "tile is 3"),
        ({"decoder": "watershed"}, "boundary_channel is 0|foreground_channel is 0"),
    ],
)
def test_answers_that_do_not_fit_the_network_are_named(
    stack: Path, tmp_path: Path, answers: dict[str, Any], message: str
) -> None:
    if answers.get("decoder") == "watershed":
        answers = {**answers, "marker": "foreground_minus_boundary"}
    with pytest.raises(SettingError, match=message):
        described(stack, tmp_path / "package", **answers)


def test_a_stride_that_the_sizes_do_not_keep_is_refused(tmp_path: Path) -> None:
    file = unet(2).save(tmp_path / "n.onnx", FREE)
    with pytest.raises(SettingError, match="stride is 6, but the network's sides grow by 4"):
        described(file, tmp_path / "package", stride=6)


def test_a_licence_that_the_format_does_not_know_is_refused(stack: Path, tmp_path: Path) -> None:
    with pytest.raises(CardError, match="license"):
        described(stack, tmp_path / "package", licence="do what you want")


def test_a_package_is_complete_and_its_test_tensors_are_what_the_network_makes(tmp_path: Path) -> None:
    file = unet(3).save(tmp_path / "cells.onnx", FREE)
    folder = tmp_path / "package"
    description = described(
        file,
        folder,
        name="Cells 2D",
        channels="dapi",
        output_channels="inside",
        pixel_size=0.5,
        description="Finds.",
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md", "bioimageio.yaml", "cover.png", "test_input.npy", "test_output.npy", "weights.onnx",
    ]  # fmt: skip
    check_test_tensors(folder, description)
    assert axis(description, "inputs", "x") == {
        "type": "space", "id": "x", "scale": 0.5, "unit": "micrometer",
        "size": {"min": axis(description, "inputs", "x")["size"]["min"], "step": 8},
    }  # fmt: skip
    assert "Finds." in (folder / "README.md").read_text()
    with Picture.open(folder / "cover.png") as cover:
        assert cover.size == (256 + 4 + 256, 192)
    card = read_card(folder)
    assert (card.id, card.name, card.licence, card.task) == ("cells", "Cells 2D", "CC0-1.0", "segment")
    assert card.input.channels == ("dapi",)


def test_tiles_of_a_written_package_agree_with_the_whole_image(tmp_path: Path) -> None:
    file = unet(2).save(tmp_path / "n.onnx", FREE)
    found = asked(file)
    halo = int(found["halo"].default)
    tile = -(-(2 * halo + 32) // 4) * 4
    image = Image(np.random.default_rng(0).random((211, 307), np.float32) ** 4, "YX")
    results = []
    for name, side in (("tiles", tile), ("whole", 512)):
        described(file, tmp_path / name, decoder="image", task="denoise", tile=side)
        with open_model(tmp_path / name, "cpu") as model:
            results.append(predict(image, model))
    assert results[0].run["tiles"] > results[1].run["tiles"] == 1
    tiled, whole = (result.image.pixels for result in results)
    assert np.abs(tiled - whole).max() < 1e-3 * np.ptp(whole)


@pytest.mark.parametrize(
    ("network", "shape", "scale", "offset"),
    [
        (conv_stack(3, valid=True), FREE, 1.0, -6),
        (Builder().conv(4, stride=2).relu().conv(1), FREE, 2.0, 0),
        (Builder().conv(4).relu().up().conv(1), FREE, 0.5, 0),
        (unet(2), (1, 1, 96, 128), 1.0, 0),
        (Builder(channels=2).conv(3), ("b", 2, "y", "x"), 1.0, 0),
        (Builder(dimensions=3).conv(2, (3, 5, 5)), ("b", 1, "z", "y", "x"), 1.0, 0),
        (
            Builder(channels=3).transpose((0, 3, 1, 2)).conv(2, 5).transpose((0, 2, 3, 1)),
            ("b", "y", "x", 3), 1.0, 0,
        ),
    ],
    ids=["valid", "half", "twice", "fixed", "channels", "volume", "channels last"],
)  # fmt: skip
def test_sizes_of_the_output_are_described(
    network: Builder, shape: tuple[int | str, ...], scale: float, offset: int, tmp_path: Path
) -> None:
    file = network.save(tmp_path / "n.onnx", shape)
    description = described(file, tmp_path / "package")
    out = axis(description, "outputs", "x")
    assert out["scale"] == scale
    assert out["size"] == {"tensor_id": "image", "axis_id": "x", "offset": offset}
    check_test_tensors(tmp_path / "package", description)


@pytest.mark.parametrize(
    "normalisation", ["none", "percentile", "zero_mean", "divide_by_255", "divide_by_65535"]
)
def test_the_normalisation_is_written(stack: Path, tmp_path: Path, normalisation: str) -> None:
    description = described(stack, tmp_path / "package", normalisation=normalisation, per_channel=False)
    steps = {each["id"]: each["kwargs"] for each in description["inputs"][0]["preprocessing"]}
    assert steps["ensure_dtype"] == {"dtype": "float32"}
    expected: dict[str, dict[str, Any]] = {
        "none": {},
        "percentile": {
            "scale_range": {
                "axes": ["channel", "y", "x"], "min_percentile": 1.0, "max_percentile": 99.8, "eps": 1e-6,
            }
        },
        "zero_mean": {"zero_mean_unit_variance": {"axes": ["channel", "y", "x"], "eps": 1e-6}},
        "divide_by_255": {"scale_linear": {"gain": 1 / 255, "offset": 0.0}},
        "divide_by_65535": {"scale_linear": {"gain": 1 / 65535, "offset": 0.0}},
    }  # fmt: skip
    del steps["ensure_dtype"]
    assert steps == expected[normalisation]
    check_test_tensors(tmp_path / "package", description)


def test_statistics_of_each_channel_leave_the_channel_axis_out(stack: Path, tmp_path: Path) -> None:
    description = described(stack, tmp_path / "package", normalisation="zero_mean")
    assert description["inputs"][0]["preprocessing"][1]["kwargs"]["axes"] == ["y", "x"]


def test_a_fixed_side_is_its_own_tile(tmp_path: Path) -> None:
    file = unet(2).save(tmp_path / "n.onnx", (1, 1, 96, 128))
    description = described(file, tmp_path / "package")
    assert description["config"]["drua"]["tile"] == {"y": 96, "x": 128}
    assert [each.get("size") for each in description["inputs"][0]["axes"]] == [1, None, 96, 128]


def test_the_decoder_is_described_with_its_channels_and_settings(tmp_path: Path) -> None:
    file = Builder().conv(3).sigmoid().save(tmp_path / "n.onnx", FREE)
    description = described(
        file, tmp_path / "package", output_channels="edge, inside, middle", decoder="watershed",
        marker="centre_and_boundary", foreground_channel=2, boundary_channel=1, centre_channel=3,
    )  # fmt: skip
    ours = description["config"]["drua"]
    assert ours["decoder"] == {
        "id": "watershed", "activation": "none", "marker": "centre_and_boundary",
        "foreground": "inside", "boundary": "edge", "centre": "middle",
    }  # fmt: skip
    assert [each["name"] for each in ours["settings"]] == [
        "mask_threshold", "centre_threshold", "boundary_threshold", "smoothing", "min_size",
    ]  # fmt: skip
    classes = described(file, tmp_path / "classes", decoder="classes", background_channel=3)
    assert classes["config"]["drua"]["decoder"] == {"id": "classes", "activation": "none", "background": 2}


def test_a_network_of_whole_numbers_gets_them(tmp_path: Path) -> None:
    file = Builder().cast().conv(1, 5).save(tmp_path / "n.onnx", FREE, TensorProto.UINT8)
    description = described(file, tmp_path / "package", normalisation="none")
    assert description["inputs"][0]["preprocessing"][-1]["kwargs"] == {"dtype": "uint8"}
    check_test_tensors(tmp_path / "package", description)


def test_tensors_in_a_second_file_come_along(tmp_path: Path) -> None:
    whole = onnx.load(conv_stack(2).save(tmp_path / "whole.onnx", FREE))
    inner = tmp_path / "inner"
    inner.mkdir()
    onnx.save(whole, inner / "n.onnx", save_as_external_data=True, location="n.onnx.data", size_threshold=0)
    description = described(inner / "n.onnx", tmp_path / "package")
    assert description["weights"]["onnx"]["external_data"]["source"] == "n.onnx.data"
    check_test_tensors(tmp_path / "package", description)


def test_other_axes_than_the_guessed_ones_are_measured_and_described(tmp_path: Path) -> None:
    file = Builder().conv(1).save(tmp_path / "n.onnx", FREE)
    description = described(file, tmp_path / "package", axes="bzyx", output_axes="bzyx")
    assert axis(description, "inputs", "z")["size"] == 1
    assert [each["type"] for each in description["outputs"][0]["axes"]] == [
        "batch",
        "space",
        "space",
        "space",
    ]
    check_test_tensors(tmp_path / "package", description)
