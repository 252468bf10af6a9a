"""Reading images: TIFF (ImageJ, OME and plain) by tifffile, PNG and JPEG by Pillow, OME-Zarr by zarr.

A file is read as ImageJ reads it, so that the command line and Fiji see the same image.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from drua.captions import Captions
from drua.display import MODES, Display, colours_for
from drua.errors import AxesError, ImageError, one_line
from drua.image import Image
from drua.zarrs import is_zarr, read_zarr, read_zarr_display

if TYPE_CHECKING:
    from tifffile import TiffFile

TIFF = (".tif", ".tiff")
PICTURES = (".png", ".jpg", ".jpeg")
MAPPED_FROM = 1 << 28
"""Bytes of pixels from which a TIFF is mapped into memory instead of read, if it is not compressed."""

_RGB = ("Red", "Green", "Blue")
_LONGEST_LABEL = 60  # of a label that ImageJ shows
_INCH, _CENTIMETRE = 2, 3  # values of the TIFF tag ResolutionUnit
_SCREEN = 72  # pixels per inch: what programs write when they know nothing, so ImageJ ignores it


def read_image(path: str | os.PathLike[str]) -> Image:
    """Return the image in a file.

    Raises
    ------
    ImageError
        If the file is missing, of an unknown kind, damaged, or holds no numbers.
    AxesError
        If the file leaves it open what several of its axes are.
    """
    path = Path(path)
    if is_zarr(path):
        return read_zarr(path)
    suffix = path.suffix.lower()
    if path.is_dir():
        raise ImageError(f"{path} is a folder", remedy=f"give the images in it, such as {path}/*.tif")
    if not path.is_file():
        raise ImageError(f"{path} is not a file", remedy="check the path")
    if suffix not in TIFF + PICTURES:
        raise ImageError(f"{path} is no TIFF, PNG, JPEG or OME-Zarr", remedy="save it as TIFF in ImageJ")
    try:
        return _read_tiff(path) if suffix in TIFF else _read_picture(path)
    except (AxesError, ImageError):
        raise
    except Exception as error:  # what a damaged file makes a reader raise is open-ended
        raise ImageError(
            f"{path} cannot be read: {one_line(error)}", remedy="open it in ImageJ and save it again"
        ) from error


def read_display(path: str | os.PathLike[str]) -> Display | None:
    """Return how an image was shown that ImageJ saved in a TIFF, or an OME-Zarr; None where nobody says."""
    if is_zarr(Path(path)):
        return read_zarr_display(Path(path))
    metadata = _of_imagej(path)
    bounds = metadata.get("Ranges") or [metadata.get("min"), metadata.get("max")]
    if None in bounds:
        return None
    ranges = tuple((float(low), float(high)) for low, high in zip(bounds[::2], bounds[1::2], strict=True))
    tables = metadata.get("LUTs") or []
    colours = tuple("#{:02x}{:02x}{:02x}".format(*np.asarray(table)[:, -1]) for table in tables)
    if len(colours) != len(ranges):
        colours = colours_for(("",) * len(ranges))
    mode = metadata.get("mode")
    return Display(ranges, colours, mode=mode if mode in MODES else "composite")


def read_captions(path: str | os.PathLike[str]) -> Captions:
    """Return what ImageJ wrote on the image that it saved in a TIFF; nothing of other files."""
    metadata = _of_imagej(path)
    return Captions(tuple(map(str, metadata.get("Labels") or ())), str(metadata.get("Info") or ""))


def _of_imagej(path: str | os.PathLike[str]) -> dict[str, Any]:
    import tifffile

    if Path(path).suffix.lower() not in TIFF:
        return {}
    with tifffile.TiffFile(path) as tiff:
        return tiff.imagej_metadata or {}


def _read_picture(path: Path) -> Image:
    from PIL import Image as Picture

    with Picture.open(path) as picture:
        grey = picture.mode in ("1", "L", "LA", "I", "I;16", "F")
        plain = picture.mode in ("L", "I", "I;16", "F")
        pixels = np.asarray(picture if plain else picture.convert("L" if grey else "RGB"))
    return Image(pixels, "YX") if grey else Image(pixels, "YXC", channel_names=_RGB)


def _read_tiff(path: Path) -> Image:
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        pixels, axes = _with_known_axes(_pixels(tiff, path), series.axes, path)
        if pixels.dtype.kind not in "uifb":
            raise ImageError(f"{path} holds {pixels.dtype} values, but real numbers are needed")
        channels = pixels.shape[axes.index("C")] if "C" in axes else 1
        calibration = _ome(tiff) if tiff.is_ome else _imagej(tiff)
        names = _names(tiff, channels)
    names = _RGB if "S" in series.axes else names
    sizes = {letter: size for letter, size in calibration.pop("pixel_size", {}).items() if letter in axes}
    origin = {letter: value for letter, value in calibration.pop("origin", {}).items() if letter in axes}
    return Image(pixels, axes, pixel_size=sizes, origin=origin, channel_names=names, **calibration)


def _pixels(tiff: TiffFile, path: Path) -> NDArray[Any]:
    """Return the pixels of the first series; large ones stay in the file where they lie in one piece."""
    import tifffile

    series = tiff.series[0]
    if series.nbytes >= MAPPED_FROM and series.dataoffset is not None:
        return tifffile.memmap(path, mode="r")
    return np.asarray(series.asarray())


def _with_known_axes(pixels: NDArray[Any], axes: str, path: Path) -> tuple[NDArray[Any], str]:
    """Return pixels with letters of TCZYX: samples are channels, unnamed pages are slices as in ImageJ."""
    keep = tuple(
        0 if size == 1 and letter not in "YX" else slice(None)
        for letter, size in zip(axes, pixels.shape, strict=True)
    )
    kept = "".join(letter for letter, index in zip(axes, keep, strict=True) if index != 0)
    if "S" in kept and "C" in kept:
        raise AxesError(
            f"{path} has the axes {axes}: channels, and colours in each", remedy="split its channels"
        )
    named = kept.replace("S", "C")
    unnamed = [letter for letter in named if letter not in "TCZYX"]
    if len(unnamed) > 1 or (unnamed and "Z" in named):
        raise AxesError(
            f"{path} has the axes {axes}, of which {', '.join(unnamed)} are not named",
            remedy="open it in ImageJ, set its Properties and save it",
        )
    picked = pixels[keep]
    if named.endswith("C") and picked.shape[-1] > 3 and "S" in kept:
        picked = picked[..., :3]  # the fourth sample is transparency
    return picked, "".join("Z" if letter in unnamed else letter for letter in named)


def _imagej(tiff: TiffFile) -> dict[str, Any]:
    metadata = tiff.imagej_metadata or {}
    size, unit = _resolution(tiff)
    if "unit" in metadata:
        unit = _unescaped(str(metadata["unit"]))
    for letter, name in (("Z", "spacing"), ("T", "finterval")):
        if float(metadata.get(name) or 0) > 0:
            size[letter] = float(metadata[name])
    origin = {
        letter: -float(metadata[name])
        for letter, name in (("X", "xorigin"), ("Y", "yorigin"), ("Z", "zorigin"))
        if metadata.get(name)
    }
    return {
        "pixel_size": size,
        "unit": unit,
        "time_unit": str(metadata.get("tunit", "sec")),
        "origin": origin,
    }


def _names(tiff: TiffFile, channels: int) -> tuple[str, ...] | None:
    """Return the names of several channels; None where they are not told apart."""
    if tiff.is_ome:
        elements = ElementTree.fromstring(tiff.ome_metadata or "").iter()  # noqa: S314 - as below
        pixels = next(item for item in elements if item.tag.endswith("}Pixels"))
        names = [item.attrib.get("Name", "") for item in pixels if item.tag.endswith("}Channel")]
    else:
        labels = [str(label) for label in (tiff.imagej_metadata or {}).get("Labels") or ()]
        names = [_common_label(labels[channel::channels]) for channel in range(channels)]
    telling = len(names) == channels > 1 and all(names) and len(set(names)) == channels
    return tuple(names) if telling else None


def _common_label(labels: Sequence[str]) -> str:
    """Return the label of a channel's planes, some of which may have none; '' if they differ."""
    common = {short for label in labels if (short := _short(label))}
    return common.pop() if len(common) == 1 else ""


def _short(label: str) -> str:
    """Return the part of a label that ImageJ shows: of the first line, without an ending like '.tif'."""
    line = label.split("\n", 1)[0]
    if len(line) > 4 and line[-4] == "." and not line[-1].isdigit():
        line = line[:-4]
    return line[:_LONGEST_LABEL]


def _resolution(tiff: TiffFile) -> tuple[dict[str, float], str]:
    tags = tiff.pages[0].tags  # type: ignore[union-attr]
    unit = int(tags["ResolutionUnit"].value) if "ResolutionUnit" in tags else 1
    size = {}
    for letter, name in (("X", "XResolution"), ("Y", "YResolution")):
        if name in tags and all(tags[name].value):
            pixels, units = tags[name].value
            size[letter] = 1 / (pixels / units)  # in ImageJ's order of operations, to the last bit
    if unit == _INCH and size.get("X") == 1 / _SCREEN:
        return {}, "pixel"
    return size, {_INCH: "inch", _CENTIMETRE: "cm"}.get(unit, "pixel")


def _ome(tiff: TiffFile) -> dict[str, Any]:
    root = ElementTree.fromstring(tiff.ome_metadata or "")  # noqa: S314 - expat refuses what is dangerous here
    element = next(item for item in root.iter() if item.tag.endswith("}Pixels"))
    size = {
        letter: float(element.attrib[name])
        for letter, name in (
            ("X", "PhysicalSizeX"), ("Y", "PhysicalSizeY"), ("Z", "PhysicalSizeZ"), ("T", "TimeIncrement")
        )
        if name in element.attrib
    }  # fmt: skip
    unit = element.attrib.get("PhysicalSizeXUnit", "µm") if "X" in size else "pixel"
    return {"pixel_size": size, "unit": "micron" if unit in ("µm", "μm", "um") else unit,
            "time_unit": element.attrib.get("TimeIncrementUnit", "sec")}  # fmt: skip


def _unescaped(text: str) -> str:
    # ImageJ writes letters outside ASCII as \\u00B5.
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape") if "\\u" in text else text
