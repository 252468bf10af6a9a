"""From one field of neurons to pairs for training, without a strip that is left out for the figures.

The field: KEVAN_0_8 of "In silico labeling" (Christiansen et al., Cell 2018), a stack of phase contrast
and the projections of three confocal stains. DAPI shows nuclei. Of the two others NFH shows neurites as
lines all over the field, while MAP2 shows mostly cell bodies in it: NFH was taken. Axes are Y rows, X
columns.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

DEPTHS = ("phase_z00", "phase_z06", "phase_z12")
STAINS = {"nuclei": "dapi", "neurites": "nfh"}
LEFT_OUT = 5
"""The rightmost columns, one in so many, are never read by the training."""

Pixels = NDArray[np.uint16]


def read(folder: Path, name: str) -> Pixels:
    """Return an image of the field, (Y, X)."""
    with Image.open(folder / f"{name}.png") as image:
        return np.asarray(image, np.uint16)


def border(columns: int) -> int:
    """Return the first column that is left out."""
    return columns - columns // LEFT_OUT


def write_pairs(folder: Path, work: Path) -> tuple[list[Path], list[Path]]:
    """Write the part to learn from, one file a channel, and return the files of inputs and of targets."""
    work.mkdir(parents=True, exist_ok=True)

    def written(name: str, source: str) -> Path:
        pixels = read(folder, source)
        path = work / f"{name}.tif"
        tifffile.imwrite(path, pixels[:, : border(pixels.shape[1])])
        return path

    inputs = [written(name, name) for name in DEPTHS]
    return inputs, [written(name, source) for name, source in STAINS.items()]
