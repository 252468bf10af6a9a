"""What a fresh process takes at its peak to run a network over an image file, beyond what it had before.

python memory_peer.py IMAGE MODEL FOLDER: into the memory, or, if the folder is not '-', into OME-Zarr
there. Prints the bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import drua
import numpy as np
from drua.image import Image
from drua.pipeline import Model, predict_maps
from drua.streaming import run_into_zarr


def _run(image: Image, model: Model, folder: str) -> None:
    if folder == "-":
        predict_maps(image, model)
    else:
        run_into_zarr(image, model, Path(folder), "large", settings={}, progress=lambda *_: None)


def _peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    """Print the difference of the two peaks."""
    path, package, folder = sys.argv[1:]
    with drua.open_model(package) as model:
        # libraries that are imported late belong to the program, not to the image
        predict_maps(Image(np.zeros((64, 64), np.uint16), "YX"), model)
        before = _peak()
        _run(drua.read_image(Path(path)), model, folder)
    print(_peak() - before)


if __name__ == "__main__":
    main()
