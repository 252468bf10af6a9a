"""predict(): the whole data flow, from an image to a result. Nothing else calls a network.

image -> channel -> planes -> (normalise -> pad -> tiles -> network -> stitch -> decode) -> outlines, table
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import axes, intensity, labels, measure, memory, outlines, tiling
from drua.backends import Backend, open_backend
from drua.decoders import find_decoder
from drua.errors import CardError, ImageError
from drua.image import Image
from drua.memory import FrugalBackend
from drua.models.card import ModelCard
from drua.models.catalog import find_model

Progress = Callable[[str, int, int], None]
"""Called with what is counted, how many are done, and how many there are; may raise Cancelled.

Before a step that is not counted it is called with the step's name and 0, 0."""


@dataclass(frozen=True)
class Region:
    """A rectangle in an image, in pixels: its left, top, width and height."""

    x: int
    y: int
    width: int
    height: int

    def of(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Return a view of the rectangle of pixels (..., Y, X); ImageError if it is not wholly inside."""
        rows, columns = pixels.shape[-2:]
        inside = 0 <= self.x < self.x + self.width <= columns and 0 <= self.y < self.y + self.height <= rows
        if not inside:
            raise ImageError(
                f"the selection of {self.width} x {self.height} pixels at {self.x}, {self.y} does not lie"
                f" in the image of {columns} x {rows}",
                remedy="move the selection into the image",
            )
        return pixels[(..., *self._slices)]

    def placed(self, part: NDArray[Any], sides: tuple[int, ...]) -> NDArray[Any]:
        """Return zeros with the sides (Y, X) and the part (..., Y, X) in the place of the rectangle."""
        whole = np.zeros(part.shape[:-2] + tuple(sides), part.dtype)
        whole[(..., *self._slices)] = part
        return whole

    @property
    def _slices(self) -> tuple[slice, slice]:
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


@dataclass(frozen=True)
class Prediction:
    """What a model made of an image.

    `input` is what the model saw, one channel with axes TZYX; `image` is the result with axes TZYX (label
    image) or TZCYX (intensity) and the calibration of the input; `kind` is 'label_image' or 'intensity'.
    `outlines` and `table` describe the objects of a label image.
    `run` is the provenance: which model, device, settings, and how long it took.
    """

    kind: str
    input: Image
    image: Image
    outlines: outlines.Outlines | None
    table: measure.Table | None
    run: dict[str, Any]

    @property
    def count(self) -> int:
        """The number of objects."""
        return int(self.run["objects"])


class Model(AbstractContextManager["Model"]):
    """A model card with its network loaded on a device."""

    def __init__(self, card: ModelCard, backend: Backend) -> None:
        self.card = card
        self.backend = backend

    def close(self) -> None:
        """Give the network's memory back."""
        self.backend.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_model(model: str | os.PathLike[str], device: str = "auto") -> Model:
    """Load an installed model by its id, or a package by its folder, on 'auto', 'cpu' or 'cuda:0'."""
    card = find_model(model)
    return Model(card, open_backend(card, device))


def predict(
    image: Image,
    model: Model | str,
    *,
    settings: Mapping[str, Any] | None = None,
    channel: int = 0,
    region: Region | None = None,
    source: str = "",
    progress: Progress | None = None,
) -> Prediction:
    """Run a model on an image.

    Parameters
    ----------
    image : Image
        Any axes; planes of T and Z are predicted one by one by a 2D model, each with its own statistics.
    model : Model or str
        An opened model, or the id or folder of one, which is then opened on the best device and closed.
    settings : mapping
        Overrides of the card's settings, by name.
    channel : int
        The channel to use, counted from 1; 0 stands for the only one.
    region : Region, optional
        The part to predict, with statistics of its own; the result has the size of the image all the same.
    source : str
        The image's name for the provenance.
    progress : callable
        Called as (what, done, all) after every tile; it may raise Cancelled.

    Raises
    ------
    RequestError
        If image, settings or channel do not fit the model.
    ModelError, BackendError
        If the model is wrong or this machine cannot run it, for example for lack of memory.
    """
    with nullcontext(model) if isinstance(model, Model) else open_model(model) as opened:
        started = time.perf_counter()
        card = opened.card
        resolved = card.resolve(settings or {})
        single = select_channel(image, card, channel)
        part = single if region is None else single.with_pixels(region.of(single.pixels), single.axes)
        memory.check(part.pixels.shape)
        with closing(FrugalBackend(opened.backend, card)) as backend:
            results, tiles = _predict_planes(part, card, backend, resolved, progress or _silent)
            run = _provenance(card, backend, resolved, channel, source)
    if region is not None:
        results = [region.placed(result, single.pixels.shape[-2:]) for result in results]
    run |= {"seconds": round(time.perf_counter() - started, 3), "tiles": tiles}
    return _result(results, single, find_decoder(card.decoder["id"]).kind, run, progress or _silent)


def select_channel(image: Image, card: ModelCard, channel: int) -> Image:
    """Return the image with the one channel that the model takes, axes TZYX.

    Channels that are all equal, as in grey images stored as RGB, count as one.

    Raises
    ------
    ImageError
        If the image has several channels and none is chosen, or the chosen one does not exist.
    """
    if sorted(card.input.axes) != sorted("CYX") or len(card.input.channels) != 1:
        raise CardError(f"model {card.id!r} takes {card.input.axes}; Drua runs 2D models with one channel")
    count = image.size("C")
    if not 0 <= channel <= count:
        raise ImageError(
            f"channel {channel} was chosen, but the image has {count}", remedy=f"choose 1 to {count}"
        )
    if channel == 0 and count > 1 and not _all_equal(image):
        names = f" ({', '.join(image.channel_names)})" if image.channel_names else ""
        raise ImageError(
            f"the image has {count} channels{names}, but model {card.id!r} takes one",
            remedy=f"choose channel 1 to {count}",
        )
    return (image.select_channel(channel or 1) if "C" in image.axes else image).to("TZYX")


def predict_maps(
    plane: NDArray[Any], card: ModelCard, backend: Backend, tile: int, on_tile: Callable[[], None]
) -> NDArray[Any]:
    """Return the network's maps (C, Y, X), float32, of one plane (Y, X), tile by tile.

    Statistics are taken over the whole plane; the plane is padded by reflection to a multiple of the
    network's stride and to its smallest side, and every tile lies inside it.
    """
    normalised = intensity.apply(card.input.operations, plane.astype(np.float32)[None], "CYX")
    padded, crop = tiling.pad_to_multiple(normalised, (card.stride,) * 2, _smallest(card))
    grid = tile_grid(padded.shape[1:], card, tile)

    def pairs() -> Iterator[tuple[tiling.Tile, NDArray[Any]]]:
        for piece, view in tiling.split(padded, grid):
            (output,) = backend.run([axes.permute(view, "CYX", card.input.axes)[None]])
            yield piece, axes.permute(output[0], card.output.axes, "CYX")
            on_tile()

    stitched = tiling.stitch(pairs(), grid)[crop]
    return intensity.apply(card.output.operations, stitched, "CYX")


def tile_grid(shape: tuple[int, ...], card: ModelCard, tile: int) -> tiling.TileGrid:
    """Return the tiles of a padded plane (Y, X) for a card."""
    halo = tuple(card.output.halo[letter] for letter in "YX")
    return tiling.TileGrid(shape, (tile, tile), halo, (card.stride, card.stride))


def _predict_planes(
    image: Image, card: ModelCard, backend: Backend, settings: Mapping[str, Any], progress: Progress
) -> tuple[list[NDArray[Any]], int]:
    decoder = find_decoder(card.decoder["id"])
    planes = image.pixels.reshape(-1, *image.pixels.shape[-2:])
    intensity.check_finite(image.pixels, image.axes)
    each = _tiles_per_plane(planes.shape[1:], card)
    total, done = each * len(planes), 0
    progress("tiles", done, total)

    def on_tile() -> None:
        nonlocal done
        done += 1
        progress("tiles", done, total)

    results = []
    for plane in planes:
        if decoder.kind == "label_image" and intensity.is_flat(plane, "YX"):
            results.append(np.zeros(plane.shape, np.uint32))
            done += each - 1
            on_tile()
            continue
        maps = predict_maps(plane, card, backend, card.tile, on_tile)
        progress("finding objects", 0, 0)
        results.append(decoder.decode(maps, card.output.channels, {**card.decoder, **settings}))
    return results, total


def _tiles_per_plane(shape: tuple[int, ...], card: ModelCard) -> int:
    sides = (max(side, least) for side, least in zip(shape, _smallest(card), strict=True))
    padded = tuple(-(-side // card.stride) * card.stride for side in sides)
    return len(tile_grid(padded, card, card.tile))


def _smallest(card: ModelCard) -> tuple[int, ...]:
    return tuple(card.input.smallest[letter] for letter in "YX")


def _result(
    results: list[NDArray[Any]], image: Image, kind: str, run: dict[str, Any], progress: Progress
) -> Prediction:
    times, slices = image.size("T"), image.size("Z")
    if kind == "intensity":
        stacked = np.stack(results)
        pixels = stacked.reshape(times, slices, *stacked.shape[1:])
        return Prediction(kind, image, image.with_pixels(pixels, "TZCYX"), None, None, run | {"objects": 0})
    progress("tracing outlines", 0, 0)
    unique = labels.stack(results)
    volume = unique.reshape(times, slices, *unique.shape[1:])
    traced = outlines.trace(unique)
    progress("measuring", 0, 0)
    table = measure.measure(volume, image)
    run |= {"objects": labels.count(unique)}
    return Prediction(kind, image, image.with_pixels(volume, "TZYX"), traced, table, run)


def _provenance(
    card: ModelCard, backend: FrugalBackend, settings: Mapping[str, Any], channel: int, source: str
) -> dict[str, Any]:
    return {
        "model": card.id,
        "model_sha256": card.sha256,
        "engine": version("drua"),
        "device": backend.device,
        "provider": backend.provider,
        "notes": backend.notes,
        "settings": dict(settings),
        "channel": channel,
        "source": source,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def _all_equal(image: Image) -> bool:
    first, *others = np.moveaxis(image.pixels, axes.position(image.axes, "C"), 0)
    return all(np.array_equal(first, other) for other in others)


def _silent(_what: str, _done: int, _all: int) -> None:
    """Report nothing."""
