"""The files of one image's result, the same by every route.

`<stem>-labels.tif`, `<stem>-rois.zip`, `<stem>-table.csv` and `<stem>-overlay.png` for objects,
`<stem>-<output>.tif` for what the network itself gives, `<stem>-denoised.tif`, `<stem>-stained.tif` and so on
for what a task makes of it, and `<stem>-run.json`. They are written to a folder
beside their place and moved when all are complete, so that a full disk leaves no half.
"""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import labels, rois
from drua.captions import Captions
from drua.display import Display
from drua.errors import OutputError, one_line
from drua.image import Image
from drua.models.card import ModelCard
from drua.overlay import draw_overlay
from drua.pipeline import Prediction
from drua.translation import OUTPUTS, PICTURES

RUN = "-run.json"

ALMOST_NOTHING = 1 << 16
"""A disk with fewer free bytes is full: a part of what did not fit may have been written."""


def save(prediction: Prediction, folder: Path, stem: str) -> list[Path]:
    """Write the files of a prediction into a folder and return their paths.

    What an earlier run left there of other kinds stays, and is named in the notes of this one.

    Raises
    ------
    OutputError
        If the folder cannot be written to, or holds a file of that name that Drua did not write.
    """
    writers = _writers(prediction)
    if earlier := _of_earlier_runs(folder, stem, writers):
        prediction.run["notes"].append(f"beside the results there are some of an earlier run: {earlier}")
    return write_files(
        {suffix: partial(write, prediction) for suffix, write in writers.items()}, folder, stem
    )


def _of_earlier_runs(folder: Path, stem: str, writers: Mapping[str, Any]) -> str:
    """Return the names of results in a folder that are not written anew, with commas."""
    ours = dict.fromkeys(
        [*OBJECT_WRITERS, *(each for task in OUTPUTS.values() for each in suffixes_of(task))]
    )
    names = [f"{stem}{suffix}" for suffix in ours if suffix not in writers]
    return ", ".join(name for name in names if (folder / name).is_file())


def write_files(
    writers: Mapping[str, Callable[[Path], None]], folder: Path, stem: str, record: str = RUN
) -> list[Path]:
    """Write files whole or not at all, and return their paths.

    Parameters
    ----------
    writers : mapping of str to callable
        What a name ends in, and what writes that file to a path.
    folder : Path
        Made if it is not there.
    stem : str
        What the names begin with.
    record : str
        What the name of the file ends in that tells that the others are Drua's; see `check_folder`.

    Raises
    ------
    OutputError
        If the folder cannot be written to, or holds a file of that name that Drua did not write.
    """
    check_folder(folder, stem, list(writers), record)
    try:
        with tempfile.TemporaryDirectory(prefix=".drua-", dir=folder) as temporary:
            with _full_disk_named(temporary):
                for suffix, write in writers.items():
                    write(Path(temporary) / f"{stem}{suffix}")
            return [_move(Path(temporary) / f"{stem}{suffix}", folder) for suffix in writers]
    except OSError as error:
        raise _unwritable(folder, error) from error


def suffixes(card: ModelCard, *, objects: bool = True, maps: bool = False) -> list[str]:
    """Return what the names of the files of a prediction will end in."""
    ours = [*(OBJECT_WRITERS if objects else ()), RUN]
    return ours + [map_suffix(tensor.name) for tensor in card.outputs if maps and tensor.is_image]


def suffixes_of(outputs: Sequence[str]) -> list[str]:
    """Return what the names of the files of what a task can return will end in."""
    return [RUN, *(picture_suffix(each) if each in PICTURES else map_suffix(each) for each in outputs)]


def picture_suffix(name: str) -> str:
    """Return what the name of the file of a picture ends in."""
    return f"-{name}.png"


def map_suffix(output: str) -> str:
    """Return what the name of the file of a network's output ends in."""
    return f"-{re.sub(r'[^A-Za-z0-9_.-]', '_', output)}.tif"


def check_folder(folder: Path, stem: str, suffixes: Sequence[str], record: str = RUN) -> None:
    """Make sure, before any work, that results can be written and overwrite only results.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to, or a file in the way is not Drua's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error
    if (folder / f"{stem}{record}").is_file():
        return
    for suffix in suffixes:
        path = folder / f"{stem}{suffix}"
        if path.exists():
            raise OutputError(
                f"{path} exists and Drua did not write it (no {stem}{record} beside it)",
                remedy="choose another folder",
            )


def write_labels(prediction: Prediction, path: Path) -> None:
    """Write the label image as an ImageJ TIFF with the input's calibration."""
    image = prediction.image
    shown = {"min": 0.0, "max": float(max(prediction.count, 1))}
    _write_tiff(path, labels.to_imagej(image.pixels), image.axes, image, prediction.run, shown)


def write_table(prediction: Prediction, path: Path) -> None:
    """Write the measurements as CSV, one row per object."""
    table = prediction.table
    if table is None:
        raise OutputError("the prediction has no table")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        writer.writerows([f"{value:.9g}" for value in row] for row in table.rows)


def write_run(prediction: Prediction, path: Path) -> None:
    """Write the provenance as JSON."""
    path.write_text(json.dumps(prediction.run, indent=2) + "\n", encoding="utf-8")


def write_rois(prediction: Prediction, path: Path) -> None:
    """Write the outlines as an ImageJ ROI set."""
    if prediction.outlines is None:
        raise OutputError("the prediction has no outlines")
    rois.write(prediction.outlines, prediction.image.size("Z"), prediction.image.size("T"), path)


def write_overlay(prediction: Prediction, path: Path) -> None:
    """Write coloured outlines over the middle plane of the image as PNG."""
    from PIL import Image as Picture

    middle = tuple(side // 2 for side in prediction.image.pixels.shape[:2])
    picture = draw_overlay(prediction.input.pixels[middle], prediction.image.pixels[middle])
    Picture.fromarray(picture).save(path)


def write_map(name: str, prediction: Prediction, path: Path) -> None:
    """Write an image of the prediction as an ImageJ TIFF with the input's calibration."""
    image = prediction.maps[name]
    pixels = _writable(image.to("TZCYX").pixels)
    shown = prediction.displays.get(name)
    axes, how = "TZCYX", dict[str, Any]()
    if shown is None:
        how = {"min": float(pixels.min()), "max": float(pixels.max())}
    elif shown.is_rgb:
        axes, pixels = "TZYXS", np.moveaxis(pixels, 2, -1)
    else:
        how = _shown(shown)
    written = prediction.captions.get(name, Captions())
    names = () if axes == "TZYXS" else image.channel_names or ()
    if labels := written.labels or names * (image.size("T") * image.size("Z")):
        how["Labels"] = list(labels)
    _write_tiff(path, pixels, axes, image, prediction.run, how, written.info)


def write_picture(name: str, prediction: Prediction, path: Path) -> None:
    """Write a picture for people as PNG."""
    from PIL import Image as Picture

    Picture.fromarray(prediction.pictures[name]).save(path)


Writer = Callable[[Prediction, Path], None]

OBJECT_WRITERS: dict[str, Writer] = {
    "-labels.tif": write_labels,
    "-rois.zip": write_rois,
    "-table.csv": write_table,
    "-overlay.png": write_overlay,
}


def _writers(prediction: Prediction) -> dict[str, Writer]:
    objects = OBJECT_WRITERS if prediction.kind == "label_image" else {}
    maps: dict[str, Writer] = {map_suffix(name): partial(write_map, name) for name in prediction.maps}
    pictures: dict[str, Writer] = {
        picture_suffix(name): partial(write_picture, name) for name in prediction.pictures
    }
    return {**objects, **maps, **pictures, RUN: write_run}


@contextmanager
def _full_disk_named(folder: str) -> Iterator[None]:
    """Say that the disk is full where a library only says how many bytes it could not write."""
    try:
        yield
    except OSError as error:
        if shutil.disk_usage(folder).free < ALMOST_NOTHING:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise


def _unwritable(folder: Path, error: OSError) -> OutputError:
    full = error.errno == errno.ENOSPC
    remedy = "free some space, or choose another folder" if full else "choose another folder"
    return OutputError(f"{folder} cannot be written to: {one_line(error)}", remedy=remedy)


def _move(path: Path, folder: Path) -> Path:
    target = folder / path.name
    os.replace(path, target)
    return target


def _write_tiff(
    path: Path,
    pixels: NDArray[Any],
    axes: str,
    image: Image,
    run: Mapping[str, Any],
    shown: Mapping[str, Any],
    info: str = "",
) -> None:
    """Write pixels as an ImageJ TIFF with calibration, provenance and display."""
    import tifffile

    if "S" not in axes:  # else a last side of 1 is taken for samples, and the others move
        pixels, axes = pixels[..., None], axes + "S"
    tifffile.imwrite(
        path,
        pixels,
        imagej=True,
        resolution=(1 / image.scale("X"), 1 / image.scale("Y")),
        resolutionunit="NONE",
        metadata=_imagej_metadata(image, run, info) | {"axes": axes} | dict(shown),
    )


def _provenance(run: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield lines like 'settings.scale: 1.0', as the plugin writes them into an image's info."""
    for name, value in run.items():
        if isinstance(value, Mapping):
            yield from _provenance(value, f"{prefix}{name}.")
        else:
            for item in value if isinstance(value, list | tuple) else [value]:
                yield f"{prefix}{name}: {item if isinstance(item, str) else json.dumps(item)}\n"


def _imagej_metadata(image: Image, run: Mapping[str, Any], info: str) -> dict[str, Any]:
    provenance = "".join(_provenance(run))
    metadata: dict[str, Any] = {
        "unit": _escaped(image.unit),
        "Info": f"{provenance}\n{info}" if info else provenance,
    }
    if "Z" in image.pixel_size:
        metadata["spacing"] = image.pixel_size["Z"]
    if "T" in image.pixel_size:
        metadata |= {"finterval": image.pixel_size["T"], "tunit": image.time_unit}
    for letter, name in (("X", "xorigin"), ("Y", "yorigin"), ("Z", "zorigin")):
        if image.origin.get(letter):
            metadata[name] = -image.origin[letter]
    return metadata


def _writable(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return pixels of a type that ImageJ has."""
    known = pixels.dtype in (np.uint8, np.uint16, np.int16, np.float32)
    return pixels if known else pixels.astype(np.float32)


def _shown(shown: Display) -> dict[str, Any]:
    """Return ranges and colours of channels as ImageJ keeps them."""
    ranges = [value for each in shown.ranges for value in each]
    return {
        "min": ranges[0],
        "max": ranges[1],
        "Ranges": tuple(ranges),
        "LUTs": [_ramp(colour) for colour in shown.colours],
        "mode": shown.mode if len(shown.colours) > 1 else "grayscale",
    }


def _ramp(colour: str) -> NDArray[np.uint8]:
    """Return a lookup table, axes (rgb, grey), from black to a colour."""
    full = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    ramp: NDArray[np.uint8] = np.round(np.outer(full, np.linspace(0, 1, 256))).astype(np.uint8)
    return ramp


def _escaped(text: str) -> str:
    return "".join(letter if letter.isascii() else f"\\u{ord(letter):04X}" for letter in text)
