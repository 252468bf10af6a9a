"""ModelCard: what Drua knows of a model, read from a bioimage.io description and frozen.

What Drua adds to a description stands under ``config.drua``; where a description has none, as those of the
collection, `drua.models.guess` derives it from what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil, lcm
from pathlib import Path
from typing import Any

from drua import display, modality
from drua.errors import CardError, SettingError
from drua.models import guess
from drua.models.description import NAMES, description_file, digest, read_description
from drua.models.setting import Setting
from drua.models.tensor import Follow, Tensor, index_axes, read_tensors

DESCRIPTION = NAMES[0]
TASKS = ("segment", "denoise", "stain")
NOT_VALIDATED = "not validated"
LARGEST_GUESSED_STRIDE = 32
"""A network of a fixed size does not say how it downsamples; hardly any does so more than this."""


@dataclass(frozen=True)
class Weights:
    """One weights file: its bioimage.io format, path and SHA-256.

    `architecture` is what a state dict's description says of its network (callable, kwargs, source or
    import_from); `external` is the file beside an ONNX file that holds its large tensors.
    """

    format: str
    path: Path
    sha256: str | None
    architecture: Mapping[str, Any] | None = None
    external: Path | None = None


@dataclass(frozen=True)
class ModelCard:
    """A model as Drua sees it.

    Parameters
    ----------
    decoder : mapping
        The decoder's `id`, the `output` it reads, and its parameters.
    context : bool
        Whether an image is continued at its edges by the halo, as the format has it, or by nothing: then the
        network meets the edge of the image as it met it in training.
    stride : mapping
        The network's downsampling in pixels, for each letter of the grid.
    tile : mapping
        The preferred side of a tile in pixels, for each letter of the grid.
    receptive_field : mapping
        How far a pixel of the result looks to each side, in pixels, for each letter of the grid.
    pixel_size : mapping
        The pixel size of the images that the model was made for, in `unit`; empty if it does not say.
    colours : tuple of str
        '#rrggbb' for every channel of all outputs that are images; empty if the card does not say.
    modality : mapping
        What images the model was made for: see `drua.modality.check`.
    intensities : str
        In which sense the intensities of its results were validated; empty if they were not.
    """

    id: str
    name: str
    description: str
    licence: str
    task: str
    folder: Path
    sha256: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    weights: tuple[Weights, ...]
    decoder: Mapping[str, Any]
    settings: tuple[Setting, ...]
    context: bool
    stride: Mapping[str, int]
    tile: Mapping[str, int]
    receptive_field: Mapping[str, int]
    pixel_size: Mapping[str, float]
    unit: str
    colours: tuple[str, ...] = ()
    modality: Mapping[str, Any] = field(default_factory=dict)
    intensities: str = ""

    @property
    def input(self) -> Tensor:
        """The first input, which the image goes into; tiles are cut along its axes."""
        return self.inputs[0]

    @property
    def output(self) -> Tensor:
        """The output that the decoder reads."""
        named = self.decoder.get("output")
        return next((each for each in self.outputs if each.name == named), self.outputs[0])

    @property
    def grid(self) -> str:
        """The letters along which images are cut into tiles: 'YX', 'ZYX', ..."""
        return self.input.grid

    @property
    def margin(self) -> dict[str, int]:
        """How many pixels of a tile are context only, on each side, for each letter of the grid."""
        return {letter: self._margin(letter) for letter in self.grid}

    def relation(self, tensor: Tensor, letter: str) -> Follow:
        """Return how long a tensor's axis is, and where it lies, by the same axis of the first input."""
        rule = tensor.follows.get(letter)
        if rule is None or rule.tensor == self.input.name:
            return rule or Follow(self.input.name, letter, Fraction(1), 0)
        other = next(each for each in (*self.inputs, *self.outputs) if each.name == rule.tensor)
        first = self.relation(other, rule.letter)
        return Follow(
            first.tensor,
            first.letter,
            first.scale * rule.scale,
            int(first.offset * rule.scale) + rule.offset,
        )

    def _margin(self, letter: str) -> int:
        """Return what the output that needs the most loses at its sides, in pixels of the first input."""
        rules = [
            (tensor.halo.get(letter, 0), self.relation(tensor, letter))
            for tensor in self.outputs
            if letter in tensor.axes
        ]
        # the results of tiles must begin at whole pixels
        whole = lcm(*(rule.scale.denominator for _, rule in rules))
        needed = [ceil((halo + Fraction(max(-rule.offset, 0), 2)) / rule.scale) for halo, rule in rules]
        return -(-max(needed, default=0) // whole) * whole

    def resolve(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return a value for every setting: the given one, checked, or its default.

        Raises
        ------
        SettingError
            If a name is unknown, or a value has the wrong type or lies outside its range.
        """
        known = {setting.name: setting for setting in self.settings}
        for name in given:
            if name not in known:
                raise SettingError(
                    f"{name!r} is not a setting of model {self.id!r}",
                    remedy=f"use {', '.join(known) or 'no settings'}",
                )
        return {name: setting.parse(given.get(name, setting.default)) for name, setting in known.items()}

    def to_message(self) -> dict[str, Any]:
        """Return what a dialog needs, as JSON values."""
        return {
            "id": self.id,
            "name": self.name,
            "task": self.task,
            "description": self.description,
            "licence": self.licence,
            "axes": self.input.axes.replace("B", ""),
            "inputs": [tensor.to_message() for tensor in self.inputs],
            "outputs": [tensor.to_message() for tensor in self.outputs],
            "pixel_size": dict(self.pixel_size),
            "unit": self.unit,
            "made_for": modality.words(self.modality),
            "intensities": "" if self.task == "segment" else self.intensities or NOT_VALIDATED,
            "settings": [asdict(setting) for setting in self.settings],
        }


def read_card(folder: Path) -> ModelCard:
    """Return the card of the package in a folder.

    Raises
    ------
    CardError
        If there is no description, it is invalid, or it asks for what Drua does not have.
    """
    path = description_file(folder) or folder / DESCRIPTION
    return _card(folder, path, digest(path))


@lru_cache(maxsize=64)
def _card(folder: Path, path: Path, sha256: str) -> ModelCard:
    return card_from(read_description(path, sha256), folder, sha256)


def card_from(description: Mapping[str, Any], folder: Path, sha256: str) -> ModelCard:
    """Return the card of a validated description (format 0.5, as JSON values).

    Raises
    ------
    CardError
        If the description asks for what Drua does not have.
    """
    name = str(description.get("id") or folder.name)
    every_axis = index_axes(description)
    inputs = read_tensors(description["inputs"], "preprocessing", every_axis, folder)
    outputs = read_tensors(description["outputs"], "postprocessing", every_axis, folder)
    inputs = _with_image_first(name, inputs)
    first = inputs[0]
    ours = {**guess.config(description, outputs), **((description.get("config") or {}).get("drua") or {})}
    if ours["task"] not in TASKS:
        raise CardError(
            f"model {name!r} has the task {ours['task']!r}, but must have one of {', '.join(TASKS)}"
        )
    stride = _per_letter(ours.get("stride"), first, _stride)
    pixel_size, unit = _pixel_size(ours, description, every_axis, first)
    card = ModelCard(
        id=name,
        name=str(description["name"]),
        description=str(description.get("description") or ""),
        licence=str(description.get("license") or "unknown"),
        task=ours["task"],
        folder=folder,
        sha256=sha256,
        inputs=inputs,
        outputs=outputs,
        weights=_weights(description, folder),
        decoder=ours["decoder"],
        settings=(
            *(Setting.from_description(name, item) for item in ours["settings"]),
            *_common_settings(ours, pixel_size),
        ),
        context=bool(ours.get("context", True)),
        stride=_aligned(stride, first, outputs),
        tile={},
        receptive_field={},
        pixel_size=pixel_size,
        unit=unit,
        colours=_colours(name, ours, outputs),
        modality=modality.check(ours.get("modality") or {}, name),
        intensities=_validated(ours.get("intensities")),
    )
    margin = card.margin
    stride = {letter: _with_core(each, letter, first, margin[letter]) for letter, each in stride.items()}
    card = replace(card, stride=_aligned(stride, first, outputs))
    return replace(
        card,
        tile=_per_letter(ours.get("tile"), first, lambda letter, tensor: _tile(letter, tensor, margin)),
        # Nobody looks farther than twice what the author thinks is enough.
        receptive_field=_per_letter(ours.get("receptive_field"), first, lambda letter, _: 2 * margin[letter]),
    )


def _common_settings(ours: Mapping[str, Any], pixel_size: Mapping[str, float]) -> tuple[Setting, ...]:
    """Return the settings that every model has."""
    return (
        Setting(
            "statistics",
            "Normalise each",
            "choice",
            # frames of a denoised movie stay comparable
            str(ours.get("statistics", "stack" if ours["task"] == "denoise" else "plane")),
            choices=("plane", "stack"),
            help="The intensities of each plane (or volume, for a 3D model), or of the whole stack.",
        ),
        Setting(
            "scale",
            "Scale image by (0: pixel size)" if pixel_size else "Scale image by",
            "number",
            0.0 if pixel_size else 1.0,
            min=0.0,
            max=20.0,
            help="Enlarges the image for the model, and its result back; 1 leaves it as it is.",
        ),
    )


def _colours(model: str, ours: Mapping[str, Any], outputs: tuple[Tensor, ...]) -> tuple[str, ...]:
    if not ours.get("colours"):
        return ()
    names = [channel for tensor in outputs if tensor.is_image for channel in tensor.channels]
    return display.check_colours(ours["colours"], names, model)


def _validated(intensities: Any) -> str:
    """Return in which sense intensities were validated; a card may say as well that they were not."""
    text = str(intensities or "").strip()
    return "" if text.lower() == NOT_VALIDATED else text


def _with_image_first(model: str, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    image = next((tensor for tensor in inputs if tensor.is_image and not tensor.optional), None)
    if image is None:
        raise CardError(f"model {model!r} has no input with Y and X, but Drua runs models on images")
    # A network takes its inputs in the order of the description, so the image must be the first of them.
    if image is not inputs[0]:
        raise CardError(f"the first input of model {model!r} is no image, but Drua needs it to be")
    return inputs


def _per_letter(given: Any, first: Tensor, otherwise: Callable[[str, Tensor], int]) -> dict[str, int]:
    """Return a number for each letter of the grid: one by one, one for Y and X, or derived."""
    if isinstance(given, Mapping):
        return {
            letter: int(given[letter.lower()]) if letter.lower() in given else otherwise(letter, first)
            for letter in first.grid
        }
    return {
        letter: int(given) if given and letter in "YX" else otherwise(letter, first) for letter in first.grid
    }


def _stride(letter: str, tensor: Tensor) -> int:
    """Return what tiles must be aligned to, by the steps of a size; of a fixed one its power of two."""
    if letter in tensor.follows:
        return 1
    least, step = tensor.least[letter], tensor.step[letter]
    return step or min(least & -least, LARGEST_GUESSED_STRIDE)


def _with_core(stride: int, letter: str, tensor: Tensor, margin: int) -> int:
    """Return the stride, or what part of it leaves a core in a tile of a fixed size."""
    if letter in tensor.follows or tensor.step[letter]:
        return stride
    while stride % 2 == 0 and tensor.least[letter] < 2 * margin + stride:
        stride //= 2
    return stride


def _aligned(stride: Mapping[str, int], first: Tensor, outputs: tuple[Tensor, ...]) -> dict[str, int]:
    """Return strides at which the outputs, too, begin at whole pixels."""
    whole = dict(stride)
    for tensor in outputs:
        for rule in tensor.follows.values():
            if rule.tensor == first.name and rule.letter in whole:
                whole[rule.letter] = lcm(whole[rule.letter], rule.scale.denominator)
    return whole


def _tile(letter: str, tensor: Tensor, margin: Mapping[str, int]) -> int:
    """Return a side that most images of the field fit into twice; twice that where there is no margin.

    A card without a halo says nothing of how far its network looks: the fewer seams, the better.
    """
    preferred = {"Y": 512, "X": 512, "Z": 32, "T": 16}[letter] * (1 if margin[letter] else 2)
    if letter in tensor.follows:
        return preferred
    least, step = tensor.least[letter], tensor.step[letter]
    return least if step == 0 else least + max(preferred - least, 0) // step * step


def _pixel_size(
    ours: Mapping[str, Any],
    description: Mapping[str, Any],
    every_axis: Mapping[tuple[str, str], Any],
    first: Tensor,
) -> tuple[dict[str, float], str]:
    """Return the pixel size that Drua's part tells, or else the scales of the axes where they have a unit."""
    if ours.get("pixel_size"):
        return {letter.upper(): float(size) for letter, size in ours["pixel_size"].items()}, str(
            ours.get("unit", "micron")
        )
    axes = [axis for (tensor, _), axis in every_axis.items() if tensor == first.name and axis.get("unit")]
    space = [axis for axis in axes if axis["letter"] in "ZYX"]
    units = {axis["unit"] for axis in space}
    if len(units) != 1:
        return {}, "pixel"
    return {axis["letter"]: float(axis["scale"]) for axis in space}, units.pop()


def _weights(description: Mapping[str, Any], folder: Path) -> tuple[Weights, ...]:
    return tuple(
        Weights(
            kind,
            folder / str(entry["source"]),
            entry.get("sha256"),
            entry.get("architecture"),
            folder / str(entry["external_data"]["source"]) if entry.get("external_data") else None,
        )
        for kind, entry in description["weights"].items()
    )
