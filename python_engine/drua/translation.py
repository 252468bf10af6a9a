"""Image to image: denoising and virtual staining, from an image to images that people can use.

The networks run as everywhere, by `drua.pipeline`. What comes here is what the two tasks mean: a denoised
image is the input with less noise, in its grey values, channels and colours; a virtual stain has new channels
with names and colours. Both are predictions, and every result says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import display, modality, residual
from drua.captions import Captions
from drua.display import Display
from drua.errors import SettingError, ShapeError
from drua.image import Image
from drua.models.card import ModelCard
from drua.pipeline import Model, Prediction, Region, predict
from drua.progress import Progress
from drua.selection import Choice, chosen_channels, select_channels

TYPES = ("32-bit", "input")
"""What values a denoised image can have: all that the network gives, or those that the input can have."""

OUTPUTS = {"denoise": ("denoised", "difference", "report"), "stain": ("stained", "appended")}
"""What each task can return; the first is what it returns where nothing is asked for."""

PICTURES = ("report",)
"""Those that come as a picture for people."""


@dataclass(frozen=True)
class Request:
    """What is asked of a model, whatever the task.

    Parameters
    ----------
    settings, channel, inputs, region, source, progress
        As of `drua.pipeline.predict`; a denoiser of one channel takes each chosen one by itself.
    display : Display, optional
        How the image is shown, for each of its channels.
    captions : Captions
        What is written on the image.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    channel: Choice = 0
    inputs: Mapping[str, Image] = field(default_factory=dict)
    region: Region | None = None
    source: str = ""
    progress: Progress | None = None
    display: Display | None = None
    captions: Captions = field(default_factory=Captions)


def denoise(
    image: Image,
    model: Model,
    request: Request,
    *,
    outputs: Sequence[str] = ("denoised",),
    kind: str = "32-bit",
) -> Prediction:
    """Denoise an image.

    Parameters
    ----------
    image : Image
        Any axes; T and Z plane by plane or in 3D, as the card says.
    model : Model
        A network that denoises.
    request : Request
        Everything that every task is asked.
    outputs : sequence of str
        Of ``denoised``; ``difference``, the input minus the result; ``report``, what was removed, in words.
    kind : str
        '32-bit', or 'input' for the type of the image: rounded, and limited to its range, never wrapped.

    Returns
    -------
    Prediction
        Its `maps` are what was asked for, TZCYX. Outside a region they are the input. The report is in `run`,
        and its picture in `pictures`.

    Raises
    ------
    SettingError
        If the model does not denoise, or an output or type is unknown.
    RequestError, ModelError, BackendError
        As `predict`.
    """
    check_request(model.card, "denoise", outputs, kind)
    numbers = chosen_channels(image, model.card.input, request.channel, model.card.id)
    parts = _each_channel(image, model, request, numbers)
    given = _channels(image, numbers)
    result = _joined([part.image for part in parts], given)
    if request.region is not None:
        result = _pasted(result, given, request.region)
    run = _run(parts, model.card, given, request, {"outputs": list(outputs), "type": kind})
    final = result
    if kind == "input":
        final = as_type(result, image.pixels.dtype)
        run["notes"] += _of_type(final.pixels.dtype)
    written = _captions(request, image)
    own = written.of([number - 1 for number in numbers], image.size("C"))
    maps, displays = {}, {}
    if "denoised" in outputs:
        maps["denoised"] = final
        displays["denoised"] = _as_the_input(image, given, numbers, request.display, final.pixels.dtype)
    if "difference" in outputs:
        maps["difference"] = _difference(given, final)
        displays["difference"] = _signed(maps["difference"].pixels)
    pictures = {}
    if "report" in outputs:
        before, after = (_part(each, request.region) for each in (given, final))
        run["report"], pictures["report"] = _report(before, after)
    return replace(
        parts[0],
        kind="intensity",
        image=final,
        run=run,
        maps=maps,
        displays=displays,
        pictures=pictures,
        captions={name: own.of([0], len(numbers)) if displays[name].is_rgb else own for name in maps},
    )


def stain(
    image: Image, model: Model, request: Request, *, outputs: Sequence[str] = ("stained",)
) -> Prediction:
    """Predict the channels of a stain.

    Parameters
    ----------
    image : Image
        Any axes.
    model : Model
        A network that stains.
    request : Request
        Everything that every task is asked.
    outputs : sequence of str
        Of ``stained``, the channels of the stain, and ``appended``, the channels of the image and the stain.

    Returns
    -------
    Prediction
        Its `maps` are what was asked for, TZCYX: float32, or uint8 for a stain in red, green and blue. A
        stain is 0 outside a region.

    Raises
    ------
    SettingError
        If the model does not stain, or an output is unknown.
    ShapeError
        If what the model gives has several sizes, or for ``appended`` another than the image.
    RequestError, ModelError, BackendError
        As `predict`.
    """
    check_request(model.card, "stain", outputs)
    whole = _channels(image, range(1, image.size("C") + 1))
    prediction = predict(
        image,
        model,
        settings=request.settings,
        channel=request.channel,
        inputs=request.inputs,
        region=request.region,
        source=request.source,
        progress=request.progress,
    )
    stained, shown = _stained(prediction, model.card)
    written = _captions(request, image)
    names = stained.channel_names or ()
    maps, displays, captions = {}, {}, {}
    if "stained" in outputs:
        maps["stained"], displays["stained"] = stained, shown
        planes = stained.size("T") * stained.size("Z")
        labels = () if shown.is_rgb else tuple(names) * planes
        captions["stained"] = replace(written, labels=labels)
    if "appended" in outputs:
        maps["appended"] = _appended(whole, stained, model.card)
        own = request.display and request.display.over(whole.size("C"))
        displays["appended"] = (own or _display_of(whole)) + replace(shown, is_rgb=False)
        captions["appended"] = (
            written if written.labels else replace(written, labels=_names(maps["appended"], whole.size("C")))
        ).with_channels(names, whole.size("C"))
    given = select_channels(image, model.card.input, request.channel, model.card.id)
    run = _run([prediction], model.card, given, request, {"outputs": list(outputs)})
    return replace(
        prediction,
        kind="intensity",
        image=stained,
        run=run,
        maps=maps,
        displays=displays,
        captions=captions,
    )


def check_request(card: ModelCard, task: str, outputs: Sequence[str], kind: str = "32-bit") -> None:
    """Check what can be checked before an image is there.

    Raises
    ------
    SettingError
        If the model has another task, or an output or type is unknown.
    """
    if card.task != task:
        raise SettingError(
            f"model {card.id!r} is made to {card.task}, not to {task}", remedy="choose another model"
        )
    for output in outputs:
        if output not in OUTPUTS[task]:
            raise SettingError(f"output {output!r} is none of {', '.join(OUTPUTS[task])}")
    if not outputs:
        raise SettingError(f"no output is asked for, but there must be some of {', '.join(OUTPUTS[task])}")
    if kind not in TYPES:
        raise SettingError(f"type is {kind!r}, but must be of {', '.join(TYPES)}")


def is_one_map(image: Image, card: ModelCard, channel: Choice) -> bool:
    """Return whether a result is just what the network gives, so that it can be written part by part."""
    images = [tensor for tensor in card.outputs if tensor.is_image]
    if card.task == "denoise":
        numbers = chosen_channels(image, card.input, channel, card.id)
        return len(images) == 1 and len(numbers) == len(card.input.channels)
    return len(images) == 1 and not display.is_rgb(images[0].channels)


def as_type(image: Image, dtype: np.dtype[Any]) -> Image:
    """Return an image with pixels of a type: rounded, and limited to what it can hold, never wrapped."""
    if dtype.kind == "f":
        return replace(image, pixels=image.pixels.astype(dtype, copy=False))
    limits = np.iinfo(np.uint8 if dtype.kind == "b" else dtype)
    # float64, because float32 has no 32-bit integers
    rounded = np.rint(image.pixels, dtype=np.float64)
    highest = float(limits.max)
    if highest > limits.max:  # float64 has no 64-bit integers, and one above the highest would wrap
        highest = float(np.nextafter(highest, 0))
    return replace(image, pixels=np.clip(rounded, limits.min, highest).astype(limits.dtype))


def _of_type(dtype: np.dtype[Any]) -> list[str]:
    """Return, in words, what becomes of a type that images of ImageJ cannot have."""
    if dtype.kind in "iu" and dtype not in (np.uint8, np.uint16, np.int16):
        return [
            f"the values are rounded as {dtype}, and TIFFs hold them as 32-bit floats: ImageJ has no {dtype}"
        ]
    return []


def _each_channel(image: Image, model: Model, request: Request, numbers: Sequence[int]) -> list[Prediction]:
    """Return the predictions of channels: one by one, or together where the network takes several."""
    groups = [[number] for number in numbers] if len(model.card.input.channels) == 1 else [list(numbers)]
    return [
        predict(
            image,
            model,
            settings=request.settings,
            channel=",".join(map(str, group)),
            inputs=request.inputs,
            region=request.region,
            as_input=True,
            source=request.source,
            progress=_part_of(request.progress, index, len(groups)),
        )
        for index, group in enumerate(groups)
    ]


def _as_the_input(
    image: Image, given: Image, numbers: Sequence[int], shown: Display | None, dtype: np.dtype[Any]
) -> Display:
    """Return how the given channels of an image are shown, for a result with pixels of a type."""
    whole = shown and shown.over(image.size("C"))
    own = whole.of([number - 1 for number in numbers]) if whole else _display_of(given)
    return replace(own, is_rgb=dtype == np.uint8 and _is_rgb(given))


def _captions(request: Request, image: Image) -> Captions:
    """Return what is written on an image, as far as it fits its planes."""
    channels = image.size("C")
    return request.captions.over(image.size("T") * image.size("Z") * channels, channels)


def _names(appended: Image, channels: int) -> tuple[str, ...]:
    """Return the names of the first channels as labels of their planes."""
    return (appended.channel_names or ())[:channels] * (appended.size("T") * appended.size("Z"))


def _part_of(progress: Progress | None, index: int, count: int) -> Progress | None:
    """Return a progress that counts one of several equal parts."""
    if progress is None or count == 1:
        return progress
    tell: Callable[[str, int, int], None] = progress
    return lambda what, done, total: tell(what, done + index * total, count * total)


def _channels(image: Image, numbers: Sequence[int]) -> Image:
    """Return channels of an image, TZCYX, in memory."""
    whole = image.to("TZCYX")
    index = [number - 1 for number in numbers]
    pixels = np.asarray(whole.pixels)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)  # masks are numbers, too
    if index == list(range(whole.size("C"))):
        return replace(whole, pixels=pixels)
    names = whole.channel_names
    picked = None if names is None else tuple(names[number] for number in index)
    return whole.with_channels(np.take(pixels, index, axis=2), picked)


def _joined(results: Sequence[Image], given: Image) -> Image:
    """Return results of channels as one image, with the names of the given channels."""
    pixels = results[0].pixels if len(results) == 1 else np.concatenate([r.pixels for r in results], axis=2)
    if pixels.shape != given.pixels.shape:
        raise ShapeError(
            f"the model gives an image of {_sides(pixels)} for one of {_sides(given.pixels)} (T, Z, C, Y, X),"
            " so that it is no denoised one",
            remedy="use Drua Run Model... (drua run), which returns what a network gives",
        )
    return replace(results[0], pixels=pixels, channel_names=given.channel_names)


def _pasted(result: Image, given: Image, region: Region) -> Image:
    pixels = given.pixels.astype(np.float32)
    place = (..., *region.slices)
    pixels[place] = result.pixels[place]
    return replace(result, pixels=pixels)


def _part(image: Image, region: Region | None) -> Image:
    """Return what was worked on: outside a region nothing was removed."""
    return image if region is None else replace(image, pixels=image.pixels[(..., *region.slices)])


def _difference(given: Image, result: Image) -> Image:
    pixels = np.subtract(given.pixels, result.pixels, dtype=np.float64).astype(np.float32)
    return replace(result, pixels=pixels)


def _signed(pixels: NDArray[np.float32]) -> Display:
    """Return a display of differences: grey where there is none."""
    limits = [
        float(np.percentile(np.abs(pixels[:, :, channel]), 99.8)) or 1.0 for channel in range(pixels.shape[2])
    ]
    # grey, one channel at a time: the zeros of several, added, would be white
    ranges = tuple((-limit, limit) for limit in limits)
    return Display(ranges, (display.WHITE,) * len(limits), mode="grayscale")


def _report(given: Image, result: Image) -> tuple[list[str], NDArray[np.uint8]]:
    """Return what was removed from each channel, in words and as a picture of one row for each."""
    found = residual.assess(given, result)
    words = [
        f"{each.channel}: {sentence}" if each.channel else sentence
        for each in found
        for sentence in each.sentences
    ]
    rows = [residual.picture(given, result, each, number) for number, each in enumerate(found, start=1)]
    return words, np.concatenate(rows)


def _stained(prediction: Prediction, card: ModelCard) -> tuple[Image, Display]:
    """Return all channels of all outputs in one image, and how it is shown."""
    tensors = [tensor for tensor in card.outputs if tensor.is_image]
    images = [prediction.maps.get(tensor.name, prediction.image) for tensor in tensors]
    first = images[0]
    for tensor, image in zip(tensors, images, strict=True):
        if image.sizes != {**first.sizes, "C": image.size("C")}:
            raise ShapeError(
                f"outputs {tensors[0].name!r} and {tensor.name!r} of model {card.id!r} have different"
                " sizes, so that they are not channels of one image",
                remedy="use Drua Run Model... (drua run), which returns each by itself",
            )
    names = _stain_names(images, tensors)
    pixels = first.pixels if len(images) == 1 else np.concatenate([image.pixels for image in images], axis=2)
    stained = replace(first, pixels=pixels, channel_names=names)
    if display.is_rgb(names):
        stained = as_type(stained, np.dtype(np.uint8))
        return stained, replace(display.of_pixels(stained.pixels, display.RGB), is_rgb=True)
    return stained, display.of_pixels(pixels, card.colours or display.colours_for(names))


def _stain_names(images: Sequence[Image], tensors: Sequence[Any]) -> tuple[str, ...]:
    """Return a name for every channel: its own, or that of its output where it says nothing."""
    names: list[str] = []
    for image, tensor in zip(images, tensors, strict=True):
        count = image.size("C")
        own = tensor.channels if len(tensor.channels) == count else ()
        generic = not own or (
            count == 1 and own[0].lower() in ("channel", "channel0", "c0", "result", "output")
        )
        if not generic:
            names += own
        else:
            names += [tensor.name] if count == 1 else [f"{tensor.name} {n}" for n in range(1, count + 1)]
    return tuple(names)


def _appended(whole: Image, stained: Image, card: ModelCard) -> Image:
    if {**whole.sizes, "C": 1} != {**stained.sizes, "C": 1}:
        raise ShapeError(
            f"the model {card.id!r} gives an image of {_sides(stained.pixels)} for one of"
            f" {_sides(whole.pixels)} (T, Z, C, Y, X), which cannot be appended to it",
            remedy="ask for the stain on its own",
        )
    same = whole.pixels.dtype == stained.pixels.dtype
    kind = whole.pixels.dtype if same else np.float32
    pixels = np.concatenate([whole.pixels.astype(kind), stained.pixels.astype(kind)], axis=2)
    names = whole.channel_names or tuple(f"input {n}" for n in range(1, whole.size("C") + 1))
    if whole.channel_names is None and whole.size("C") == 1:
        names = ("input",)
    return replace(whole, pixels=pixels, channel_names=(*names, *(stained.channel_names or ())))


def _run(
    parts: Sequence[Prediction],
    card: ModelCard,
    given: Image,
    request: Request,
    asked: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the provenance of all parts together."""
    run = dict(parts[0].run)
    notes = dict.fromkeys(note for part in parts for note in part.run["notes"])
    return {
        **run,
        **asked,
        "channel": str(request.channel),
        "notes": [*notes, *modality.mismatches(given, card.modality, card.id)],
        "seconds": round(sum(part.run["seconds"] for part in parts), 3),
        "tiles": sum(part.run["tiles"] for part in parts),
    }


def _display_of(image: Image) -> Display:
    """Return a display for an image, TZCYX, of which nobody says how it is shown."""
    colours = (
        display.RGB if _is_rgb(image) else display.colours_for(image.channel_names or ("",) * image.size("C"))
    )
    return display.of_pixels(image.pixels, colours)


def _is_rgb(image: Image) -> bool:
    return image.size("C") == 3 and display.is_rgb(image.channel_names or ())


def _sides(pixels: NDArray[Any]) -> str:
    return " x ".join(map(str, pixels.shape))
