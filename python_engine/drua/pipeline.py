"""predict(): the whole data flow, from an image to a result; what is done with each plane is in `drua.job`.

image -> channels -> planes or volumes -> (rescale -> normalise -> tiles -> network -> stitch -> decode ->
rescale back) -> outlines, table
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from importlib.metadata import version
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import axes, labels, measure, memory, outlines, scaling
from drua.backends import Backend, open_backend
from drua.captions import Captions
from drua.display import Display
from drua.errors import ImageError
from drua.image import Image
from drua.job import Job, decoder_of, sources_of
from drua.memory import FrugalBackend
from drua.models.card import ModelCard
from drua.models.catalog import find_model
from drua.models.tensor import Tensor
from drua.progress import Progress, silent
from drua.selection import Choice


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
    captions : dict of str to Captions
        What is written on maps.
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
    captions: Mapping[str, Captions] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of objects, 0 where the result has none."""
        return int(self.run.get("objects", 0))


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
        decoder = decoder_of(card)
        resolved = card.resolve(settings or {})
        tell = progress or silent
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
    if region is not None:
        run["region"] = asdict(region)
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
        return Prediction("intensity", shown, image, None, None, run, maps)
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
        "channel": str(channel),
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
