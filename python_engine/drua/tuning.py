"""How large a tile, and how many at a time: what a short measurement says is fastest for an image.

A large tile computes fewer pixels twice, a small one may stay in the processor's cache, and a batch keeps a
GPU busy. Which of them counts differs by network and device, so that a handful of shapes is timed once for
each pair and kept in the cache folder. Images too small to be worth it get the tile that the card prefers.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil, prod
from pathlib import Path
from threading import Event, Thread

import numpy as np

from drua import inference, platform
from drua.backends import Backend
from drua.errors import DeviceMemoryError, ShapeError
from drua.inference import Size
from drua.models.card import ModelCard
from drua.tiling import TileGrid

WORTH_IT = 6_000_000
"""Pixels of an image from which a measurement pays."""

PATIENCE = 2.0
"""Seconds that one shape may take; no larger one is tried after that."""

SIDES = {"YX": (256, 512, 1024), "ZYX": (128, 192, 256), "TYX": (128, 256, 512)}
DEPTHS = (16, 32)
BATCHES = {"cpu": (1, 4)}
MORE_BATCHES = (1, 4, 16)
"""For devices with more processors than a tile has work for."""

GROWN = (1024, 1536, 2048, 3072, 4096)
"""Sides that need not be measured: beyond a certain size all tiles are equally fast."""

LONGEST = 8.0
"""Seconds that a tile may take: a run can be cancelled between tiles only."""

LEAST_BYTES = 300.0
"""Memory for a pixel of a tile to reckon with at least: what is read and written comes on top."""

SECONDS_BETWEEN_LOOKS = 0.005
"""How often the memory is looked at while a shape is timed: some runtimes give it back after a run."""

NEARLY = 1.05
"""How much longer than the fastest tile a smaller one may take: it needs less memory."""

SHARE_OF_MEMORY = 0.25
"""How much of the free memory the tiles that are predicted at a time may take."""


@dataclass(frozen=True)
class Shape:
    """A tile and batch, how fast it was, and what it took.

    Parameters
    ----------
    tile : tuple of int
        Sides in pixels, in the order of the card's grid.
    batch : int
        Tiles at a time.
    speed : float
        Pixels of tiles in a second; 0 if they did not fit into the memory.
    bytes : float
        Memory for a pixel of a tile; 0 where it cannot be told.
    """

    tile: tuple[int, ...]
    batch: int
    speed: float
    bytes: float

    @property
    def pixels(self) -> int:
        """The pixels of a batch."""
        return prod(self.tile) * self.batch


def size_for(
    card: ModelCard,
    backend: Backend,
    sides: Sequence[int],
    count: int,
    progress: Callable[[str, int, int], None],
) -> Size:
    """Return the tile and batch for an image.

    Parameters
    ----------
    card : ModelCard
        The model.
    backend : Backend
        Its network on its device.
    sides : sequence of int
        Of a plane or volume, in the order of the card's grid.
    count : int
        How many planes or volumes there are.
    progress : callable
        Called before every shape that is timed; may raise Cancelled.
    """
    preferred = Size(card.tile, 1)
    if prod(sides) * count < WORTH_IT or not _has_choice(card):
        return preferred
    shapes = _known(card, backend) or _measured(card, backend, progress)
    seconds = {
        shape: len(grid) * prod(grid.tile) * count / shape.speed
        for shape in (*shapes, *_grown(shapes))
        if shape.speed and (grid := _grid(card, shape, sides)) and _fits(shape, grid, backend)
    }
    if not seconds:
        return preferred
    soon = NEARLY * min(seconds.values())
    frugal = min((shape for shape in seconds if seconds[shape] <= soon), key=lambda each: each.pixels)
    return _size(card, frugal)


def _has_choice(card: ModelCard) -> bool:
    """Return whether a network takes other tiles, or several of them."""
    single = any(tensor.one_at_a_time or not tensor.is_image for tensor in card.inputs)
    return len(card.inputs) == 1 and (not single or any(card.input.step.values()))


def _measured(card: ModelCard, backend: Backend, progress: Callable[[str, int, int], None]) -> list[Shape]:
    """Time shapes from small to large; a shape that takes too long, or too much memory, is the last."""
    found: list[Shape] = []
    candidates = sorted(_candidates(card, backend.device), key=lambda each: prod(each[0]) * each[1])
    held = platform.held_memory()
    for number, (tile, batch) in enumerate(candidates):
        if any(shape.tile == tile and batch > 1 and _is_slower(shape, found) for shape in found):
            continue
        if found and not _is_affordable(found[-1], prod(tile) * batch, backend):
            break
        progress("measuring the device, shapes", number, len(candidates))
        try:
            shape, seconds = _time(card, backend, tile, batch, held)
        except DeviceMemoryError:
            found.append(Shape(tile, batch, 0.0, 0.0))
            break
        found.append(shape)
        if seconds > PATIENCE:
            break
    _keep(card, backend, found)
    return found


def _is_slower(shape: Shape, found: Sequence[Shape]) -> bool:
    """Return whether a larger batch of this tile was no faster: then still larger ones are not."""
    batches = [each for each in found if each.tile == shape.tile]
    return len(batches) > 1 and batches[-1].speed < batches[-2].speed * 1.03


def _candidates(card: ModelCard, device: str) -> Iterator[tuple[tuple[int, ...], int]]:
    seen = set()
    single = any(tensor.one_at_a_time for tensor in card.inputs)
    for side in SIDES.get(card.grid, SIDES["ZYX"]):
        for depth in DEPTHS if len(card.grid) > 2 else (0,):
            wanted = {letter: side if letter in "YX" else depth for letter in card.grid}
            tile = tuple(_allowed(card, letter, wanted[letter]) for letter in card.grid)
            for batch in (1,) if single else BATCHES.get(device, MORE_BATCHES):
                if (tile, batch) not in seen and _leaves_core(card, tile):
                    seen.add((tile, batch))
                    yield tile, batch


def _allowed(card: ModelCard, letter: str, wanted: int) -> int:
    least, step = card.input.least[letter], card.input.step[letter]
    return least if step == 0 else least + max(wanted - least, 0) // step * step


def _leaves_core(card: ModelCard, tile: Sequence[int]) -> bool:
    return all(
        side >= 2 * card.margin[letter] + card.stride[letter]
        for letter, side in zip(card.grid, tile, strict=True)
    )


def _time(
    card: ModelCard, backend: Backend, tile: tuple[int, ...], batch: int, held: int
) -> tuple[Shape, float]:
    """Time a shape; the first run, which takes memory, tells how much more than `held` bytes it needs."""
    zeros = np.random.default_rng(0).normal(size=(len(card.input.channels), *tile)).astype(np.float32)
    inputs = [inference.to_network([zeros] * batch, card.input)]
    most = _most_held(lambda: backend.run(inputs))
    started = time.perf_counter()
    backend.run(inputs)
    seconds = time.perf_counter() - started
    pixels = prod(tile) * batch
    needed = max(most - held, 0) / pixels if backend.device == "cpu" else 0.0
    return Shape(tile, batch, pixels / seconds, needed), seconds


def _most_held(work: Callable[[], object]) -> int:
    """Do something, and return the most bytes that this process held meanwhile."""
    most = platform.held_memory()
    done = Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(SECONDS_BETWEEN_LOOKS):
            most = max(most, platform.held_memory())

    watcher = Thread(target=watch, name="drua-memory", daemon=True)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return max(most, platform.held_memory())


def _grown(shapes: Sequence[Shape]) -> list[Shape]:
    """Return larger tiles than were measured, as fast as the largest that was, where all fitted."""
    if not shapes:
        return []
    largest = max(shapes, key=lambda shape: (prod(shape.tile), -shape.batch))
    if len(largest.tile) > 2 or not all(shape.speed for shape in shapes):
        return []
    return [
        replace(largest, tile=(side, side), batch=1)
        for side in GROWN
        if side > max(largest.tile) and side**2 / largest.speed < LONGEST
    ]


def _grid(card: ModelCard, shape: Shape, sides: Sequence[int]) -> TileGrid | None:
    """Return how an image would be cut, or None if the card's sizes leave no tile for it."""
    try:
        return inference.grid_of(card, sides, _size(card, shape))
    except ShapeError:
        return None


def _fits(shape: Shape, grid: TileGrid, backend: Backend) -> bool:
    at_a_time = shape.batch * backend.lanes(ceil(len(grid) / shape.batch))
    return _is_affordable(shape, prod(grid.tile) * at_a_time, backend)


def _is_affordable(shape: Shape, pixels: int, backend: Backend) -> bool:
    """Return whether so many pixels may be predicted at a time, by what a shape took."""
    if backend.device != "cpu":
        return True  # what does not fit is run in pieces, and the user is told
    return max(shape.bytes, LEAST_BYTES) * pixels <= platform.free_memory() * SHARE_OF_MEMORY


def _size(card: ModelCard, shape: Shape) -> Size:
    return Size(dict(zip(card.grid, shape.tile, strict=True)), shape.batch)


def _known(card: ModelCard, backend: Backend) -> list[Shape]:
    try:
        kept = json.loads(_file(card, backend).read_text(encoding="utf-8"))
        return [Shape(tuple(each.pop("tile")), **each) for each in kept]
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return []


def _keep(card: ModelCard, backend: Backend, shapes: Sequence[Shape]) -> None:
    # A cache that cannot be written costs time at the next start, nothing else.
    path = _file(card, backend)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps([asdict(shape) for shape in shapes]), encoding="utf-8")
        temporary.replace(path)
    except OSError:
        return


def _file(card: ModelCard, backend: Backend) -> Path:
    what = f"{card.sha256} {backend.device} {backend.provider} {os.cpu_count()}"
    return platform.cache_folder() / "speed" / f"{hashlib.sha256(what.encode()).hexdigest()}.json"
