"""Networks of every kind that the format describes: tiled as the reference does it, and whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from drua import inference
from drua.inference import Block, Size
from drua.pipeline import open_model

from tests.oracle.compare import block_of, difference, tiled
from tests.oracle.reference import CannotError, Reference
from tests.package_writer import Body, Graph, Port, same, write

CLOSE = 1e-5
"""Of the range of what is expected."""


@dataclass(frozen=True)
class Case:
    """A package, images for it, and a tile.

    Parameters
    ----------
    image, tile : mapping
        Lengths by letter of TZYX, for every input.
    cannot : str
        What the reference says where it cannot cut the image into tiles; then its result for the whole one
        is what is expected, which the halo makes the same.
    lost : int
        What the network loses at each side, in pixels: so much is put around the whole image.
    """

    body: Body
    inputs: list[Port]
    outputs: list[Port]
    image: Mapping[str, int]
    tile: Mapping[str, int]
    cannot: str = ""
    lost: int = 0


def identity(graph: Graph, given: str) -> list[str]:
    return [graph.add("Identity", given)]


def conv(channels: int = 1, made: int = 1, sides: int = 2, radius: int = 1) -> Body:
    return lambda graph, given: [graph.conv(given, channels, made, sides, radius)]


def valid(graph: Graph, given: str) -> list[str]:
    return [graph.conv(graph.conv(given, 1, 2, 2, 2, pad=0), 2, 1, 2, 2, pad=0)]


def halved(graph: Graph, given: str) -> list[str]:
    return [graph.conv(graph.half(given, 2), 1, 2, 2)]


def doubled(graph: Graph, given: str) -> list[str]:
    return [graph.double(graph.conv(given, 1, 1, 2), 1, 2)]


def down_and_up(graph: Graph, given: str) -> list[str]:
    return [graph.double(graph.conv(graph.half(given, 2), 1, 2, 2), 2, 2)]


def two_of_each(radius: int) -> Body:
    def body(graph: Graph, first: str, second: str) -> list[str]:
        mixed = graph.add("Add", graph.conv(first, 1, 2, 2, radius), graph.conv(second, 2, 2, 2, radius))
        return [graph.conv(mixed, 2, 3, 2, radius), graph.add("Tanh", mixed)]

    return body


def moving_sum(graph: Graph, given: str) -> list[str]:
    """Sum neighbouring frames (bctyx)."""
    kernel = graph.constant(np.reshape([0.25, 0.5, 0.25], (1, 1, 3, 1, 1)))
    return [graph.add("Conv", given, kernel, pads=[1, 0, 0, 1, 0, 0])]


def free(axes: str, least: int = 12, step: int = 4, channels: int = 1, **more: object) -> Port:
    """Return an input of any size."""
    sides = {letter: {"min": least, "step": step} for letter in axes if letter in "tyx"}
    if "z" in axes:
        sides["z"] = {"min": 6, "step": 1}
    return Port("raw", axes, sides | {"c": channels}, **more)


PLANE, TILE = {"Y": 61, "X": 83}, {"Y": 24, "X": 32}
EVEN = {"Y": 60, "X": 84}
"""The reference shifts its last tile by odd numbers, where a network that halves gives another result."""

VOLUME, BRICK = {"Z": 14, "Y": 40, "X": 37}, {"Z": 8, "Y": 24, "X": 20}

NO_CHANNELS = "block with members \\[\\] does not overlap"
LARGER = "shape"

CASES = {
    "identity": Case(identity, [free("bcyx")], [same("made", "bcyx", "raw")], PLANE, TILE),
    "conv": Case(conv(), [free("bcyx")], [same("made", "bcyx", "raw", halo=4)], PLANE, TILE),
    "three channels into two": Case(
        conv(3, 2), [free("bcyx", channels=3)], [same("made", "bcyx", "raw", channels=2, halo=4)], PLANE, TILE
    ),
    "other steps": Case(
        conv(), [free("bcyx", 11, 5)], [same("made", "bcyx", "raw", halo=2)], PLANE, {"Y": 21, "X": 31}
    ),
    "fixed size": Case(
        conv(),
        [Port("raw", "bcyx", {"b": 1, "y": 24, "x": 32})],
        [same("made", "bcyx", "raw", halo=4)],
        PLANE,
        TILE,
    ),
    "channels last": Case(
        conv(3, 2), [free("byxc", channels=3)], [same("made", "byxc", "raw", channels=2, halo=4)], PLANE, TILE
    ),
    "no batch": Case(conv(), [free("cyx")], [same("made", "cyx", "raw", halo=4)], PLANE, TILE),
    "x before y": Case(conv(), [free("bcxy")], [same("made", "bcxy", "raw", halo=4)], PLANE, TILE),
    "batch last": Case(conv(), [free("yxb")], [same("made", "yxb", "raw", halo=4)], PLANE, TILE, NO_CHANNELS),
    "channels made": Case(
        conv(1, 3), [free("yxb")], [same("made", "ybxc", "raw", halo=4, channels=3)], PLANE, TILE
    ),
    "volume": Case(conv(sides=3), [free("bczyx")], [same("made", "bczyx", "raw", halo=2)], VOLUME, BRICK),
    "volume, channels last": Case(
        conv(2, 2, sides=3),
        [free("bzyxc", channels=2)],
        [same("made", "bzyxc", "raw", channels=2, halo=2)],
        VOLUME,
        BRICK,
    ),
    "plain volume": Case(
        conv(sides=3), [free("zyx")], [same("made", "zyx", "raw", halo=2)], VOLUME, BRICK, NO_CHANNELS
    ),
    "down and up": Case(
        down_and_up, [free("bcyx")], [same("made", "bcyx", "raw", channels=2, halo=4)], EVEN, TILE
    ),
    "without padding": Case(
        valid, [free("bcyx", 24)], [same("made", "bcyx", "raw", offset=-8)], PLANE, TILE, LARGER, lost=4
    ),
    "without padding, with halo": Case(
        valid,
        [free("bcyx", 24)],
        [same("made", "bcyx", "raw", offset=-8, halo=2)],
        PLANE,
        TILE,
        LARGER,
        lost=4,
    ),
    "half as many pixels": Case(
        halved,
        [free("bcyx", 24)],
        [same("made", "bcyx", "raw", channels=2, halo=2, scale={"y": 2.0, "x": 2.0})],
        EVEN,
        TILE,
    ),
    "twice as many pixels": Case(
        doubled,
        [free("bcyx")],
        [same("made", "bcyx", "raw", halo=4, scale={"y": 0.5, "x": 0.5})],
        PLANE,
        TILE,
    ),
    "two inputs and outputs": Case(
        two_of_each(0),
        [free("bcyx"), Port("other", "bcyx", same("", "bcyx", "raw", channels=2).sides)],
        [same("made", "bcyx", "raw", channels=3), same("too", "bcyx", "raw", channels=2)],
        PLANE,
        TILE,
    ),
    "time": Case(
        moving_sum,
        [Port("raw", "bctyx", {"t": 5, "y": {"min": 8, "step": 4}, "x": {"min": 8, "step": 4}})],
        [same("made", "bctyx", "raw")],
        {"T": 5, **PLANE},
        {"T": 5, **TILE},
    ),
}
for mode in ("constant", "edge", "reflect", "symmetric"):
    pad = {"mode": mode} | ({"value": 3.5} if mode == "constant" else {})
    steps = [("scale_linear", {"gain": 0.5, "offset": 1.0})]
    CASES[f"padding {mode}"] = Case(
        conv(radius=3),
        [free("bcyx", more={"pad": pad}, operations=steps)],
        [same("made", "bcyx", "raw", halo=4)],
        PLANE,
        TILE,
    )


def _write(folder: Path, case: Case) -> Path:
    test = {port.name: {letter.lower(): side for letter, side in case.tile.items()} for port in case.inputs}
    return write(folder / "package", case.body, case.inputs, case.outputs, test)


def _images(case: Case, sides: Mapping[str, int]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(8)
    lower = {letter.lower(): side for letter, side in sides.items()}
    return {
        port.name: random.random(
            [lower.get(each, port.sides.get(each, 1) or 1) for each in port.axes]
        ).astype(np.float32)
        for port in case.inputs
    }


def _surrounded(images: Mapping[str, np.ndarray], case: Case) -> dict[str, np.ndarray]:
    """Return the images with what the network loses mirrored around them."""
    return {
        port.name: np.pad(
            images[port.name],
            [(case.lost, case.lost) if letter in "yx" else (0, 0) for letter in port.axes],
            mode="symmetric",
        )
        for port in case.inputs
    }


def _agree(ours: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> bool:
    assert set(ours) == set(expected)
    return max(difference(ours[name], expected[name]) for name in ours) <= CLOSE


@pytest.mark.parametrize("name", CASES)
def test_tiles_as_the_reference_cuts_them(tmp_path: Path, reference: Reference, name: str) -> None:
    case = CASES[name]
    package = _write(tmp_path, case)
    images = _images(case, case.image)
    block = block_of(package, case.tile)
    if case.cannot:
        with pytest.raises(CannotError, match=case.cannot):
            reference.predict(package, images, block)
        expected = reference.predict(package, _surrounded(images, case))
    else:
        expected = reference.predict(package, images, block)
    assert _agree(tiled(package, images, case.tile), expected)


@pytest.mark.parametrize("name", CASES)
def test_whole_images_as_the_reference_runs_them(tmp_path: Path, reference: Reference, name: str) -> None:
    case = CASES[name]
    package = _write(tmp_path, case)
    images = _images(case, case.tile)
    large = {letter: 2 * side for letter, side in case.tile.items()}
    assert _agree(tiled(package, images, large), reference.predict(package, _surrounded(images, case)))


@pytest.mark.parametrize(
    "sides", [{"Y": 40, "X": 50}, {"Y": 61, "X": 17}, {"Y": 3, "X": 5}, {"Y": 1, "X": 1}]
)
@pytest.mark.parametrize("step", [0, 8])
def test_images_smaller_than_a_tile(
    tmp_path: Path, reference: Reference, sides: Mapping[str, int], step: int
) -> None:
    size = {"min": 64, "step": step} if step else 64
    inputs = [Port("raw", "bcyx", {"y": size, "x": size})]
    case = Case(conv(), inputs, [same("made", "bcyx", "raw", halo=1)], sides, {"Y": 64, "X": 64})
    package = _write(tmp_path, case)
    images = _images(case, sides)
    with pytest.raises(CannotError, match="smaller than block shape"):
        reference.predict(package, images, block_of(package, case.tile))
    assert _agree(tiled(package, images, case.tile), reference.predict(package, images))


def test_an_index_axis_counts_as_channels(tmp_path: Path, reference: Reference) -> None:
    def indexed(graph: Graph, given: str) -> list[str]:
        made = graph.conv(given, 1, 6, 2)
        shape = graph.add("Shape", made, start=2)
        wanted = graph.add("Concat", graph.constant([1, 2, 3], np.int64), shape, axis=0)
        # inside, the axes are b, c, i
        return [graph.add("Reshape", made, wanted)]

    output = same("made", "bicyx", "raw", channels=2, halo=4, sides={"i": 3})
    case = Case(indexed, [free("bcyx")], [output], PLANE, TILE)
    package = _write(tmp_path, case)
    images = _images(case, PLANE)
    with open_model(package) as model:
        pixels = images["raw"][0]
        outputs = inference.run(
            model.card, model.backend, {"raw": Block(pixels, ())}, Size(TILE), lambda: None
        )
        names = model.card.output.channels
    expected = reference.predict(package, images, block_of(package, TILE))["made"]
    assert difference(outputs["made"], expected[0].reshape(6, *expected.shape[3:])) <= CLOSE
    assert names == ("c1 1", "c2 1", "c1 2", "c2 2", "c1 3", "c2 3")


def test_an_output_that_is_no_image_is_left_out(tmp_path: Path, reference: Reference) -> None:
    def with_score(graph: Graph, given: str) -> list[str]:
        made = graph.conv(given, 1, 1, 2)
        return [
            made,
            graph.add("Squeeze", graph.add("GlobalAveragePool", made), graph.constant([2, 3], np.int64)),
        ]

    outputs = [same("made", "bcyx", "raw", halo=4), Port("score", "bc")]
    case = Case(with_score, [free("bcyx")], outputs, PLANE, TILE)
    package = _write(tmp_path, case)
    images = _images(case, PLANE)
    ours = tiled(package, images, TILE)
    assert list(ours) == ["made"]
    assert difference(ours["made"], reference.predict(package, images)["made"]) <= CLOSE


def test_two_inputs_with_a_halo(tmp_path: Path, reference: Reference) -> None:
    inputs = [free("bcyx", 16), Port("other", "bcyx", same("", "bcyx", "raw", channels=2).sides)]

    def package(name: str, halo: int) -> Path:
        outputs = [same("made", "bcyx", "raw", channels=3, halo=halo), same("too", "bcyx", "raw", channels=2)]
        return _write(tmp_path / name, Case(two_of_each(1), inputs, outputs, PLANE, TILE))

    case = Case(two_of_each(1), inputs, [], PLANE, TILE, lost=4)
    images = _images(case, PLANE)
    with pytest.raises(
        CannotError, match="Mismatch for total number of blocks"
    ):  # it gives the first one a halo only
        reference.predict(package("with", 4), images, block_of(package("too", 4), TILE))
    whole = reference.predict(package("without", 0), _surrounded(images, case))
    expected = {name: each[..., 4:-4, 4:-4] for name, each in whole.items()}
    assert _agree(tiled(tmp_path / "with/package", images, TILE), expected)
