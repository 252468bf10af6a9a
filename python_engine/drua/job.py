"""Job: from an image's channels and planes to what a network gives of each; `drua.pipeline` joins these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import flatness, inference, intensity, scaling, tuning
from drua.decoders import Decoder, find_decoder
from drua.errors import CardError, ImageError, SettingError
from drua.image import Image
from drua.inference import Block
from drua.intensity import Operation, Source
from drua.memory import FrugalBackend
from drua.models.card import ModelCard
from drua.models.tensor import Tensor
from drua.progress import Progress
from drua.selection import Choice, select_channels
from drua.statistics import check_finite


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
            if self.decoder.kind == "label_image":  # which takes its time
                progress("finding objects", 0, 0)
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


def decoder_of(card: ModelCard) -> Decoder:
    """Return the decoder of a card; CardError if it cannot follow what the model sees."""
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
