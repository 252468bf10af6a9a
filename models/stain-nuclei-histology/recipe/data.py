"""From histology and the masks of its nuclei to pairs for training.

A pair is a colour image, and what a fluorescent nuclear stain of the same field could look like. Axes are
Y rows, X columns, C colours; lengths are in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.color import hed2rgb, rgb2hed
from skimage.measure import regionprops

FloatImage = NDArray[np.float32]
Colours = NDArray[np.uint8]
Labels = NDArray[np.integer]

VARIANTS = 16
"""Versions of every image, the first of which is the image itself."""
RIM = 2.0
"""Over so many pixels a nucleus gets bright from its edge inwards, so that touching ones have a dark gap."""
BLUR = 0.7
"""Sigma of the optics that the target pretends to have."""


def is_validation(stem: str) -> bool:
    """Return whether a file belongs to the fixed fifth that no model learns from."""
    return int(stem, 16) % 5 == 0


def fields(folder: Path, *, validation: bool) -> Iterator[tuple[str, Colours, Labels]]:
    """Yield name, image (Y, X, C) and labels (Y, X) of the images of one of the two parts."""
    for path in sorted((folder / "images").glob("*.png")):
        if is_validation(path.stem) == validation:
            labels = np.asarray(Image.open(folder / "labels" / path.name))
            yield path.stem, np.asarray(Image.open(path).convert("RGB")), labels


def target(colours: Colours, labels: Labels) -> Colours:
    """Return the soft nuclear map, (Y, X), 0 to 255.

    Every nucleus is bright inside, whatever its stain: a segmentation scales by percentiles, and must find
    pale ones, too. On top comes its texture, which is the density of haematoxylin.
    """
    density = np.asarray(rgb2hed(colours)[..., 0], np.float32)
    light = np.zeros(labels.shape, np.float32)
    for region in regionprops(labels):
        box = tuple(slice(max(each.start - 1, 0), each.stop + 1) for each in region.slice)
        inside = labels[box] == region.label
        # the border of the image is no edge of a nucleus
        depth = ndimage.distance_transform_edt(np.pad(inside, 1, mode="edge"))[1:-1, 1:-1]
        rise = np.minimum(depth / RIM, 1)
        dome = np.sqrt(depth / max(depth.max(), 1))
        own = density[box]
        texture = (own - own[inside].mean()) / max(float(own[inside].std()), 1e-6)
        bright = rise * (0.55 + 0.3 * dome + 0.07 * np.clip(texture, -2, 2))
        light[box] = np.where(inside, bright, light[box])
    blurred = ndimage.gaussian_filter(light, BLUR)
    return np.asarray(np.rint(255 * np.clip(blurred, 0, 1)), np.uint8)


def varied(colours: Colours, labels: Labels, random: np.random.Generator) -> tuple[Colours, Labels]:
    """Return image and labels in another size, direction and stain."""
    angle, zoom = random.uniform(0, 2 * math.pi), math.exp(random.uniform(math.log(0.7), math.log(1.4)))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) / zoom
    centre = (np.array(labels.shape) - 1) / 2
    shift = centre - turn @ centre
    turned = np.stack(
        [
            ndimage.affine_transform(each.astype(np.float32), turn, shift, order=1, mode="mirror")
            for each in np.moveaxis(colours, -1, 0)
        ],
        axis=-1,
    )
    moved = ndimage.affine_transform(labels, turn, shift, order=0, mode="mirror")
    return restained(np.asarray(np.clip(np.rint(turned), 0, 255), np.uint8), random), _told_apart(moved)


def restained(colours: Colours, random: np.random.Generator) -> Colours:
    """Return the image with other amounts of stains, light, sharpness and noise.

    The stains are told apart by colour deconvolution (Ruifrok and Johnston 2001), as skimage does it.
    """
    stains = rgb2hed(colours)
    factors = np.exp(random.uniform(-0.35, 0.35, 3))
    offsets = random.normal(0, 0.01, 3)
    seen = hed2rgb(np.maximum(stains * factors + offsets, 0))
    seen = seen ** math.exp(random.uniform(-0.25, 0.25)) * random.uniform(0.85, 1.05, 3)
    if random.random() < 0.4:
        sigma = random.uniform(0.3, 1.2)
        seen = ndimage.gaussian_filter(seen, (sigma, sigma, 0))
    seen = seen + random.normal(0, random.uniform(0, 0.02), seen.shape)
    return np.asarray(np.rint(255 * np.clip(seen, 0, 1)), np.uint8)


def write_pairs(folder: Path, work: Path, *, seed: int = 1) -> tuple[Path, Path]:
    """Write stacks of variants of every training image, and return the folders of inputs and targets.

    The variants of one image are one stack: what a training keeps to judge by is whole stacks.
    """
    inputs, targets = work / "histology", work / "nuclei"
    for place in (inputs, targets):
        place.mkdir(parents=True, exist_ok=True)
    for stem, colours, labels in fields(folder, validation=False):
        random = np.random.default_rng([seed, int(stem, 16)])
        both = [(colours, labels)] + [varied(colours, labels, random) for _ in range(VARIANTS - 1)]
        stack = np.stack([each for each, _ in both])
        maps = np.stack([target(*each) for each in both])
        tifffile.imwrite(inputs / f"{stem}.tif", stack, photometric="rgb", metadata={"axes": "TYXS"})
        tifffile.imwrite(targets / f"{stem}.tif", maps, photometric="minisblack", metadata={"axes": "TYX"})
    return inputs, targets


def _told_apart(labels: Labels) -> Labels:
    """Return labels of connected pieces: mirroring at the border can repeat a nucleus."""
    apart = np.zeros(labels.shape, np.int32)
    for value in np.unique(labels[labels > 0]):
        pieces, _ = ndimage.label(labels == value)
        apart += np.where(pieces > 0, pieces + apart.max(), 0).astype(np.int32)
    return apart
