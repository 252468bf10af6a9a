"""What a bare network file does not say, measured by running it on a textured image.

Pixels are changed one by one, and a whole end of the image at once; by as much as images differ, for the
halo, and by far more, so that every path through the network is seen, for the receptive field. The image is
long only along the axis that is looked at, so that a network that looks far stays quick to measure.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import platform
from drua.bare.layout import find_layout, image_letters, shape_of
from drua.bare.network import Network, Pixels, weights_format
from drua.bare.reach import FAINT, ROUNDING, Change, Reach, reach_of, texture
from drua.errors import CardError, one_line

Progress = Callable[[str, int, int], None]

STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128)
"""Tried in this order as a step of sizes and as a stride."""

_STRONG = 1e3
_SHORTEST = 8
"""A fixed side below it is seen whole at once: nothing is cut along it."""
_NARROW = {"Y": 128, "X": 128, "Z": 16, "T": 16}
_NARROW_IN_VOLUMES = {"Y": 32, "X": 32, "Z": 16, "T": 16}
_LONGEST = {"Y": 2048, "X": 2048, "Z": 256, "T": 256}
_FIRST = {"Y": 256, "X": 256, "Z": 16, "T": 16}
"""Sides along which changes are looked for first; they are doubled while changes reach the end."""
_PATIENCE = 240.0
"""Seconds that one more doubling of a side may take: a busy computer must find the same as an idle one."""
_VERSION = 1
"""Part of the name of cached findings: raise it when a measurement changes."""


@dataclass(frozen=True)
class Side:
    """One axis of the network: its sizes, and what context it needs. Lengths are in pixels of the input.

    Parameters
    ----------
    least : int
        The smallest side that works, or the only one.
    step : int
        What sides grow by; 0: the side is fixed.
    scale : tuple of int
        Side of the output by side of the input, as numerator and denominator.
    offset : int
        Pixels of the output that its side is longer than by the scale; negative for valid convolutions.
    stride : int
        By how much an image must be shifted for the result to be the shifted result.
    field : int or None
        How far a pixel of the result looks; None where it sees everything that could be tried.
    halo : int
        How far it looks so that it matters, less what the network itself leaves out at the edge.
    """

    least: int
    step: int
    scale: tuple[int, int]
    offset: int
    stride: int = 1
    field: int | None = None
    halo: int = 0


@dataclass(frozen=True)
class Findings:
    """What was measured: axes with B for the batch, channels, one Side for each other axis, output values."""

    axes: str
    channels: int
    output_axes: str
    output_channels: int
    sides: dict[str, Side]
    lowest: float
    highest: float
    batch: int | None
    integer: str | None


def measure(path: Path, progress: Progress, axes: str | None = None) -> Findings:
    """Return what can be measured of a bare network; it is kept in the cache folder.

    Parameters
    ----------
    path : Path
        An ONNX or TorchScript file.
    progress : callable
        Called as (what, done, all) after every run of the network; it may raise Cancelled.
    axes : str, optional
        The axes of the input with B for the batch; guessed from its sides where absent.

    Raises
    ------
    CardError
        If it is no such file, has several inputs or outputs, or runs on no image that was tried.
    UntrustedModelError
        If the file names data outside its folder.
    BackendMissingError
        If nothing here runs the format.
    """
    weights_format(path)
    cached = _cache_file(path, axes)
    found = _cached(cached)
    if found is None:
        progress("measuring the network", 0, 0)
        with Network(path) as network:
            found = _Probe(network, progress, *find_layout(path, network, axes)).findings()
        _keep(cached, found)
    return found


class _Probe:
    """The measurements of one network, in their order."""

    def __init__(
        self, network: Network, progress: Progress, axes: str, channels: int, sides: dict[str, int]
    ) -> None:
        self.network = network
        self.axes = axes
        self.channels = channels
        self.base = sides
        self.letters = image_letters(axes)
        self._progress = progress
        self._runs = 0

    def findings(self) -> Findings:
        """Measure everything."""
        output = self._attempt(self.base)
        if output is None:
            raise CardError(
                f"the network does not run on a single image of {self.base}: {self.network.reason}"
            )
        steps = {letter: self._step(letter, output) for letter in self.letters}
        output_axes = self._output_axes(output, steps)
        sides = {letter: self._side(letter, output, output_axes, steps[letter]) for letter in self.letters}
        self._make_narrow(sides)
        sides = {letter: self._with_context(letter, sides, output_axes) for letter in self.letters}
        given = self._run(self._texture(self.base))
        return Findings(
            axes=self.axes,
            channels=self.channels,
            output_axes=output_axes,
            output_channels=output[output_axes.index("C")] if "C" in output_axes else 1,
            sides=sides,
            lowest=float(given.min()),
            highest=float(given.max()),
            batch=self.network.shape[0] if self.network.shape else None,
            integer=self.network.type.name if self.network.type.kind in "iu" else None,
        )

    def _attempt(self, sides: Mapping[str, int]) -> tuple[int, ...] | None:
        self._count()
        return self.network.attempt(shape_of(self.axes, self.channels, sides))

    def _run(self, image: Pixels) -> Pixels:
        self._count()
        return self.network(image)

    def _count(self) -> None:
        self._runs += 1
        self._progress(f"measuring the network: run {self._runs}", 0, 0)

    def _texture(self, sides: Mapping[str, int], seed: int = 0) -> Pixels:
        image = texture(shape_of(self.axes, self.channels, sides), self.axes, seed)
        return np.asarray(image * self.network.unit, np.float32)

    def _is_free(self, letter: str) -> bool:
        return self.network.shape is None or self.network.shape[self.axes.index(letter)] is None

    def _step(self, letter: str, output: tuple[int, ...]) -> tuple[int, int, int]:
        """Return a side's step, the output's axis that grows with it, and by how much; zeros if fixed."""
        if not self._is_free(letter):
            return 0, 0, 0
        runs = False
        for step in STEPS:
            grown = [self._grown(letter, output, count * step) for count in (1, 2, 3)]
            if None not in grown and len(axis := {each[0] for each in grown if each}) == 1:
                growth = [each[1] for each in grown if each]
                if growth[0] > 0 and growth == [growth[0], 2 * growth[0], 3 * growth[0]]:
                    return step, axis.pop(), growth[0]
            runs = runs or grown != [None, None, None]
        if runs:
            raise CardError(
                f"the network makes no image: its output of the sides {output} does not grow with {letter}",
                remedy="add a network whose output has the axes of an image",
            )
        return 0, 0, 0

    def _grown(self, letter: str, output: tuple[int, ...], more: int) -> tuple[int, int] | None:
        """Return the axis of the output that gets longer with a side of the input, and by how much.

        None if the network does not run; zeros where not exactly one axis gets longer.
        """
        found = self._attempt({**self.base, letter: self.base[letter] + more})
        if found is None:
            return None
        if len(found) != len(output):
            return 0, 0
        longer = [
            (axis, new - old) for axis, (new, old) in enumerate(zip(found, output, strict=True)) if new != old
        ]
        return longer[0] if len(longer) == 1 and longer[0][1] > 0 else (0, 0)

    def _output_axes(self, output: tuple[int, ...], steps: Mapping[str, tuple[int, int, int]]) -> str:
        """Return the letters of the output: of sides that grow with the input's, else those of the input."""
        rank = len(output)
        expected = (
            {rank: self.axes} if rank == len(self.axes) else {len(self.axes) - 1: self.axes.replace("C", "")}
        )
        found: dict[int, str] = {0: "B"}
        found |= {axis: letter for letter, (step, axis, _) in steps.items() if step}
        rest = [axis for axis in range(rank) if axis not in found]
        if len(rest) <= 1 and set(self.letters) <= set(found.values()):
            found |= dict.fromkeys(rest, "C")
        elif rank in expected and all(expected[rank][axis] == letter for axis, letter in found.items()):
            found = dict(enumerate(expected[rank]))
        else:
            raise CardError(
                f"the network makes an output of the sides {output} of an image {self.axes} with {self.base},"
                " and which axis is which cannot be told",
                remedy="write a bioimageio.yaml for it",
            )
        return "".join(found[axis] for axis in range(rank))

    def _side(
        self, letter: str, output: tuple[int, ...], output_axes: str, found: tuple[int, int, int]
    ) -> Side:
        step, _, growth = found
        size, result = self.base[letter], output[output_axes.index(letter)]
        if step == 0:
            scale, offset = _fixed_relation(size, result)
            return Side(size, 0, (scale.numerator, scale.denominator), offset)
        scale = Fraction(growth, step)
        rest = result - scale * size
        if rest.denominator != 1:
            raise CardError(
                f"an image of {size} pixels along {letter} gives {result}, which no scale and offset explain",
                remedy="write a bioimageio.yaml for it",
            )
        side = Side(size, step, (scale.numerator, scale.denominator), int(rest))
        return _replaced(side, least=self._least(letter, side, output_axes))

    def _least(self, letter: str, side: Side, output_axes: str) -> int:
        """Return the smallest side, by bisection: a network that takes one takes all larger ones."""
        works, fails = 0, (side.least - 1) // side.step + 1  # in steps below the first side
        while fails - works > 1:
            middle = (works + fails) // 2
            size = side.least - middle * side.step
            found = self._attempt({**self.base, letter: size})
            fits = found is not None and found[output_axes.index(letter)] == side_of(side, size) > 0
            works, fails = (middle, fails) if fits else (works, middle)
        return side.least - works * side.step

    def _make_narrow(self, sides: Mapping[str, Side]) -> None:
        """Go on with small images, if the network takes them: they are made long only where it is looked."""
        wanted = _NARROW if len(self.letters) == 2 else _NARROW_IN_VOLUMES
        narrow = {letter: self._longer(side, side.least, wanted[letter]) for letter, side in sides.items()}
        if (
            all(narrow[letter] <= self.base[letter] for letter in narrow)
            and self._attempt(narrow) is not None
        ):
            self.base = narrow

    def _with_context(self, letter: str, sides: Mapping[str, Side], output_axes: str) -> Side:
        """Return the side with its stride, receptive field and halo."""
        axis = output_axes.index(letter)
        side, started = sides[letter], time.monotonic()
        if side.step == 0 and side.least < _SHORTEST:
            return _replaced(side, field=0)
        length = self._longer(side, self.base[letter], _FIRST[letter])
        while True:
            reach = self._reach(letter, side, axis, length)
            took, started = time.monotonic() - started, time.monotonic()
            longer = self._longer(side, length, 2 * length)
            enough = longer == length or longer > _LONGEST[letter] or 2 * took > _PATIENCE
            if reach.field is not None or enough:
                break
            length = longer
        stride = self._stride(letter, side, axis, reach, length)
        lost = Fraction(max(-side.offset, 0), 2) / Fraction(*side.scale)
        halo = max(0, math.ceil(reach.halo - lost))
        return _replaced(side, stride=math.lcm(stride, side.step or 1), field=reach.field, halo=halo)

    def _longer(self, side: Side, length: int, wanted: int) -> int:
        """Return the smallest side the network takes that is at least as long as it is and as is wanted."""
        if side.step == 0:
            return length
        return length + max(0, -(-(wanted - length) // side.step)) * side.step

    def _reach(self, letter: str, side: Side, axis: int, length: int) -> Reach:
        """Return how far changes spread along an axis of an image of the given length."""
        sides = {**self.base, letter: length}
        image = self._texture(sides)
        before = self._run(image)
        places = _places(side, before.shape[axis])
        changes, scale = [], float(np.abs(before).max())
        for first, last, changed, is_realistic in self._changes(letter, image, sides):
            change = np.abs(self._run(changed) - before).astype(np.float64)
            profile = np.moveaxis(change, axis, 0).reshape(len(places), -1).max(axis=1)
            away = np.maximum(first - places, places - last)
            changes.append(Change(profile, away, is_realistic, first == last, scale))
        return reach_of(changes)

    def _changes(
        self, letter: str, image: Pixels, sides: Mapping[str, int]
    ) -> Iterator[tuple[int, int, Pixels, bool]]:
        """Yield first and last changed place along an axis, the changed image, whether it is realistic."""
        along, length = self.axes.index(letter), sides[letter]
        other = self._texture(sides, seed=1)
        unit = self.network.unit
        floats = self.network.type.kind == "f"
        for first, last in ((0, length // 4 - 1), (length - length // 4, length - 1)):
            part = (slice(None),) * along + (slice(first, last + 1),)
            for strength in (1.0, _STRONG, -_STRONG) if floats else (1.0,):
                changed = image.copy()
                changed[part] = other[part] * strength
                yield first, last, changed, strength == 1.0
        random = np.random.default_rng(2)
        for _ in range(4):
            place = [
                random.integers(side // 2 - side // 8, side // 2 + side // 8 + 1) for side in image.shape
            ]
            place = [min(at, side - 1) for at, side in zip(place, image.shape, strict=True)]
            pixel = tuple(
                slice(None) if name in "BC" else int(at) for name, at in zip(self.axes, place, strict=True)
            )
            for strength in (2.0, -2.0, _STRONG, -_STRONG) if floats else (1.0, -1.0):
                changed = image.copy()
                signs = np.where(random.random(self.channels) < 0.75, 1, -1).reshape(changed[pixel].shape)
                changed[pixel] += signs * strength * unit
                if not floats:
                    changed = changed.clip(0, unit)
                yield int(place[along]), int(place[along]), changed, abs(strength) <= 2

    def _stride(self, letter: str, side: Side, axis: int, reach: Reach, length: int) -> int:
        """Return the smallest shift of the image that shifts the result; if there is none, the step."""
        sees = reach.halo if reach.field is None else reach.field
        wanted = min(2 * sees + 4 * max(side.step, 16), _LONGEST[letter])
        length = self._longer(side, min(length, self.base[letter]) if side.step else length, wanted)
        image = self._texture({**self.base, letter: length})
        before = np.moveaxis(self._run(image), axis, 0)
        scale = Fraction(*side.scale)
        span = float(before.max() - before.min())
        for step in STEPS:
            shift = step * scale
            # the same margin in input pixels at both ends, where the edge of the image is seen
            margin = math.ceil((min(sees, (length - step) // 3) + step) * scale)
            if shift.denominator != 1 or len(before) - 2 * margin < 2:
                continue
            rolled = np.roll(image, step, self.axes.index(letter))
            after = np.moveaxis(self._run(rolled), axis, 0)
            expected = before[margin - int(shift) : len(before) - margin - int(shift)]
            difference = np.abs(after[margin : len(before) - margin] - expected).max()
            if difference <= (ROUNDING if reach.field is not None else FAINT) * span:
                return step
        return max(side.step, 1)


def _places(side: Side, count: int) -> NDArray[np.float64]:
    """Return where the pixels of the output lie, in pixels of the input."""
    places = (np.arange(count) - side.offset / 2 + 0.5) / float(Fraction(*side.scale)) - 0.5
    return np.asarray(places, np.float64)


def side_of(side: Side, length: int) -> int:
    """Return the side of the output, in its pixels, for a side of the input."""
    return int(length * Fraction(*side.scale)) + side.offset


def _fixed_relation(size: int, result: int) -> tuple[Fraction, int]:
    """Return scale and offset of a fixed side: a whole factor, else what valid convolutions leave out."""
    scale = Fraction(result, size)
    plain = 1 in (scale.numerator, scale.denominator)
    return (scale, 0) if plain else (Fraction(1), result - size)


def _replaced(side: Side, **values: Any) -> Side:
    return Side(**{**asdict(side), **values})


def _cache_file(path: Path, axes: str | None) -> Path:
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CardError(f"{path} cannot be read: {one_line(error)}", remedy="check the path") from error
    return platform.cache_folder() / "networks" / f"{sha256}-{(axes or 'guessed').lower()}-{_VERSION}.json"


def _cached(path: Path) -> Findings | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        sides = {
            letter: Side(**{**side, "scale": tuple(side["scale"])})
            for letter, side in values["sides"].items()
        }
        return Findings(**{**values, "sides": sides})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(path: Path, found: Findings) -> None:
    # A cache that cannot be written costs time at the next question, nothing else.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(asdict(found)), encoding="utf-8")
        temporary.replace(path)
    except OSError:
        return
