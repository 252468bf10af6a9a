"""What a network gives, straight into OME-Zarr, tile row by tile row: for images that no memory holds."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import inference, results, scaling, zarrs
from drua.decoders import find_decoder
from drua.display import Display
from drua.errors import SettingError
from drua.image import Image
from drua.job import Job, sources_of
from drua.memory import FrugalBackend
from drua.models.card import ModelCard
from drua.models.tensor import Tensor
from drua.pipeline import Model, provenance
from drua.progress import Progress
from drua.selection import Choice, chosen_channels


def in_zarr(suffixes: Sequence[str]) -> list[str]:
    """Return what the names of files will end in where OME-Zarr takes the place of TIFF."""
    return [f"{each.removesuffix('.tif')}.zarr" if each.endswith(".tif") else each for each in suffixes]


def run_into_zarr(
    image: Image,
    model: Model,
    folder: Path,
    stem: str,
    *,
    settings: Mapping[str, Any],
    channel: Choice = 0,
    inputs: Mapping[str, Image] | None = None,
    name: str = "",
    shown: Display | None = None,
    as_input: bool = False,
    source: str = "",
    progress: Progress,
) -> tuple[dict[str, Any], list[Path]]:
    """Run a model and write what its network gives as OME-Zarr.

    The memory it takes is bounded by a row of tiles, whatever the size of the image.

    Parameters
    ----------
    image, model, settings, channel, inputs, as_input, source, progress
        As of `drua.pipeline.predict`.
    name : str
        What the only output is called; else by its own name.
    shown : Display, optional
        How the channels of the image are shown, which a result in its grey values keeps, with their names.
    folder : Path
        Gets `<stem>-<output>.zarr` and `<stem>-run.json`.
    stem : str
        The beginning of their names.

    Returns
    -------
    run : dict
        The provenance.
    paths : list of Path
        What was written.

    Raises
    ------
    SettingError
        If the model needs its whole result at once.
    RequestError, ModelError, BackendError
        As `predict`.
    """
    started = time.perf_counter()
    card = model.card
    resolved = card.resolve(settings)
    sources = sources_of(image, card, channel, inputs or {})
    first = sources[card.input.name]
    scale, note = scaling.factors(first, card, float(resolved["scale"]))
    _check(card, scale)
    job = Job(card, find_decoder("image"), resolved, sources, scale, as_input=as_input)
    images = {tensor.name: tensor for tensor in card.outputs if tensor.is_image}
    paths = {each: folder / f"{stem}{_suffix(name or each)}" for each in images}
    with ExitStack() as resources:
        groups = {each: resources.enter_context(zarrs.new_zarr(path)) for each, path in paths.items()}
        look = _look_of(image, card, channel, shown) if as_input else _Look()
        written = _Written(job, images, groups, look)
        backend = resources.enter_context(closing(FrugalBackend(model.backend, card)))
        tiles = job.each(backend, progress, lambda *_: written.flush(), allocate=written.at)
        run = provenance(card, backend, resolved, channel, source)
        run["notes"] = [*run["notes"], *([note] if note else [])]
    run |= {"seconds": round(time.perf_counter() - started, 3), "tiles": tiles}
    record = folder / f"{stem}{results.RUN}"
    record.write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
    return run, [*paths.values(), record]


@dataclass(frozen=True)
class _Look:
    """Names and display of channels, where they are those of the image."""

    names: tuple[str, ...] | None = None
    shown: Display | None = None


def _look_of(image: Image, card: ModelCard, channel: Choice, shown: Display | None) -> _Look:
    """Return names and display of the chosen channels of an image."""
    index = [number - 1 for number in chosen_channels(image, card.input, channel, card.id)]
    names, whole = image.channel_names, shown and shown.over(image.size("C"))
    return _Look(names and tuple(names[number] for number in index), whole and whole.of(index))


class _Written:
    """The zarr arrays of all outputs, created when the first result tells their shapes."""

    def __init__(
        self, job: Job, tensors: Mapping[str, Tensor], groups: Mapping[str, Any], look: _Look
    ) -> None:
        self._job = job
        self._look = look
        self._tensors = tensors
        self._groups = groups
        self._arrays: dict[str, Any] = {}
        self._rows: list[_Rows] = []

    def at(self, index: tuple[int, ...]) -> inference.Allocate:
        """Return what gives the arrays for the outputs of the plane or volume at a position."""

        def allocate(name: str, shape: tuple[int, ...], _kind: np.dtype[Any]) -> _Rows:
            letters = "C" + self._tensors[name].grid
            if name not in self._arrays:
                self._arrays[name] = self._create(name, dict(zip(letters, shape, strict=True)))
            place = dict(zip(self._job.outer, index, strict=True))
            rows = _Rows(self._arrays[name], place, letters, shape)
            self._rows.append(rows)
            return rows

        return allocate

    def flush(self) -> None:
        """Write what is left of a plane or volume."""
        for rows in self._rows:
            rows.close()
        self._rows.clear()

    def _create(self, name: str, sides: Mapping[str, int]) -> Any:
        image, outer = self._job.first, self._job.outer
        shape = tuple(image.size(each) if each in outer else sides.get(each, 1) for each in zarrs.AXES)
        names = self._look.names or self._tensors[name].channels
        return zarrs.create_level(self._groups[name], image, shape, names, self._look.shown)


class _Rows:
    """An array that takes results in raster order and writes them when rows of chunks are complete.

    A chunk that is written once is compressed once. Rows are those of the first axis of the grid.
    """

    def __init__(self, target: Any, place: Mapping[str, int], letters: str, shape: tuple[int, ...]) -> None:
        self._target = target
        self._place = place
        self._letters = letters
        self._shape = shape
        self._chunk = target.chunks[zarrs.AXES.index(letters[1])]
        self._low = 0
        self._buffer: NDArray[np.float32] = np.empty((shape[0], 0, *shape[2:]), np.float32)

    def __setitem__(self, index: tuple[slice, ...], value: NDArray[Any]) -> None:
        channels, rows, *rest = index
        self._write(rows.start // self._chunk * self._chunk)
        needed = rows.stop - self._low
        if needed > self._buffer.shape[1]:
            grown = np.empty((self._shape[0], needed, *self._shape[2:]), np.float32)
            grown[:, : self._buffer.shape[1]] = self._buffer
            self._buffer = grown
        self._buffer[(channels, slice(rows.start - self._low, needed), *rest)] = value

    def close(self) -> None:
        """Write all that is left."""
        self._write(self._shape[1])

    def _write(self, until: int) -> None:
        count = until - self._low
        if count <= 0:
            return
        parts: dict[str, int | slice] = {letter: slice(None) for letter in self._letters}
        parts[self._letters[1]] = slice(self._low, until)
        order = [letter for letter in zarrs.AXES if letter in self._letters]
        block = self._buffer[:, :count].transpose([self._letters.index(letter) for letter in order])
        # an axis that the result does not have is there once
        self._target[tuple(parts.get(each, self._place.get(each, 0)) for each in zarrs.AXES)] = block
        self._buffer = self._buffer[:, count:].copy()
        self._low = until


def _suffix(name: str) -> str:
    return in_zarr([results.map_suffix(name)])[0]


def _check(card: ModelCard, scale: Mapping[str, float]) -> None:
    if any(inference.split_operations(tensor)[1] for tensor in card.outputs):
        raise SettingError(
            f"model {card.id!r} takes statistics of its whole result, which cannot be written part by part",
            remedy="run it on a part of the image, saved as TIFF",
        )
    if any(factor != 1 for factor in scale.values()):
        raise SettingError(
            f"the pixel size of the image is not that of model {card.id!r}, and an image in parts cannot be"
            " rescaled",
            remedy="rescale the image first, or set scale=1",
        )
