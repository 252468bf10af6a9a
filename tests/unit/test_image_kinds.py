"""Images of every kind through models of every kind: what is taken together, and what comes back."""

from __future__ import annotations

from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
from drua.axes import to
from drua.errors import ImageError
from drua.image import Image
from drua.pipeline import predict

from tests.package_writer import Body, Graph, Port, same, write
from tests.tiny_model import write_package

NORMALISED = [("zero_mean_unit_variance", {"axes": ["channel", "y", "x"]})]
SIZES = {"T": 2, "C": 3, "Z": 4, "Y": 20, "X": 24}


def _identity(graph: Graph, given: str) -> list[str]:
    return [graph.add("Identity", given)]


def _three_to_one(graph: Graph, given: str) -> list[str]:
    """Tell the channels apart: 100 times the first, 10 times the second, the third."""
    weights = graph.constant(np.reshape([100.0, 10.0, 1.0], (1, 3, 1, 1)))
    return [graph.add("Conv", given, weights)]


def _length(letter: str) -> Body:
    """Return a network whose result is how many pixels it sees along an axis."""

    def body(graph: Graph, given: str) -> list[str]:
        side = "bczyx".index(letter)
        lengths = graph.add("Cast", graph.add("Shape", given, start=side, end=side + 1), to=1)
        return [graph.add("Add", graph.add("Mul", given, graph.constant(0.0)), lengths)]

    return body


def _model(
    folder: Path, axes: str = "bcyx", channels: int = 1, made: int | None = None, **options: object
) -> Path:
    sides = {letter: {"min": 8, "step": 8} for letter in "yx"} | {"z": {"min": 1, "step": 1}, "c": channels}
    config = options.pop("config", None)
    body = options.pop("body", _identity)
    return write(
        folder / "model",
        body,
        [Port("raw", axes, sides, **options)],
        [same("made", axes, "raw", channels=made or channels)],
        {"raw": {"y": 16, "x": 16, "z": 2}},
        config,
    )


@pytest.fixture(scope="module")
def plane_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 2D model that normalises, and does nothing else."""
    return _model(tmp_path_factory.mktemp("plane"), operations=NORMALISED)


@pytest.fixture(scope="module")
def volume_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 3D model that normalises each volume, and does nothing else."""
    steps = [("zero_mean_unit_variance", {"axes": ["channel", "z", "y", "x"]})]
    return _model(tmp_path_factory.mktemp("volume"), "bczyx", operations=steps)


@pytest.fixture(scope="module")
def colour_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of three channels that tells them apart."""
    return _model(tmp_path_factory.mktemp("colour"), channels=3, made=1, body=_three_to_one)


def _all_orders() -> list[str]:
    """Return Y and X with any of T, C and Z, in any order."""
    found = [
        "".join(order)
        for count in range(4)
        for more in combinations("TCZ", count)
        for order in permutations((*more, "Y", "X"))
    ]
    assert len(found) == 2 + 3 * 6 + 3 * 24 + 120
    return found


def _field(axes: str, **sizes: int) -> np.ndarray:
    """Return a field that is brighter in each plane, whatever the order of its axes."""
    full = np.random.default_rng(4).random([(SIZES | sizes)[letter] for letter in "TCZYX"])
    full += np.arange(full.shape[0]).reshape(-1, 1, 1, 1, 1) * 7 + np.arange(full.shape[2]).reshape(-1, 1, 1)
    chosen = tuple(slice(None) if letter in axes else slice(0, 1) for letter in "TCZYX")
    return to(full[chosen], "TCZYX", axes).astype(np.float32)


def _normalised(field: np.ndarray, axes: str, over: str) -> np.ndarray:
    """Return TZCYX with the mean 0 and the deviation 1 over the axes."""
    full = to(field, axes, "TZCYX").astype(np.float64)
    sides = tuple("TZCYX".index(letter) for letter in over)
    return (full - full.mean(sides, keepdims=True)) / (full.std(sides, keepdims=True) + 1e-6)


@pytest.mark.parametrize("axes", _all_orders())
def test_planes_of_images_with_any_axes_in_any_order(plane_model: Path, axes: str) -> None:
    field = _field(axes, C=1)
    made = predict(Image(field, axes), str(plane_model), settings={"statistics": "plane"}).image
    assert made.axes == "TZCYX"
    np.testing.assert_allclose(made.pixels, _normalised(field, axes, "CYX"), atol=1e-5)


@pytest.mark.parametrize("axes", [axes for axes in _all_orders() if "Z" in axes and "C" not in axes])
def test_volumes_of_images_with_any_axes_in_any_order(volume_model: Path, axes: str) -> None:
    field = _field(axes)
    made = predict(Image(field, axes), str(volume_model), settings={"statistics": "plane"}).image
    np.testing.assert_allclose(made.pixels, _normalised(field, axes, "ZCYX"), atol=1e-5)


@pytest.mark.parametrize("axes", ["ZYX", "TYX", "TZYX"])
def test_statistics_of_the_whole_stack(plane_model: Path, axes: str) -> None:
    field = _field(axes)
    made = predict(Image(field, axes), str(plane_model), settings={"statistics": "stack"}).image
    np.testing.assert_allclose(made.pixels, _normalised(field, axes, "TZCYX"), atol=1e-5)
    apart = predict(Image(field, axes), str(plane_model), settings={"statistics": "plane"}).image
    np.testing.assert_allclose(apart.pixels, _normalised(field, axes, "CYX"), atol=1e-5)


def test_statistics_of_a_series_of_volumes(volume_model: Path) -> None:
    field = _field("TZYX")
    made = predict(Image(field, "TZYX"), str(volume_model), settings={"statistics": "stack"}).image
    np.testing.assert_allclose(made.pixels, _normalised(field, "TZYX", "TZCYX"), atol=1e-5)


def test_an_operation_over_the_batch_looks_at_the_stack(tmp_path: Path) -> None:
    package = _model(tmp_path, operations=[("zero_mean_unit_variance", {"axes": ["batch", "y", "x"]})])
    field = _field("ZYX")
    made = predict(Image(field, "ZYX"), str(package)).image
    np.testing.assert_allclose(made.pixels, _normalised(field, "ZYX", "TZYX"), atol=1e-5)


@pytest.mark.parametrize(
    ("choice", "order"),
    [(0, (0, 1, 2)), ("3,2,1", (2, 1, 0)), ("blue,red,red", (2, 0, 0)), ("1,1,1", (0, 0, 0))],
)
def test_channels_by_number_and_name(colour_model: Path, choice: int | str, order: tuple[int, ...]) -> None:
    field = _field("CYX")
    image = Image(field, "CYX", channel_names=("red", "green", "blue"))
    made = predict(image, str(colour_model), channel=choice).image.pixels[0, 0, 0]
    expected = sum(weight * field[number] for weight, number in zip((100, 10, 1), order, strict=True))
    np.testing.assert_allclose(made, expected, rtol=1e-5)


def test_one_channel_of_several(plane_model: Path) -> None:
    field = _field("CYX")
    made = predict(Image(field, "CYX"), str(plane_model), channel=2).image
    np.testing.assert_allclose(made.pixels, _normalised(field[1], "YX", "CYX"), atol=1e-5)
    with pytest.raises(ImageError, match="3 channels"):
        predict(Image(field, "CYX"), str(plane_model))


def test_rgb_is_three_channels(colour_model: Path) -> None:
    field = np.random.default_rng(2).integers(0, 256, (20, 24, 3), np.uint8)
    made = predict(Image(field, "YXC"), str(colour_model)).image.pixels[0, 0, 0]
    np.testing.assert_allclose(made, field @ np.array([100.0, 10.0, 1.0]), rtol=1e-5)


def test_too_few_channels_are_refused(colour_model: Path) -> None:
    with pytest.raises(ImageError, match="takes 3"):
        predict(Image(_field("YX"), "YX"), str(colour_model))


def _blob(rows: int, columns: int) -> np.ndarray:
    y, x = np.mgrid[:rows, :columns]
    return np.exp(-(((y / rows - 0.5) * 5) ** 2) - ((x / columns - 0.4) * 5) ** 2).astype(np.float32)


@pytest.mark.parametrize(
    ("pixel_size", "unit"), [(0.25, "micron"), (1.0, "µm"), (500.0, "nm"), (0.001, "mm")]
)
def test_rescaled_to_the_models_pixel_size_and_back(tmp_path: Path, pixel_size: float, unit: str) -> None:
    package = _model(tmp_path, config={"pixel_size": {"y": 0.5, "x": 0.5}, "unit": "micron"})
    field = _blob(64, 80)
    image = Image(field, "YX", pixel_size={"Y": pixel_size, "X": pixel_size}, unit=unit)
    made = predict(image, str(package)).image
    assert made.pixels.shape == (1, 1, 1, 64, 80)
    assert made.pixel_size["X"] == pixel_size
    assert np.abs(made.pixels[0, 0, 0] - field).max() <= 0.02


@pytest.mark.parametrize(("pixel_size", "seen"), [(0.25, 40), (1.0, 160), (0.505, 80), (None, 80)])
def test_the_network_sees_its_own_pixel_size(tmp_path: Path, pixel_size: float | None, seen: int) -> None:
    package = _model(
        tmp_path, "bczyx", body=_length("x"), config={"pixel_size": {"y": 0.5, "x": 0.5}, "unit": "micron"}
    )
    sizes = {} if pixel_size is None else {"Y": pixel_size, "X": pixel_size}
    image = Image(_blob(64, 80)[None], "ZYX", pixel_size=sizes, unit="micron" if sizes else "pixel")
    prediction = predict(image, str(package))
    assert prediction.image.pixels.shape[-2:] == (64, 80)
    assert np.unique(prediction.image.pixels).tolist() == [seen]
    assert any("no pixel size" in note for note in prediction.run["notes"]) == (pixel_size is None)


@pytest.mark.parametrize(("scale", "seen"), [(1.0, 80), (2.0, 160), (0.3, 24)])
def test_the_scale_may_be_set(tmp_path: Path, scale: float, seen: int) -> None:
    package = _model(tmp_path, "bczyx", body=_length("x"))
    made = predict(Image(_blob(64, 80)[None], "ZYX"), str(package), settings={"scale": scale}).image.pixels
    assert made.shape[-2:] == (64, 80)
    assert np.unique(made).tolist() == [seen]


@pytest.mark.parametrize(("spacing", "seen"), [(1.0, 6), (2.0, 12), (0.5, 3)])
def test_the_network_sees_its_own_anisotropy(tmp_path: Path, spacing: float, seen: int) -> None:
    package = _model(
        tmp_path,
        "bczyx",
        body=_length("z"),
        config={"pixel_size": {"z": 1.0, "y": 0.5, "x": 0.5}, "unit": "micron"},
    )
    size = {"Z": spacing, "Y": 0.5, "X": 0.5}
    image = Image(np.zeros((6, 40, 48), np.uint8), "ZYX", pixel_size=size, unit="micron")
    made = predict(image, str(package)).image
    assert made.pixels.shape == (1, 6, 1, 40, 48)
    assert np.unique(made.pixels).tolist() == [seen]


def test_anisotropic_volumes_are_rescaled_along_every_axis(tmp_path: Path) -> None:
    package = _model(
        tmp_path, "bczyx", config={"pixel_size": {"z": 1.0, "y": 0.5, "x": 0.5}, "unit": "micron"}
    )
    field = np.stack([_blob(48, 56) * weight for weight in (0.2, 0.6, 1.0, 0.9, 0.5, 0.1)])
    image = Image(field, "ZYX", pixel_size={"Z": 2.0, "Y": 0.5, "X": 0.5}, unit="micron")
    made = predict(image, str(package)).image
    assert made.pixels.shape == (1, 6, 1, 48, 56)
    assert made.pixel_size == {"Z": 2.0, "Y": 0.5, "X": 0.5}
    assert np.abs(made.pixels[0, :, 0] - field).max() <= 0.15, "twice as many slices and back smooths along Z"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("axes", ["YX", "ZYX"])
def test_pixels_that_are_no_numbers_are_refused(plane_model: Path, value: float, axes: str) -> None:
    field = _field(axes)
    field[..., 3, 5] = value
    with pytest.raises(ImageError, match=r"NaN or infinite, the first at .*Y 3, X 5"):
        predict(Image(field, axes), str(plane_model))


@pytest.mark.parametrize("value", [0.0, 7.0, 65535.0, -3.0])
@pytest.mark.parametrize(
    "steps",
    [
        NORMALISED,
        [("scale_range", {"axes": ["y", "x"], "min_percentile": 1, "max_percentile": 99.8})],
        [("clip", {"min_percentile": 1.0, "max_percentile": 99.0}), *NORMALISED],
    ],
)
def test_constant_images_become_zero(tmp_path: Path, value: float, steps: list) -> None:
    package = _model(tmp_path, operations=steps)
    made = predict(Image(np.full((20, 24), value, np.float32), "YX"), str(package)).image
    np.testing.assert_array_equal(made.pixels, 0)


def test_nearly_constant_images_stay_finite(plane_model: Path) -> None:
    field = np.full((20, 24), 1000.0, np.float32)
    field[3, 4] = np.nextafter(np.float32(1000), np.float32(2000))
    made = predict(Image(field, "YX"), str(plane_model)).image.pixels
    assert np.isfinite(made).all()
    assert made[0, 0, 0].argmax() == 3 * 24 + 4


@pytest.mark.parametrize("sides", [(1, 1), (1, 50), (3, 2), (7, 9), (50, 3)])
def test_images_smaller_than_a_tile(plane_model: Path, sides: tuple[int, int]) -> None:
    field = np.random.default_rng(6).random(sides).astype(np.float32)
    made = predict(Image(field, "YX"), str(plane_model)).image
    np.testing.assert_allclose(made.pixels, _normalised(field, "YX", "CYX"), atol=1e-5)


@pytest.mark.parametrize("field", [np.zeros((40, 50), np.uint16), np.full((2, 40, 50), 900, np.uint16)])
def test_results_may_be_empty(tmp_path: Path, field: np.ndarray) -> None:
    package = write_package(tmp_path / "tiny")
    prediction = predict(Image(field, "ZYX"[-field.ndim :]), str(package))
    assert prediction.count == 0
    assert not prediction.image.pixels.any()
    assert prediction.image.pixels.shape[-2:] == (40, 50)
    assert len(prediction.table.rows) == 0
    assert len(prediction.outlines) == 0
