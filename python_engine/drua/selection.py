"""Which channels of an image go into a network, and in which order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import axes
from drua.errors import ImageError
from drua.image import Image
from drua.models.tensor import Tensor
from drua.statistics import all_equal

Choice = int | str
"""Channels by number, from 1, or by name, several with commas; 0 or nothing leaves it to the image."""


def select_channels(image: Image, tensor: Tensor, choice: Choice = 0, model: str = "") -> Image:
    """Return the image with the channels that an input of a network takes, with a C axis.

    Without a choice an image with as many channels as the network needs gives all of them, in order. Channels
    that are all equal, as in grey images stored as RGB, count as one.

    Parameters
    ----------
    image : Image
        Any axes.
    tensor : Tensor
        The input.
    choice : int or str
        Which channels: 2, "2", "DAPI", "3,1" or "DAPI,GFP".
    model : str
        The model's id, for messages.

    Raises
    ------
    ImageError
        If the image does not have the channels, or not as many as the network needs.
    """
    whole = image if "C" in image.axes else image.to("C" + image.axes)
    numbers = _numbers(whole, choice) or _all(whole, tensor, model)
    needed = len(tensor.channels)
    if len(numbers) != needed:
        were = "was" if len(numbers) == 1 else "were"
        raise ImageError(
            f"{_count(len(numbers))} {were} chosen, but {_name(tensor, model)} takes {_count(needed)}"
            f" ({', '.join(tensor.channels)})",
            remedy=f"choose {_count(needed)}" + (", in this order" if needed > 1 else ""),
        )
    if numbers == list(range(1, whole.size("C") + 1)):
        return whole
    index = _as_slice([number - 1 for number in numbers])
    chosen = whole.pixels[tuple(index if letter == "C" else slice(None) for letter in whole.axes)]
    names = whole.channel_names
    picked = None if names is None else tuple(names[number - 1] for number in numbers)
    return whole.with_channels(chosen, picked)


def chosen_channels(image: Image, tensor: Tensor, choice: Choice = 0, model: str = "") -> list[int]:
    """Return the numbers of the channels, from 1, that a network is to be run on.

    A network of one channel may be run on several, one after the other: without a choice on all of them, so
    that a result has the channels of its image, whatever its pixels are.

    Parameters
    ----------
    image, tensor, choice, model
        As of `select_channels`.

    Raises
    ------
    ImageError
        If the image does not have the channels, or not as many as a network of several needs.
    """
    whole = image if "C" in image.axes else image.to("C" + image.axes)
    numbers = _numbers(whole, choice)
    if len(tensor.channels) > 1:
        select_channels(whole, tensor, choice, model)
        return numbers or _all(whole, tensor, model)
    return numbers or list(range(1, whole.size("C") + 1))


def _numbers(image: Image, choice: Choice) -> list[int]:
    words = [word.strip() for word in str(choice).split(",")]
    if words in (["0"], [""]):
        return []
    return [_number(image, word) for word in words]


def _number(image: Image, word: str) -> int:
    names = list(image.channel_names or ())
    count = image.size("C")
    if word in names:
        if names.count(word) > 1:
            raise ImageError(f"{names.count(word)} channels are called {word!r}", remedy="choose by number")
        return names.index(word) + 1
    if word.isdecimal() and 1 <= int(word) <= count:
        return int(word)
    has = f"{count}" + (f" ({', '.join(names)})" if names else "")
    remedy = f"choose 1 to {count}" + (" or a name" if names else "")
    raise ImageError(f"channel {word} was chosen, but the image has {has}", remedy=remedy)


def _all(image: Image, tensor: Tensor, model: str) -> list[int]:
    count, needed = image.size("C"), len(tensor.channels)
    if count == needed:
        return list(range(1, count + 1))
    if needed == 1 and all_equal(_channels_first(image)):
        return [1]
    names = f" ({', '.join(image.channel_names)})" if image.channel_names else ""
    takes = "one" if needed == 1 else f"{needed} ({', '.join(tensor.channels)})"
    raise ImageError(
        f"the image has {_count(count)}{names}, but {_name(tensor, model)} takes {takes}",
        remedy=_remedy(image, count, needed),
    )


def _remedy(image: Image, count: int, needed: int) -> str:
    if needed == 1:
        return f"choose channel 1 to {count}"
    for letter, word in (("Z", "slices"), ("T", "frames")):
        if count == 1 and image.size(letter) == needed:
            return f"if its {needed} {word} are these channels, make them channels (in ImageJ: Properties...)"
    return (
        f"give one image that has these {needed} channels (in ImageJ: Image > Color > Merge Channels...), or"
        f" name {needed}, of which one may serve twice (such as channel={','.join('1' * needed)})"
    )


def _channels_first(image: Image) -> NDArray[Any]:
    return np.moveaxis(image.pixels, axes.position(image.axes, "C"), 0)


def _as_slice(numbers: list[int]) -> list[int] | slice:
    """Return neighbours as a slice, which makes a view."""
    first, last = numbers[0], numbers[-1]
    return slice(first, last + 1) if numbers == list(range(first, last + 1)) else numbers


def _name(tensor: Tensor, model: str) -> str:
    return f"model {model!r}" if model else f"input {tensor.name!r}"


def _count(number: int) -> str:
    return f"{number} channel{'s' if number != 1 else ''}"
