"""OME-Zarr: images that stay on the disk, read and written in parts. The only importer of zarr.

Read are OME-Zarr 0.4 and 0.5 (the largest level) and plain arrays; written is OME-Zarr 0.4, which all viewers
know: one level, axes TCZYX, float32, compressed by zarr's default.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drua.display import WHITE, Display, is_colour
from drua.errors import BackendMissingError, ImageError, OutputError, one_line
from drua.image import Image
from drua.lazy import LazyArray

CHUNK = 512
"""Sides of a chunk in pixels: 1 MiB of float32."""

AXES = "TCZYX"
_TYPES = {"T": "time", "C": "channel", "Z": "space", "Y": "space", "X": "space"}


def is_zarr(path: Path) -> bool:
    """Return whether a path is the folder of a zarr array or group."""
    return path.is_dir() and any((path / name).is_file() for name in (".zarray", ".zgroup", "zarr.json"))


def read_zarr(path: Path) -> Image:
    """Return the image in a zarr folder; its pixels stay there.

    Raises
    ------
    ImageError
        If it is no image, or damaged.
    BackendMissingError
        If zarr is not installed.
    """
    zarr = _zarr()
    try:
        opened = zarr.open(str(path), mode="r")
        if not hasattr(opened, "shape"):
            return _read_group(path, opened)
    except ImageError:
        raise
    except Exception as error:  # what a damaged store makes a reader raise is open-ended
        raise ImageError(f"{path} cannot be read: {one_line(error)}", remedy="write it again") from error
    if len(opened.shape) != 2:
        raise ImageError(
            f"{path} is an array of the sides {opened.shape} that does not tell its axes",
            remedy="give OME-Zarr, which names them",
        )
    return Image(_lazy(opened), "YX")


def _read_group(path: Path, group: Any) -> Image:
    attributes = dict(group.attrs)
    described = attributes.get("ome") or attributes
    images = described.get("multiscales")
    if not images:
        raise ImageError(f"{path} is a zarr group without an image", remedy="give the folder of one image")
    axes = [axis if isinstance(axis, Mapping) else {"name": axis} for axis in images[0]["axes"]]
    letters = "".join(str(axis["name"]).upper() for axis in axes)
    level = images[0]["datasets"][0]
    steps = level.get("coordinateTransformations", ())
    scale = next((each["scale"] for each in steps if each.get("type") == "scale"), [1.0] * len(axes))
    units = {letter: axis.get("unit") for letter, axis in zip(letters, axes, strict=True)}
    pixels = _lazy(group[level["path"]])
    names = tuple(str(each.get("label", "")) for each in (described.get("omero") or {}).get("channels") or ())
    named = "C" in letters and len(names) == pixels.shape[letters.index("C")] and all(names)
    return Image(
        pixels,
        letters,
        {k: float(v) for k, v in zip(letters, scale, strict=True) if k != "C" and units[k]},
        "micron" if units.get("X") == "micrometer" else units.get("X") or "pixel",
        "sec" if units.get("T") in (None, "second") else str(units["T"]),
        channel_names=names if named else None,
    )


@contextmanager
def new_zarr(path: Path) -> Iterator[Any]:
    """Give a zarr group that takes its place when it is complete; an error leaves nothing.

    Raises
    ------
    OutputError
        If there is something already, or it cannot be written.
    """
    if path.exists():
        raise OutputError(f"{path} exists already", remedy="choose another folder")
    zarr = _zarr()
    temporary = path.with_name(f".drua-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield zarr.open_group(str(temporary), mode="w", zarr_format=2)
        temporary.rename(path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {one_line(error)}", remedy="free some space, or choose another folder"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def create_level(
    group: Any, image: Image, shape: tuple[int, ...], names: tuple[str, ...], shown: Display | None = None
) -> Any:
    """Return a new array, float32, axes TCZYX, as the only level of a group.

    Parameters
    ----------
    group : zarr group
        Of `new_zarr`.
    image : Image
        Its pixel size is written, divided along Y and X where the result is larger.
    shape : tuple of int, (T, C, Z, Y, X)
        Of the result.
    names : tuple of str
        Of its channels.
    shown : Display, optional
        How they are shown; white if absent.
    """
    array = group.create_array(
        "0",
        shape=shape,
        chunks=(1, 1, 1, min(CHUNK, shape[3]), min(CHUNK, shape[4])),
        dtype="float32",
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )
    scale = [
        image.scale(letter) * (image.size(letter) / side if letter in "YX" else 1.0)
        for letter, side in zip(AXES, shape, strict=True)
    ]
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    axes = [_axis(image, letter) for letter in AXES]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [level]}]
    colours = shown.colours if shown else (WHITE,) * len(names)
    channels = [
        {"label": name, "color": colour.removeprefix("#").upper(), "active": True}
        for name, colour in zip(names, colours, strict=True)
    ]
    if shown:
        for channel, (low, high) in zip(channels, shown.ranges, strict=True):
            channel["window"] = {"start": low, "end": high, "min": low, "max": high}
    group.attrs["omero"] = {"channels": channels}
    return array


def read_zarr_display(path: Path) -> Display | None:
    """Return how the channels of an OME-Zarr are shown; None where nothing is said of one of them."""
    attributes = dict(_zarr().open(str(path), mode="r").attrs)
    described = attributes.get("ome") or attributes
    channels = (described.get("omero") or {}).get("channels") or ()
    try:
        ranges = tuple((float(each["window"]["start"]), float(each["window"]["end"])) for each in channels)
        colours = tuple(f"#{each['color']}" for each in channels)
    except (KeyError, TypeError, ValueError):
        return None
    return Display(ranges, colours) if channels and all(map(is_colour, colours)) else None


def _axis(image: Image, letter: str) -> dict[str, str]:
    axis = {"name": letter.lower(), "type": _TYPES[letter]}
    if letter in image.pixel_size and letter == "T" and image.time_unit in ("sec", "s"):
        axis["unit"] = "second"
    if letter in image.pixel_size and letter in "ZYX" and image.unit != "pixel":
        axis["unit"] = "micrometer" if image.unit in ("micron", "um", "µm") else image.unit
    return axis


def _lazy(array: Any) -> Any:
    return LazyArray(array)


def _zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        raise BackendMissingError(
            "zarr is not installed", remedy="with Python 3.11 or newer: pip install 'drua[zarr]'"
        ) from error
    return zarr
