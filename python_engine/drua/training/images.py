"""Images that are learnt from: opened, with the chosen channels, cut into planes or volumes, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import ImageError
from drua.files import read_image
from drua.image import Image
from drua.models.tensor import Tensor
from drua.selection import Choice, select_channels
from drua.statistics import all_equal, check_finite
from drua.training import pairs

LEAST_ROWS = 32
"""Rows of a part of an image that is to be of use."""

Pixels = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Opened:
    """An image that is open already, with the name that people know it by."""

    name: str
    image: Image


def opened(place: Path | Opened) -> list[tuple[str, str, Image]]:
    """Return the images of a place, each with its name and where it is found."""
    if isinstance(place, Opened):
        return [(place.name, place.name, place.image)]
    return [(path.stem, str(path), read_image(path)) for path in pairs.images_in(place).values()]


def chosen(image: Image, channel: Choice, where: str | Path) -> Image:
    """Return the image with the chosen channels and a C axis; grey that is stored as colours counts once."""
    words_ = [word for word in str(channel).split(",") if word.strip()]
    count = len(words_) if str(channel).strip() not in ("", "0") else image.size("C")
    names = tuple(str(number) for number in range(1, count + 1))
    if count > 1 and str(channel).strip() in ("", "0") and _is_grey(image):
        names = ("1",)
    try:
        chosen = select_channels(image, Tensor("image", "BCYX", names), channel)
        check_finite(chosen.pixels, chosen.axes)
        return chosen
    except ImageError as error:
        raise ImageError(f"{where}: {error.message}", remedy=error.remedy) from error


def _is_grey(image: Image) -> bool:
    if image.channel_names != ("Red", "Green", "Blue"):
        return False
    return all_equal(np.moveaxis(np.asarray(image.pixels), image.axes.index("C"), 0))


def stacked(paths: Sequence[Path], channel: Choice) -> Image:
    """Return the images of several files as the channels of one."""
    images = [chosen(read_image(path), channel, path).to("TZCYX") for path in paths]
    if len(images) == 1:
        return images[0]
    for path, image in zip(paths, images, strict=True):
        if {**image.sizes, "C": 1} != {**images[0].sizes, "C": 1}:
            raise ImageError(
                f"{path} has the sides {sides_of(image)}, but {paths[0]} has {sides_of(images[0])}",
                remedy="use images of the same field",
            )
    pixels = np.concatenate([np.asarray(image.pixels) for image in images], axis=2)
    return images[0].with_channels(pixels, None)


def channel_names(
    images: Sequence[Image], where: Sequence[str], word: str, files: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return names for the channels that all images have; ImageError if their numbers differ."""
    count = images[0].size("C")
    for image, name in zip(images, where, strict=True):
        if image.size("C") != count:
            raise ImageError(
                f"{name} has {image.size('C')} channels, but {where[0]} has {count}",
                remedy="choose channels that all images have",
            )
    names = images[0].channel_names
    if names and len(set(names)) == count and all(names):
        return tuple(names)
    if len(files) == count and len(set(files)) == count:
        return tuple(files)
    return (word,) if count == 1 else tuple(f"{word} {number}" for number in range(1, count + 1))


def blocks(image: Image, axes: str, where: str | Path) -> list[Pixels]:
    """Return the planes (C, Y, X) or volumes (C, Z, Y, X) of an image."""
    least = LEAST_ROWS
    if image.size("Y") < least or image.size("X") < least:
        raise ImageError(
            f"the image {where} is {image.size('X')} x {image.size('Y')} pixels, but at least"
            f" {least} x {least} are needed"
        )
    if "Z" in axes:
        if image.size("Z") == 1:
            raise ImageError(
                f"{where} has one slice, but training in 3D needs stacks",
                remedy="train in 2D, or open a stack",
            )
        volumes = image.to("TCZYX").pixels
        return [volumes[time] for time in range(volumes.shape[0])]
    planes = image.to("TZCYX").pixels
    return [planes[time, z] for time in range(planes.shape[0]) for z in range(planes.shape[1])]


def check_same(name: str, given: Image, wanted: Image, *, same_channels: bool) -> None:
    """Raise ImageError where the sides of a pair differ."""
    ignored = {} if same_channels else {"C": 1}
    one, other = given.to("TZCYX"), wanted.to("TZCYX")
    if {**one.sizes, **ignored} != {**other.sizes, **ignored}:
        raise ImageError(
            f"the two images {name} have the sides {sides_of(one)} and {sides_of(other)}, but pairs have the"
            " same",
            remedy="crop or rescale one of them",
        )


def sides_of(image: Image) -> str:
    """Return the sides of an image that are longer than 1, in words."""
    return " x ".join(f"{letter} {side}" for letter, side in image.sizes.items() if side > 1)
