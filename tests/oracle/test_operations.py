"""Every plain operation with every parameter that the format allows: what the reference makes of it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.oracle.compare import difference, predicted
from tests.oracle.reference import CannotError, Reference
from tests.package_writer import Graph, Port, same, write

CLOSE = 1e-5
"""Of the range of what is expected."""

SHAPES = {"bcyx": {"y": 24, "x": 20}, "bczyx": {"z": 5, "y": 16, "x": 12}}


def _lists(channels: int) -> list[float]:
    return [float(10 * number + 50) for number in range(1, channels + 1)]


def _without_statistics(channels: int) -> dict[str, list[dict]]:
    many = _lists(channels)
    return {
        "binarize": [{"threshold": 100.0}],
        "clip": [{"min": 60.0, "max": 140.0}, {"min": 60.0}, {"max": 140.0}],
        "ensure_dtype": [{"dtype": "float32"}],
        "fixed_zero_mean_unit_variance": [
            {"mean": 103.5, "std": 13.7},
            {"mean": many, "std": many[::-1], "axis": "channel"},
        ],
        "scale_linear": [
            {"gain": 2.0},
            {"offset": -3.5},
            {"gain": 0.25, "offset": 7.0},
            {"gain": many, "offset": 3.0, "axis": "channel"},
            {"gain": 3.0, "offset": many, "axis": "channel"},
            {"gain": many, "offset": many, "axis": "channel"},
        ],
        "sigmoid": [{}],
        "softmax": [{}, {"axis": "channel"}, {"axis": "x"}],
    }


WITH_STATISTICS = {
    "clip": [
        {"min_percentile": 3.0, "max_percentile": 96.5},
        {"min_percentile": 10.0},
        {"max_percentile": 90.0},
        {"min_percentile": 10.0, "max": 130.0},
        {"min": 70.0, "max_percentile": 90.0},
    ],
    "scale_range": [
        {},
        {"min_percentile": 1.0, "max_percentile": 99.8},
        {"min_percentile": 5.0, "max_percentile": 95.0, "eps": 0.05},
        {"reference_tensor": "other"},
        {"reference_tensor": "other", "min_percentile": 2.0, "max_percentile": 98.0},
    ],
    "scale_mean_variance": [{"reference_tensor": "other"}, {"reference_tensor": "other", "eps": 0.1}],
    "zero_mean_unit_variance": [{}, {"eps": 0.1}],
}


def _over_subsets(variants: list[dict], axes: str, channels: int) -> list[dict]:
    """Return every variant over all axes, the pixels, channels and batch, and over one side."""
    space = [letter for letter in axes if letter in "zyx"]
    subsets = [space, ["channel", *space], ["batch", *space], ["batch", "channel", *space], ["y"]]
    if channels > 1:
        subsets.append(["channel"])
    return variants + [{**each, "axes": subset} for each in variants for subset in subsets]


def _image(axes: str, channels: int, kind: type = np.float32) -> np.ndarray:
    """Return a field (axes) of 50 to 150, of other brightness in every channel."""
    sides = {"b": 1, "c": channels} | SHAPES[axes]
    field = np.random.default_rng(3).gamma(3, 15, [sides[letter] for letter in axes])
    step = 10 * np.arange(channels).reshape([-1 if letter == "c" else 1 for letter in axes])
    return (field + 50 + step).astype(kind)


def _package(folder: Path, axes: str, channels: int, name: str, variants: list[dict], where: str) -> Path:
    """Write a package with an input and an output for each variant of an operation, and one input more."""
    sides = {
        letter: {"min": 4, "step": 4} if letter in "yx" else {"min": 1, "step": 1} for letter in SHAPES[axes]
    }
    sides["c"] = channels
    steps = [[(name, each)] for each in variants]
    before = [[*step, ("ensure_dtype", {"dtype": "float32"})] if where == "before" else [] for step in steps]
    after = [step if where == "after" else [] for step in steps]
    numbers = range(len(variants))
    inputs = [Port(f"in{number}", axes, sides, operations=before[number]) for number in numbers]
    other = [Port("other", axes, sides)]
    outputs = [
        same(f"out{number}", axes, f"in{number}", channels=channels, operations=after[number])
        for number in numbers
    ] + [same("rest", axes, "other", channels=channels)]
    test = {port.name: SHAPES[axes] for port in (*inputs, *other)}
    return write(folder / "package", _identities, inputs + other, outputs, test)


def _identities(graph: Graph, *given: str) -> list[str]:
    return [graph.add("Identity", each) for each in given]


def _images(axes: str, channels: int, count: int) -> dict[str, np.ndarray]:
    image = _image(axes, channels)
    return {f"in{number}": image for number in range(count)} | {"other": image[..., ::-1] ** 1.5 + 7}


def _missed(ours: dict, expected: dict, variants: list[dict]) -> list[str]:
    """Return the variants that differ, and by how much."""
    found = [difference(ours[f"out{number}"], expected[f"out{number}"]) for number in range(len(variants))]
    return [f"{kwargs}: {far:.2g}" for kwargs, far in zip(variants, found, strict=True) if far > CLOSE]


def _as_numbers(kwargs: dict, axes: str) -> tuple[int, ...] | None:
    names = {"batch": "b", "channel": "c"}
    over = kwargs.get("axes")
    return None if over is None else tuple(axes.index(names.get(name, name)) for name in over)


def _by_hand(name: str, kwargs: dict, array: np.ndarray, axes: str, of: np.ndarray) -> np.ndarray:
    """Return what the format says of the operations that take statistics, in float64."""
    array = array.astype(np.float64)
    source = of.astype(np.float64) if kwargs.get("reference_tensor") else array
    over = _as_numbers(kwargs, axes)
    eps = kwargs.get("eps", 1e-6)
    if name == "zero_mean_unit_variance":
        return (array - array.mean(over, keepdims=True)) / (array.std(over, keepdims=True) + eps)
    if name == "scale_mean_variance":
        scaled = _by_hand("zero_mean_unit_variance", {**kwargs, "reference_tensor": None}, array, axes, array)
        return scaled * (source.std(over, keepdims=True) + eps) + source.mean(over, keepdims=True)
    # the format does not say how a clip interpolates; the reference does not, but within one sample only
    alone = name == "clip" and over is not None and "batch" not in kwargs["axes"]
    method = "inverted_cdf" if alone else "linear"

    def rank(percentile: float) -> np.ndarray:
        return np.percentile(source, percentile, axis=over, keepdims=True, method=method)

    if name == "scale_range":
        low, high = rank(kwargs.get("min_percentile", 0.0)), rank(kwargs.get("max_percentile", 100.0))
        return (array - low) / (high - low + eps)
    low = rank(kwargs["min_percentile"]) if "min_percentile" in kwargs else kwargs.get("min", -np.inf)
    high = rank(kwargs["max_percentile"]) if "max_percentile" in kwargs else kwargs.get("max", np.inf)
    return np.minimum(np.maximum(array, low), high)


KINDS = [pytest.param(*case, id="-".join(map(str, case))) for case in product(SHAPES, (1, 3))]


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("name", _without_statistics(1))
@pytest.mark.parametrize(("axes", "channels"), KINDS)
def test_operations_that_take_no_statistics(
    tmp_path: Path, reference: Reference, axes: str, channels: int, name: str, where: str
) -> None:
    variants = _without_statistics(channels)[name]
    package = _package(tmp_path, axes, channels, name, variants, where)
    images = _images(axes, channels, len(variants))
    assert _missed(predicted(package, images), reference.predict(package, images), variants) == []


# scale_mean_variance is for after the network only
@pytest.mark.parametrize("name", ["clip", "scale_range", "zero_mean_unit_variance"])
@pytest.mark.parametrize(("axes", "channels"), KINDS)
def test_operations_that_take_statistics_before_the_network(
    tmp_path: Path, reference: Reference, axes: str, channels: int, name: str
) -> None:
    variants = _over_subsets(WITH_STATISTICS[name], axes, channels)
    package = _package(tmp_path, axes, channels, name, variants, "before")
    images = _images(axes, channels, len(variants))
    expected = reference.predict(package, images)
    for number, kwargs in enumerate(variants):
        if "eps" in kwargs:  # it takes 1e-6 whatever the description says
            expected[f"out{number}"] = _by_hand(name, kwargs, images[f"in{number}"], axes, images["other"])
    assert _missed(predicted(package, images), expected, variants) == []


@pytest.mark.parametrize("name", WITH_STATISTICS)
@pytest.mark.parametrize(("axes", "channels"), KINDS)
def test_operations_that_take_statistics_after_the_network(
    tmp_path: Path, reference: Reference, axes: str, channels: int, name: str
) -> None:
    variants = _over_subsets(WITH_STATISTICS[name], axes, channels)
    package = _package(tmp_path, axes, channels, name, variants, "after")
    images = _images(axes, channels, len(variants))
    # it takes all statistics before the network runs, when there is no output yet
    with pytest.raises(CannotError, match="KeyError: 'out"):
        reference.predict(package, images)
    expected = {
        f"out{number}": _by_hand(name, kwargs, images[f"in{number}"], axes, images["other"])
        for number, kwargs in enumerate(variants)
    }
    assert _missed(predicted(package, images), expected, variants) == []


def _chain(folder: Path, before: list[tuple[str, dict]], after: list[tuple[str, dict]] = []) -> Path:  # noqa: B006
    sides = {letter: {"min": 4, "step": 4} for letter in "yx"} | {"c": 3}
    return write(
        folder / "package",
        _identities,
        [Port("raw", "bcyx", sides, operations=before)],
        [same("made", "bcyx", "raw", channels=3, operations=after)],
        {"raw": SHAPES["bcyx"]},
    )


def test_binarize_along_channels(tmp_path: Path, reference: Reference) -> None:
    package = _chain(tmp_path, [], [("binarize", {"threshold": [60.0, 90.0, 120.0], "axis": "channel"})])
    images = {"raw": _image("bcyx", 3)}
    # it compares the list with the last axis, x
    with pytest.raises(CannotError, match=r"broadcast|operands|length"):
        reference.predict(package, images)
    expected = images["raw"] > np.reshape([60.0, 90.0, 120.0], (1, 3, 1, 1))
    np.testing.assert_array_equal(predicted(package, images)["made"], expected)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "int8"])
def test_whole_numbers_are_cut_off_not_rounded(tmp_path: Path, reference: Reference, dtype: str) -> None:
    package = _chain(tmp_path, [], [("scale_linear", {"gain": 0.7}), ("ensure_dtype", {"dtype": dtype})])
    images = {"raw": _image("bcyx", 3).clip(50, 180)}
    ours = predicted(package, images)["made"]
    expected = reference.predict(package, images)["made"]
    assert expected.dtype == dtype
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint16", "float32", "float64"])
def test_images_of_any_type(tmp_path: Path, reference: Reference, kind: str) -> None:
    steps = [("zero_mean_unit_variance", {"axes": ["y", "x"]}), ("ensure_dtype", {"dtype": "float32"})]
    package = _chain(tmp_path, steps)
    images = {"raw": _image("bcyx", 3, np.dtype(kind).type)}
    assert difference(predicted(package, images)["made"], reference.predict(package, images)["made"]) <= CLOSE


def test_statistics_are_those_of_what_the_operations_before_made(
    tmp_path: Path, reference: Reference
) -> None:
    clip, scale = {"min": 60.0, "max": 100.0}, {"axes": ["channel", "y", "x"]}
    package = _chain(
        tmp_path, [("clip", clip), ("zero_mean_unit_variance", scale), ("ensure_dtype", {"dtype": "float32"})]
    )
    images = {"raw": _image("bcyx", 3)}
    clipped = images["raw"].clip(60, 100)
    expected = _by_hand("zero_mean_unit_variance", scale, clipped, "bcyx", clipped)
    assert difference(predicted(package, images)["made"], expected) <= CLOSE
    # the reference takes all statistics of the unprocessed image, so that its result has another mean than 0
    raw = images["raw"].astype(np.float64)
    theirs = (clipped - raw.mean()) / (raw.std() + 1e-6)
    assert difference(reference.predict(package, images)["made"], theirs) <= CLOSE
