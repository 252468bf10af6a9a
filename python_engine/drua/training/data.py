"""Data of a task: examples made of images, with what is done to them before and after the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import intensity, statistics
from drua.errors import ImageError
from drua.files import read_image
from drua.image import Image
from drua.intensity import Operation, Source
from drua.selection import Choice
from drua.training import pairs
from drua.training.examples import Example
from drua.training.images import Opened, blocks, channel_names, check_same, chosen, opened, stacked

LOOKED_AT = 8
"""Planes by which the noise is measured."""
PERCENTILES = (1.0, 99.8)
TO_FLOAT = Operation("ensure_dtype", {"dtype": "float32"})

Pixels = NDArray[Any]


@dataclass
class Data:
    """The examples of a task and what is said of them."""

    examples: list[Example]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    preprocessing: list[Operation]
    postprocessing: list[Operation] = field(default_factory=list)
    gains: list[float] | None = None
    pixel_size: Mapping[str, float] = field(default_factory=dict)
    unit: str = "pixel"
    notes: list[str] = field(default_factory=list)


def noisy_images(places: Sequence[Path | Opened], axes: str, channel: Choice, *, standardise: bool) -> Data:
    """Return the data of images without targets; standardised unless targets are to be made from them."""
    found = [each for place in places for each in opened(place)]
    images = [chosen(image, channel, where) for _, where, image in found]
    channels = channel_names(images, [where for _, where, _ in found], "image")
    examples: list[Example] = []
    spreads = []
    for (name, where, _), image in zip(found, images, strict=True):
        operations, spread = _standardising(image, axes, where) if standardise else ((), [1.0])
        spreads.append(spread)
        examples += [Example(name, block, None, tuple(operations)) for block in blocks(image, axes, where)]
    return Data(examples, channels, channels, [TO_FLOAT], gains=_gains(spreads))


def restoration_pairs(noisy: Path, clean: Path, axes: str, channel: Choice, *, allow_shift: bool) -> Data:
    """Return the data of noisy images and clean ones of the same names, fitted to their gain and offset."""
    matched = pairs.match([noisy, clean])
    given = {name: chosen(read_image(paths[0]), channel, paths[0]) for name, paths in matched.items()}
    wanted = {name: chosen(read_image(paths[1]), channel, paths[1]) for name, paths in matched.items()}
    channels = channel_names(list(given.values()), list(given), "image")
    shifts, examples, spreads, fits = [], [], [], []
    for name, paths in matched.items():
        check_same(name, given[name], wanted[name], same_channels=True)
        inputs = blocks(given[name], axes, paths[0])
        targets = blocks(wanted[name], axes, paths[1])
        shifts.append(_shift(name, inputs, targets))
        operations, spread = _standardising(given[name], axes, paths[0])
        spreads.append(spread)
        gains, offsets = zip(
            *(
                pairs.gain_and_offset(
                    np.stack([np.asarray(each[number]) for each in inputs[:LOOKED_AT]]),
                    np.stack([np.asarray(each[number]) for each in targets[:LOOKED_AT]]),
                    name,
                )
                for number in range(len(channels))
            ),
            strict=True,
        )
        fits.append(float(np.mean(gains)))
        shape = (-1, *(1 for _ in axes))
        fit = Operation(
            "scale_linear", {"gain": np.reshape(gains, shape), "offset": np.reshape(offsets, shape)}
        )
        examples += [
            Example(name, one, other, tuple(operations), (TO_FLOAT, fit, *operations[1:]))
            for one, other in zip(inputs, targets, strict=True)
        ]
    notes = _shift_notes(shifts, allow_shift=allow_shift)
    typical = float(np.median(fits))
    if abs(typical - 1) > 0.1:
        notes.append(
            f"the clean images are {1 / typical:.3g} times as bright as the noisy ones: results keep the"
            " brightness of the noisy ones"
        )
    return Data(examples, channels, channels, [TO_FLOAT], gains=_gains(spreads), notes=notes)


def stain_pairs(
    inputs: Sequence[Path],
    targets: Sequence[Path],
    axes: str,
    channel: Choice,
    target_channel: Choice,
    *,
    allow_shift: bool,
) -> Data:
    """Return the data of inputs and targets of the same names; several folders become channels."""
    matched = pairs.match([*inputs, *targets])
    count = len(inputs)
    given, wanted = {}, {}
    for name, paths in matched.items():
        given[name] = stacked(paths[:count], channel)
        wanted[name] = stacked(paths[count:], target_channel)
        check_same(name, given[name], wanted[name], same_channels=False)
    input_names = channel_names(list(given.values()), list(given), "input", [each.stem for each in inputs])
    output_names = channel_names(
        list(wanted.values()), list(wanted), "target", [each.stem for each in targets]
    )
    letters = [letter.lower() for letter in axes]
    scaling = Operation(
        "scale_range", {"axes": letters, "min_percentile": PERCENTILES[0], "max_percentile": PERCENTILES[1]}
    )
    low, high = _target_range(list(wanted.values()), axes)
    shape = (-1, *(1 for _ in axes))
    to_unit = Operation(
        "fixed_zero_mean_unit_variance",
        {"mean": np.reshape(low, shape), "std": np.reshape(np.subtract(high, low), shape)},
    )
    shifts, examples = [], []
    for name in matched:
        path = matched[name][0]
        fitted = _fitted([TO_FLOAT, scaling], given[name], axes)
        one, other = (blocks(each[name], axes, path) for each in (given, wanted))
        shifts.append(_shift(name, one, other))
        examples += [
            Example(name, first, second, fitted, (TO_FLOAT, to_unit))
            for first, second in zip(one, other, strict=True)
        ]
    first = next(iter(given.values()))
    sizes = {letter: first.pixel_size[letter] for letter in axes if letter in first.pixel_size}
    calibrated = first.unit != "pixel" and set(sizes) == set(axes)
    gain = np.subtract(high, low)
    undo = (
        Operation("scale_linear", {"gain": float(gain[0]), "offset": float(low[0])})
        if len(low) == 1
        else Operation("scale_linear", {"axis": "channel", "gain": gain.tolist(), "offset": list(low)})
    )
    return Data(
        examples,
        input_names,
        output_names,
        [TO_FLOAT, scaling],
        [undo],
        pixel_size=sizes if calibrated else {},
        unit=first.unit if calibrated else "pixel",
        notes=_shift_notes(shifts, allow_shift=allow_shift),
    )


def some_planes(examples: Sequence[Example]) -> list[Pixels]:
    """Return some planes (Y, X) from all over the examples."""
    chosen = examples[:: max(len(examples) // LOOKED_AT, 1)][:LOOKED_AT]
    return [np.asarray(each.input).reshape(-1, *each.sides[-2:])[0] for each in chosen]


def _fitted(operations: Sequence[Operation], image: Image, axes: str) -> tuple[Operation, ...]:
    """Return operations with the statistics of a whole stack, as `statistics=stack` has them."""
    outer = "T" if "Z" in axes else "TZ"
    whole = image.to(f"{outer}C{axes}")
    plane = Source(whole.pixels[(0,) * len(outer)], f"C{axes}")
    stack = Source(whole.pixels, whole.axes, outer)
    return intensity.fit(operations, plane, stack=stack, statistics="stack")


def _standardising(image: Image, axes: str, where: str | Path) -> tuple[tuple[Operation, ...], list[float]]:
    """Return what brings every channel to mean 0 and deviation 1, and the deviations.

    Only the training needs it, so that losses have a scale: the network itself takes any gain and offset.
    """
    wanted = Operation("zero_mean_unit_variance", {"axes": list(axes)})
    fitted = _fitted([TO_FLOAT, wanted], image, axes)
    spread = np.ravel(fitted[-1].kwargs["std"])
    if not (spread > 1e-5).all():
        raise ImageError(f"{where} is constant, and nothing can be learnt from it", remedy="leave it out")
    return fitted, [float(each) for each in spread]


def _gains(spreads: Sequence[Sequence[float]]) -> list[float] | None:
    """Return the typical range of each channel relative to the first; None for a single channel."""
    if len(spreads[0]) == 1:
        return None
    typical = np.median(np.array(spreads), axis=0)
    return [float(each) for each in typical / typical[0]]


def _target_range(images: Sequence[Image], axes: str) -> tuple[list[float], list[float]]:
    """Return what becomes 0 and 1 for each channel: 0 to 255 of 8-bit colours, else percentiles of all."""
    count = images[0].size("C")
    if count == 3 and all(image.pixels.dtype == np.uint8 for image in images):
        return [0.0] * 3, [255.0] * 3
    outer = "T" if "Z" in axes else "TZ"
    limits = []
    for image in images:
        whole = image.to(f"{outer}C{axes}")
        over = tuple(number for number, letter in enumerate(whole.axes) if letter != "C")
        limits.append([each.ravel() for each in statistics.percentiles(whole.pixels, PERCENTILES, over)])
    low, high = np.median(np.array(limits), axis=0)
    if not (high > low).all():
        raise ImageError(
            "a channel of the targets is constant in most images, and nothing can be learnt from it",
            remedy="leave the channel out",
        )
    return [float(each) for each in low], [float(each) for each in high]


def _shift(name: str, inputs: Sequence[Pixels], targets: Sequence[Pixels]) -> pairs.Shift:
    number = len(inputs) // 2
    given, target = (_flat(np.asarray(each[number])) for each in (inputs, targets))
    return pairs.shift_between(name, given, target)


def _flat(block: Pixels) -> Pixels:
    """Return one plane (Y, X) that shows every channel and slice."""
    return np.asarray(block, np.float32).reshape(-1, *block.shape[-2:]).mean(axis=0)


def _shift_notes(shifts: Sequence[pairs.Shift], *, allow_shift: bool) -> list[str]:
    """Return what is to be said of shifts; ImageError if pairs lie too far from each other."""
    worst = max(shifts, key=lambda shift: shift.length)
    if worst.length > pairs.LARGEST_SHIFT and not allow_shift:
        far = sum(shift.length > pairs.LARGEST_SHIFT for shift in shifts)
        raise ImageError(
            f"{far} of {len(shifts)} pairs do not lie over each other: {worst.text}",
            remedy="register them first (in Fiji: Plugins > Registration), or train all the same"
            " (drua train --allow-shift)",
        )
    if worst.length > pairs.WARNED_SHIFT:
        shifted = [shift.length for shift in shifts if shift.length > pairs.WARNED_SHIFT]
        return [
            f"warning: {len(shifted)} of {len(shifts)} pairs are shifted, by {np.median(shifted):.1f} pixels"
            f" (median), and what is learnt from them will be blurred by about that; {worst.text}"
        ]
    if not any(shift.believed or shift.before > pairs.BELIEVED for shift in shifts):
        return [
            "whether inputs and targets lie over each other could not be measured: their edges are too unlike"
        ]
    return [f"inputs and targets lie over each other: the largest shift is {worst.length:.1f} pixels"]
