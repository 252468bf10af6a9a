"""Runs every task on one image of every kind, in this process and by a worker.

Prints what each route gave, as JSON. Run by test_same_bytes.py with a folder that holds models, and is for
the files of a virtual stack.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import drua.fiji
import jpype
import numpy as np
from drua import embedded_fiji

from tests.fiji.imagej import SAMPLE

FOLDER = Path(sys.argv[1])
GATEWAY = drua.fiji.start()


def cropped(x: int = 0, y: int = 0) -> Any:
    """Return a part of the sample, 16-bit, 211 x 149."""
    image = GATEWAY.open(SAMPLE)
    image.setRoi(x, y, 211, 149)
    part = image.crop()
    part.deleteRoi()
    return part


def converted(conversion: str, *arguments: object) -> Any:
    """Return the part after a method of ImageConverter."""
    image = cropped()
    getattr(jpype.JClass("ij.process.ImageConverter")(image), conversion)(*arguments)
    return image


def signed() -> Any:
    image = cropped()
    calibration = image.getCalibration()
    calibration.setSigned16BitCalibration()
    image.getProcessor().add(32768)
    return image


def colour() -> Any:
    red, green = (cropped(x, x).getProcessor().convertToByteProcessor().getPixels() for x in (0, 99))
    pixels = jpype.JClass("ij.process.ColorProcessor")(211, 149)
    pixels.setRGB(red, green, red)
    return jpype.JClass("ij.ImagePlus")("colour", pixels)


def indexed() -> Any:
    image = colour()
    jpype.JClass("ij.process.ImageConverter")(image).convertRGBtoIndexedColor(256)
    assert image.getType() == image.COLOR_256
    return image


def stack(count: int = 3) -> Any:
    planes = jpype.JClass("ij.ImageStack")(211, 149)
    for number in range(count):
        planes.addSlice(cropped(31 * number, 23 * number).getProcessor())
    return jpype.JClass("ij.ImagePlus")("stack", planes)


def hyperstack() -> Any:
    image = stack(12)
    image.setDimensions(2, 3, 2)
    image.setOpenAsHyperStack(True)
    return image


def virtual() -> Any:
    path = str(FOLDER / "virtual.tif")
    jpype.JClass("ij.io.FileSaver")(stack()).saveAsTiff(path)
    return jpype.JClass("ij.plugin.FileInfoVirtualStack").openVirtual(path)


def selected() -> Any:
    image = cropped()
    image.setRoi(jpype.JClass("ij.gui.OvalRoi")(13, 17, 101, 97))
    return image


def calibrated() -> Any:
    image = stack()
    calibration = image.getCalibration()
    calibration.pixelWidth = calibration.pixelHeight = 0.31
    calibration.pixelDepth = 1.5
    calibration.xOrigin, calibration.yOrigin, calibration.zOrigin = 3, 5, 1
    calibration.setUnit("micron")
    return image


KINDS: dict[str, tuple[Callable[[], Any], dict[str, str]]] = {
    "8-bit": (lambda: converted("convertToGray8"), {}),
    "16-bit": (cropped, {}),
    "signed 16-bit": (signed, {}),
    "32-bit": (lambda: converted("convertToGray32"), {}),
    "RGB": (colour, {"channel": "2"}),
    "8-bit colour": (indexed, {"channel": "2"}),
    "stack": (stack, {}),
    "hyperstack": (hyperstack, {"channel": "2"}),
    "virtual stack": (virtual, {}),
    "selection": (selected, {}),
    "calibration": (calibrated, {}),
}


def shown(image: Any) -> dict[str, Any]:
    """Return everything that an image is, its pixels as a hash of their bytes."""
    calibration = image.getCalibration()
    planes = image.getStack()
    pixels = [np.asarray(planes.getPixels(number + 1)) for number in range(planes.size())]
    return {
        "title": str(image.getTitle()),
        "sides": list(map(int, image.getDimensions())),
        "type": [str(pixels[0].dtype), int(image.getBitDepth())],
        "pixels": hashlib.sha256(b"".join(plane.tobytes() for plane in pixels)).hexdigest(),
        "calibration": str(calibration.toString()),
        "origin": [calibration.xOrigin, calibration.yOrigin, calibration.zOrigin],
    }


def told(labels: Any, rois: Any, rows: Any, maps: dict[str, Any]) -> dict[str, Any]:
    """Return everything that a result is, pixels and ROIs as hashes of their bytes."""
    encode = jpype.JClass("ij.io.RoiEncoder").saveAsByteArray
    return shown(labels) | {
        "maps": {name: shown(each) for name, each in maps.items()},
        "rois": hashlib.sha256(b"".join(bytes(encode(roi)) for roi in rois)).hexdigest(),
        "table": hashlib.sha256(rows.tobytes()).hexdigest(),
        "objects": len(rois),
    }


def in_process(image: Any, options: dict[str, str]) -> dict[str, Any]:
    channel = options.get("channel", 0)
    done = GATEWAY.segment(image, channel=channel)
    maps = dict(GATEWAY.run(image, "nuclei-fluorescence", channel=channel).maps)
    denoised = GATEWAY.denoise(image, FOLDER / "denoise", type="input", difference=True)
    stained = GATEWAY.stain(image, FOLDER / "stain", channel=channel, append=True)
    maps |= {"denoised": denoised.image, "difference": denoised.difference}
    maps |= {"stained": stained.image, "appended": stained.appended}
    return told(done.labels, done.rois, done.table.rows, maps)


def by_worker(image: Any, options: dict[str, str]) -> dict[str, Any]:
    watcher = embedded_fiji.watcher(None)
    host = jpype.JClass("io.github.drua.command.SegmentHost")
    done = host.segment(image, options | {"output": "labels,rois,table"}, {}, watcher)
    runner = jpype.JClass("io.github.drua.command.RunHost")
    run = runner.run(image, options | {"model": "nuclei-fluorescence"}, {}, watcher)
    denoise = {"model": str(FOLDER / "denoise"), "type": "input", "output": "denoised,difference"}
    denoised = runner.translate("denoise", image, denoise, {}, watcher)
    stain = options | {"model": str(FOLDER / "stain"), "output": "stained,appended"}
    stained = runner.translate("stain", image, stain, {}, watcher)
    maps = {
        str(entry.getKey()): entry.getValue()
        for made in (run, denoised, stained)
        for entry in made.maps().entrySet()
    }
    return told(done.labels(), list(done.rois()), drua.fiji._table(done.table()).rows, maps)


def main() -> None:
    images = {name: (make(), options) for name, (make, options) in KINDS.items()}
    results = {name: {"inprocess": in_process(*given)} for name, given in images.items()}
    with drua.fiji._engine("worker"):
        assert jpype.JClass("io.github.drua.engine.Engines").get().route() == "worker"
        for name, given in images.items():
            results[name]["worker"] = by_worker(*given)
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main()
