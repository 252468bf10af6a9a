"""predict(): the whole data flow, from an image to a result. Nothing else calls a network.

image -> channels -> planes or volumes -> (rescale -> normalise -> tiles -> network -> stitch -> decode ->
rescale back) -> outlines, table
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from importlib.metadata import version
from math import prod
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import axes, flatness, inference, intensity, labels, measure, memory, outlines, scaling, tuning
from drua.backends import Backend, open_backend
from drua.decoders import Decoder, find_decoder
from drua.display import Display
from drua.errors import CardError, ImageError, SettingError
from drua.image import Image
from drua.inference import Block
from drua.intensity import Operation, Source
from drua.memory import FrugalBackend
from drua.models.card import ModelCard
from drua.models.catalog import find_model
from drua.models.tensor import Tensor
from drua.selection import Choice, select_channels
from drua.statistics import check_finite

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
        return pixels[(..., *self.slices)]

    def placed(self, part: NDArray[Any], sides: tuple[int, ...]) -> NDArray[Any]:
        """Return zeros with the sides (Y, X) and the part (..., Y, X) in the place of the rectangle."""
        whole = np.zeros(part.shape[:-2] + tuple(sides), part.dtype)
        whole[(..., *self.slices)] = part
        return whole

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rows and the columns."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


@dataclass(frozen=True)
class Prediction:
    """What a model made of an image.

    Parameters
    ----------
    kind : str
        'label_image' or 'intensity'.
    input : Image
        What was measured: the chosen channel, or the mean of several, axes TZYX.
    image : Image
        The result, TZYX (label image) or TZCYX (intensity), with the calibration of the input.
    outlines, table
        The objects of a label image.
    run : dict
        The provenance: which model, device, settings, and how long it took.
    maps : dict of str to Image
        The network's outputs by name, TZCYX, where they were asked for, or where it has several; or what a
        task makes of them.
    displays : dict of str to Display
        How maps are to be shown, where it is not by their least and greatest values.
    pictures : dict of str to ndarray, uint8, (Y, X, 3)
        Pictures for people, by name.
    """

    kind: str
    input: Image
    image: Image
    outlines: outlines.Outlines | None
    table: measure.Table | None
    run: dict[str, Any]
    maps: Mapping[str, Image] = field(default_factory=dict)
    displays: Mapping[str, Display] = field(default_factory=dict)
    pictures: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)

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
    channel: Choice = 0,
    inputs: Mapping[str, Image] | None = None,
    region: Region | None = None,
    maps: bool = False,
    as_input: bool = False,
    source: str = "",
    progress: Progress | None = None,
) -> Prediction:
    """Run a model on an image.

    Parameters
    ----------
    image : Image
        Any axes; planes of T and Z are predicted one by one by a 2D model, volumes of T by a 3D model.
    model : Model or str
        An opened model, or the id or folder of one, which is then opened on the best device and closed.
    settings : mapping
        Overrides of the card's settings, by name.
    channel : int or str
        The channels to use, by number from 1 or by name, several with commas; 0 stands for all there are.
    inputs : mapping
        The images for the further inputs of a model with several, by name.
    region : Region, optional
        The part to predict, with statistics of its own; the result has the size of the image all the same.
    maps : bool
        Whether to return the network's outputs, too.
    as_input : bool
        Whether results come back in the grey values of the image, where the card normalises these and has
        nothing to undo it.
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
        decoder = _decoder(card)
        resolved = card.resolve(settings or {})
        tell = progress or _silent
        whole = sources_of(image, card, channel, inputs or {})
        parts = whole if region is None else {name: _cropped(each, region) for name, each in whole.items()}
        first = parts[card.input.name]
        scale, note = scaling.factors(first, card, float(resolved["scale"]))
        job = Job(card, decoder, resolved, parts, scale, as_input=as_input)
        memory.check(job.block_pixels, job.pixels, card, decoder.kind)
        with closing(FrugalBackend(opened.backend, card)) as backend:
            several = decoder.kind == "intensity" and len(card.outputs) > 1
            results, tiles = job.run(backend, maps or several, tell)
            run = provenance(card, backend, resolved, channel, source)
    run["notes"] = [*run["notes"], *([note] if note else [])]
    run |= {"seconds": round(time.perf_counter() - started, 3), "tiles": tiles}
    return _result(job, results, whole[card.input.name], region, run, tell)


def predict_maps(image: Image, model: Model | str, **options: Any) -> Prediction:
    """Return what a network gives, without looking for objects in it.

    Parameters
    ----------
    image, model, options
        As of `predict`.

    Returns
    -------
    Prediction
        Its `maps` are all outputs of the network that are images, its `image` is the first of them.
    """
    with nullcontext(model) if isinstance(model, Model) else open_model(model) as opened:
        card = replace(opened.card, decoder={"id": "image"})
        return predict(image, Model(card, opened.backend), maps=True, **options)


class Job:
    """One prediction: a card and what it is to be run on.

    The images have the axes `outer`, C and the letters of the card's grid: planes or volumes, numbered by the
    outer letters.
    """

    def __init__(
        self,
        card: ModelCard,
        decoder: Decoder,
        settings: Mapping[str, Any],
        parts: Mapping[str, Image],
        scale: Mapping[str, float],
        *,
        as_input: bool = False,
    ) -> None:
        self.card = card
        self.decoder = decoder
        self.settings = settings
        self.parts = parts
        self.first = parts[card.input.name]
        self.outer = outer_letters(card)
        self.sides = tuple(self.first.size(letter) for letter in card.grid)
        self.scaled = tuple(
            max(round(side * scale[letter]), 1) for letter, side in zip(card.grid, self.sides, strict=True)
        )
        self._scale = scale
        self._as_input = as_input and all(
            not _changes(tensor) and len(tensor.channels) == len(card.input.channels)
            for tensor in card.outputs
        )
        self._fits: dict[str, tuple[Operation, ...]] = {}

    @property
    def count(self) -> int:
        """The number of planes or volumes."""
        return prod(self.first.size(letter) for letter in self.outer)

    @property
    def block_pixels(self) -> int:
        """The pixels of a plane or volume, as the network sees it."""
        return prod(self.scaled)

    @property
    def pixels(self) -> int:
        """The pixels of all planes, as the user sees them."""
        return prod(self.sides) * self.count

    def run(
        self, backend: FrugalBackend, with_maps: bool, progress: Progress
    ) -> tuple[list[dict[str, NDArray[Any]]], int]:
        """Return, for each plane or volume, the result under '' and maps under their names; and the tiles."""
        results: list[dict[str, NDArray[Any]]] = []

        def keep(
            _index: tuple[int, ...], planes: Mapping[str, NDArray[Any]], outputs: Mapping[str, Any]
        ) -> None:
            finished = inference.finish(self.card, outputs, self._of_planes(planes))
            progress("finding objects" if self.decoder.kind == "label_image" else "finishing", 0, 0)
            results.append(self._decoded(finished) | (self._maps(finished) if with_maps else {}))

        def skip(planes: Mapping[str, NDArray[Any]]) -> bool:
            empty = self.decoder.kind == "label_image" and not with_maps and self._is_empty(planes)
            if empty:
                results.append({"": np.zeros(self.sides, np.uint32)})
            return empty

        return results, self.each(backend, progress, keep, skip=skip)

    def each(
        self,
        backend: FrugalBackend,
        progress: Progress,
        keep: Callable[[tuple[int, ...], Mapping[str, NDArray[Any]], Mapping[str, Any]], None],
        *,
        skip: Callable[[Mapping[str, NDArray[Any]]], bool] = lambda _planes: False,
        allocate: Callable[[tuple[int, ...]], inference.Allocate] | None = None,
    ) -> int:
        """Run the network over every plane or volume, and return the number of tiles.

        Parameters
        ----------
        keep : callable
            Takes the position along the outer letters, the raw inputs and the network's outputs.
        skip : callable
            Tells by the raw inputs whether a plane needs no network.
        allocate : callable, optional
            Gives, for a position, what gives the arrays for the outputs.
        """
        card = self.card
        for part in self.parts.values():
            check_finite(part.pixels, part.axes)
        size = tuning.size_for(card, backend, self.scaled, self.count, progress)
        each = len(inference.grid_of(card, self.scaled, size))
        total, done = each * self.count, 0
        progress("tiles", done, total)

        def on_tile() -> None:
            nonlocal done
            done += 1
            progress("tiles", done, total)

        for number, index in enumerate(np.ndindex(*(self.first.size(letter) for letter in self.outer))):
            planes = {name: part.pixels[index] for name, part in self.parts.items()}
            if allocate is None:
                planes = {name: np.asarray(pixels) for name, pixels in planes.items()}
            if skip(planes):
                done = each * (number + 1) - 1
                on_tile()
                continue
            arrays = allocate(index) if allocate else None
            blocks = self._blocks(planes)
            after = self._undone(blocks[card.input.name])
            keep(index, planes, inference.run(card, backend, blocks, size, on_tile, arrays, after))
        return total

    def _undone(self, block: Block) -> tuple[Operation, ...]:
        """Return what brings results back to the grey values of the image, if that is wanted."""
        if not self._as_input:
            return ()
        tensor = self.card.input
        return intensity.inverse(block.operations, len(tensor.channels), "C" + tensor.grid) or ()

    def _is_empty(self, planes: Mapping[str, NDArray[Any]]) -> bool:
        tensor = self.card.input
        return flatness.is_flat(planes[tensor.name], "C" + tensor.grid)

    def _blocks(self, planes: Mapping[str, NDArray[Any]]) -> dict[str, Block]:
        blocks = {}
        for tensor in self.card.inputs:
            if tensor.name in planes:
                pixels = self._to_network(planes[tensor.name], tensor)
                blocks[tensor.name] = Block(pixels, self._fitted(tensor, pixels, planes))
        return blocks

    def _to_network(self, pixels: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
        sides = [
            max(round(side * self._scale.get(letter, 1.0)), 1)
            for letter, side in zip(tensor.grid, pixels.shape[1:], strict=True)
        ]
        return scaling.resize(pixels, sides)

    def _fitted(
        self, tensor: Tensor, pixels: NDArray[Any], planes: Mapping[str, NDArray[Any]]
    ) -> tuple[Operation, ...]:
        """Return the preprocessing with its statistics; those of a whole stack are taken once."""
        if tensor.name in self._fits:
            return self._fits[tensor.name]
        statistics = str(self.settings["statistics"])
        stacks = {
            each.name: Source(self.parts[each.name].pixels, f"{self.outer}C{each.grid}", self.outer)
            for each in self.card.inputs
            if each.name in self.parts
        }
        fitted = intensity.fit(
            tensor.operations,
            Source(pixels, "C" + tensor.grid),
            stack=stacks[tensor.name],
            statistics=statistics,
            references=stacks if statistics == "stack" else self._of_planes(planes),
        )
        if statistics == "stack":
            self._fits[tensor.name] = fitted
        return fitted

    def _of_planes(self, planes: Mapping[str, NDArray[Any]]) -> dict[str, Source]:
        """Return what operations with a reference take their statistics from: unprocessed inputs."""
        return {
            tensor.name: Source(planes[tensor.name], "C" + tensor.grid)
            for tensor in self.card.inputs
            if tensor.name in planes
        }

    def _decoded(self, outputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        tensor = self.card.output
        if tensor.name not in outputs:
            raise CardError(f"output {tensor.name!r} of model {self.card.id!r} is no image")
        parameters = {**self.card.decoder, **self.settings, "sampling": self._sampling(tensor)}
        found = self.decoder.decode(outputs[tensor.name], tensor.channels, parameters)
        if self.decoder.kind == "label_image":
            return {"": scaling.resize(found, self.sides, labels=True)}
        return {"": self._at_own_size(found, tensor)}

    def _maps(self, outputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {
            tensor.name: self._at_own_size(outputs[tensor.name], tensor)
            for tensor in self.card.outputs
            if tensor.name in outputs
        }

    def _at_own_size(self, maps: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
        """Return maps at the pixel size of the image, times the network's own scale."""
        sides = {
            letter: int(side * self.card.relation(tensor, letter).scale)
            for letter, side in zip(self.card.grid, self.sides, strict=True)
            if letter in tensor.axes
        }
        lengths = dict(zip(tensor.grid, maps.shape[1:], strict=True))
        return scaling.resize(maps, [sides.get(letter, lengths[letter]) for letter in tensor.grid])

    def _sampling(self, tensor: Tensor) -> tuple[float, ...]:
        """Return the pixel size along each axis of the maps, in that of X."""
        known = self.first.pixel_size
        sizes = [
            known.get(letter, known.get("X", 1.0)) / self._scale.get(letter, 1.0) if letter in "ZYX" else 1.0
            for letter in tensor.grid
        ]
        return tuple(size / sizes[-1] for size in sizes)


def _decoder(card: ModelCard) -> Decoder:
    decoder = find_decoder(card.decoder["id"])
    if decoder.kind == "label_image" and "T" in card.grid:
        raise CardError(
            f"model {card.id!r} looks for objects in space and time together, which Drua cannot follow yet",
            remedy="run it for what its network gives (drua run)",
        )
    return decoder


def _changes(tensor: Tensor) -> bool:
    """Return whether an output's own operations give its values a meaning."""
    return any(operation.name not in ("clip", "ensure_dtype") for operation in tensor.operations)


def outer_letters(card: ModelCard) -> str:
    """Return the letters that number planes or volumes: those of T and Z that the network does not take."""
    return "".join(letter for letter in "TZ" if letter not in card.grid)


def sources_of(
    image: Image, card: ModelCard, channel: Choice, inputs: Mapping[str, Image]
) -> dict[str, Image]:
    """Return the image for every input, with the axes of a `Job`.

    Raises
    ------
    ImageError
        If channels or sides do not fit.
    SettingError
        If an input is missing or unknown.
    """
    others = {tensor.name: tensor for tensor in card.inputs[1:]}
    for name in inputs:
        if name not in others:
            raise SettingError(
                f"model {card.id!r} has no further input {name!r}",
                remedy=f"it has {', '.join(others)}" if others else "it takes one image",
            )
    missing = [name for name, tensor in others.items() if name not in inputs and not tensor.optional]
    if missing:
        raise SettingError(
            f"model {card.id!r} takes {len(card.inputs)} images, but none is given for {', '.join(missing)}",
            remedy=f"give an image for {missing[0]!r}, too",
        )
    outer = outer_letters(card)
    given = [(card.input, image, channel)] + [
        (tensor, inputs[name], 0) for name, tensor in others.items() if name in inputs
    ]
    sources = {
        tensor.name: select_channels(each, tensor, choice, card.id).to(f"{outer}C{tensor.grid}")
        for tensor, each, choice in given
    }
    first = sources[card.input.name]
    for letter in "ZT":
        if letter in card.grid and first.size(letter) == 1 and card.input.least[letter] > 1:
            what = {"Z": "a stack of slices", "T": "a time series"}[letter]
            raise ImageError(
                f"model {card.id!r} takes {what} ({card.input.axes.replace('B', '')}), but the image has one"
                f" {'slice' if letter == 'Z' else 'frame'}",
                remedy="open the whole stack, or choose a 2D model",
            )
    for name, each in sources.items():
        _check_sides(card, others.get(name, card.input), first, each)
    return sources


def _check_sides(card: ModelCard, tensor: Tensor, first: Image, image: Image) -> None:
    for letter in outer_letters(card) + tensor.grid:
        wanted = first.size(letter)
        if letter in tensor.grid and letter in card.grid and tensor is not card.input:
            wanted = int(wanted * card.relation(tensor, letter).scale)
        if image.size(letter) != wanted and (letter in card.grid or letter not in tensor.grid):
            raise ImageError(
                f"the image for {tensor.name!r} has {image.size(letter)} pixels along {letter}, but must have"
                f" {wanted} to fit the one for {card.input.name!r}",
                remedy="choose images of the same field",
            )


def _cropped(image: Image, region: Region) -> Image:
    return image.with_pixels(region.of(image.pixels), image.axes)


def _result(
    job: Job,
    results: list[dict[str, NDArray[Any]]],
    whole: Image,
    region: Region | None,
    run: dict[str, Any],
    progress: Progress,
) -> Prediction:
    """Put the planes or volumes together, trace and measure them."""
    shown = _one_channel(whole)
    tensors = [tensor for tensor in job.card.outputs if tensor.name in results[0]]
    maps = {t.name: _intensity(job, t, [each[t.name] for each in results], whole, region) for t in tensors}
    if job.decoder.kind == "intensity":
        tensor = job.card.output
        image = maps.get(tensor.name) or _intensity(
            job, tensor, [each[""] for each in results], whole, region
        )
        return Prediction("intensity", shown, image, None, None, run | {"objects": 0}, maps)
    progress("tracing outlines", 0, 0)
    found = [each[""] for each in results]
    if region is not None:
        found = [region.placed(each, whole.pixels.shape[-2:]) for each in found]
    unique = labels.stack(found)
    outer = tuple(job.first.size(letter) for letter in job.outer)
    volume = axes.permute(unique.reshape(*outer, *found[0].shape), job.outer + job.card.grid, "TZYX")
    volume = np.ascontiguousarray(volume)
    traced = outlines.trace(volume.reshape(-1, *volume.shape[-2:]))
    progress("measuring", 0, 0)
    table = measure.measure(volume, shown, volumes="Z" in job.card.grid)
    run |= {"objects": labels.count(unique)}
    return Prediction("label_image", shown, shown.with_pixels(volume, "TZYX"), traced, table, run, maps)


def _intensity(
    job: Job, tensor: Tensor, results: list[NDArray[Any]], whole: Image, region: Region | None
) -> Image:
    """Return results (C, ...) by an output, of all planes or volumes, as one image, axes TZCYX.

    An output of another pixel size than the image keeps it, and covers the region only.
    """
    letters = job.card.grid[job.card.grid.index("Y") - results[0].ndim + 3 :]
    sides = dict(zip(job.card.grid, job.sides, strict=True))
    ratio = {k: sides[k] / side for k, side in zip(letters, results[0].shape[1:], strict=True)}
    same_size = all(value == 1 for value in ratio.values())
    if region is not None and same_size:
        results = [region.placed(each, whole.pixels.shape[-2:]) for each in results]
    outer = tuple(job.first.size(letter) for letter in job.outer)
    stacked = _stacked(results).reshape(*outer, *results[0].shape)
    image = replace(
        whole,
        pixels=axes.to(stacked, f"{job.outer}C{letters}", "TZCYX"),
        axes="TZCYX",
        channel_names=tensor.channels if len(tensor.channels) == len(results[0]) else None,
    )
    if same_size:
        return image
    first = {} if region is None else {"Y": region.y, "X": region.x}
    return replace(
        image,
        pixel_size={k: whole.scale(k) * ratio.get(k, 1.0) for k in (*whole.pixel_size, *ratio)},
        origin={
            k: (whole.origin.get(k, 0.0) + first.get(k, 0)) / ratio.get(k, 1.0)
            for k in (*whole.origin, *first)
        },
    )


def _stacked(results: list[NDArray[Any]]) -> NDArray[np.float32]:
    """Return results in one array, float32; a single large one is not copied."""
    if len(results) == 1:
        return results[0][None].astype(np.float32, copy=False)
    return np.stack(results, dtype=np.float32, casting="unsafe")


def _one_channel(image: Image) -> Image:
    """Return an image with one channel, axes TZYX: the only one, or the mean."""
    if image.size("C") == 1:
        return image.select_channel(1).to("TZYX")
    mean = image.pixels.mean(axis=axes.position(image.axes, "C"), dtype=np.float32)
    return image.with_pixels(mean, image.axes.replace("C", "")).to("TZYX")


def provenance(
    card: ModelCard, backend: FrugalBackend, settings: Mapping[str, Any], channel: Choice, source: str
) -> dict[str, Any]:
    """Return which model, device and settings made a result, as JSON values."""
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
        **({} if card.task == "segment" else {"warning": warning(card)}),
    }


def warning(card: ModelCard) -> str:
    """Return what everybody must know of a predicted image."""
    first = f"This image is a prediction of the model {card.id!r}, not a measurement."
    if card.intensities:
        return f"{first} The model's card says of its intensities: {card.intensities}."
    return (
        f"{first} Do not measure intensities on it: the model's card does not say that they were validated."
    )


def _silent(_what: str, _done: int, _all: int) -> None:
    """Report nothing."""
