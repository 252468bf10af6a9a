"""Draw the sample: a simulated field of fluorescent nuclei, with its truth.

    python models/nuclei-fluorescence/sample/simulate.py

writes `nuclei-sample.tif` (16-bit camera counts) and `nuclei-sample-truth.tif` (label image) beside this
file. Everything is drawn from a fixed seed. Axes are Y rows, X columns; lengths are in pixels unless a name
says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

SHAPE = (509, 613)
PIXEL_MICRON = 0.325
SEED = 1789
FloatImage = NDArray[np.float64]


@dataclass(frozen=True)
class Nucleus:
    """Shape and look of one nucleus: centre, half axes, angle in radians and brightness in photons."""

    y: float
    x: float
    long: float
    short: float
    angle: float
    photons: float
    mitotic: bool = False


def coordinates(nucleus: Nucleus, random: np.random.Generator) -> FloatImage:
    """Relative radius of every pixel, YX: 0 in the centre, 1 on the slightly irregular outline."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    dy, dx = rows - nucleus.y, columns - nucleus.x
    along = (dx * np.cos(nucleus.angle) + dy * np.sin(nucleus.angle)) / nucleus.long
    across = (dy * np.cos(nucleus.angle) - dx * np.sin(nucleus.angle)) / nucleus.short
    direction = np.arctan2(across, along)
    outline = np.ones(SHAPE)
    for order in (2, 3, 4, 5):
        outline += random.normal(0, 0.06 / (order - 1)) * np.cos(order * direction + random.uniform(0, 7))
    return np.hypot(along, across) / outline


def texture(random: np.random.Generator) -> FloatImage:
    """Chromatin, YX: blotches of about 3 and 8 pixels around a mean of 1."""
    fine, coarse = (ndimage.gaussian_filter(random.normal(size=SHAPE), sigma) for sigma in (1.3, 3.5))
    return np.clip(1 + 0.13 * fine / fine.std() + 0.12 * coarse / coarse.std(), 0.2, None)


def paint(nucleus: Nucleus, radius: FloatImage, random: np.random.Generator) -> FloatImage:
    """Photons, YX, that one nucleus sends: thinner and dimmer towards its edge, with dark nucleoli."""
    depth = np.sqrt(np.clip(1 - radius**2, 0, None))
    light = nucleus.photons * (0.55 + 0.45 * depth) * (radius < 1)
    if nucleus.mitotic:
        return light
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for _ in range(random.integers(1, 5)):
        y, x = (random.normal(centre, nucleus.short * 0.4) for centre in (nucleus.y, nucleus.x))
        size = nucleus.short * random.uniform(0.09, 0.17)
        light *= 1 - random.uniform(0.25, 0.5) * np.exp(
            -((rows - y) ** 2 + (columns - x) ** 2) / (2 * size**2)
        )
    return light


def interphase(y: float, x: float, random: np.random.Generator) -> Nucleus:
    """A resting nucleus of ordinary variety at a place."""
    long = float(np.clip(random.lognormal(np.log(15.5), 0.24), 8, 27))
    ratio = random.uniform(0.42, 0.6) if random.random() < 0.12 else random.uniform(0.66, 0.95)
    photons = float(random.lognormal(np.log(420), 0.42))
    return Nucleus(y, x, long, long * ratio, random.uniform(0, np.pi), photons)


def dividing(y: float, x: float, random: np.random.Generator) -> list[Nucleus]:
    """A metaphase plate, or the two plates of an anaphase, at a place."""
    angle, photons = random.uniform(0, np.pi), random.uniform(1200, 1700)
    gap = random.choice([0.0, 7.5])
    shifts = [gap, -gap] if gap else [0.0]
    return [
        Nucleus(y + s * np.cos(angle), x - s * np.sin(angle), 11, 4.5, angle, photons, True) for s in shifts
    ]


def candidates(random: np.random.Generator) -> list[list[Nucleus]]:
    """What to try to place: divisions, clusters of touching nuclei, single nuclei, small remains."""
    height, width = SHAPE
    places = [(random.uniform(0, height), random.uniform(0, width)) for _ in range(130)]
    groups = [dividing(*place, random) for place in places[:6]]
    for y, x in places[6:20]:
        groups.append([interphase(y, x, random)])
        for angle in random.uniform(0, 2 * np.pi, 4):
            reach = random.uniform(26, 32)
            groups.append([interphase(y + reach * np.sin(angle), x + reach * np.cos(angle), random)])
    groups += [[interphase(y, x, random)] for y, x in places[20:115]]
    for y, x in places[115:]:
        size = random.uniform(4, 6.5)
        groups.append([Nucleus(y, x, size, size * 0.85, 0, random.uniform(700, 1500), True)])
    return groups


def draw(random: np.random.Generator) -> tuple[FloatImage, NDArray[np.uint16]]:
    """Photons of the object and its truth, both YX; nuclei may touch and overlap by 3 % at most."""
    light, truth = np.zeros(SHAPE), np.zeros(SHAPE, np.uint16)
    chromatin = texture(random)
    for group in candidates(random):
        radii = [coordinates(nucleus, random) for nucleus in group]
        areas = [radius < 1 for radius in radii]
        crowded = ndimage.binary_dilation(truth > 0, iterations=4 if len(group) > 1 else 1)
        if any(
            (area & (crowded if group[0].mitotic else truth > 0)).sum() > 0.03 * area.sum() for area in areas
        ):
            continue
        if truth.max() >= 90 or any(area.sum() < 30 for area in areas):
            continue
        for nucleus, radius, area in zip(group, radii, areas, strict=True):
            light += paint(nucleus, radius, random) * chromatin
            truth[area & (truth == 0)] = truth.max() + 1
    return light, truth


def expose(light: FloatImage, random: np.random.Generator) -> NDArray[np.uint16]:
    """Camera counts, YX, of the object's photons, YX: optics, uneven light, haze, shot and read noise."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    lamp = 1.05 - 0.4 * (((rows - 210) / SHAPE[0]) ** 2 + ((columns - 350) / SHAPE[1]) ** 2)
    sharp, haze = (ndimage.gaussian_filter(light, sigma, mode="reflect") for sigma in (1.4, 16))
    medium = 26 + 10 * rows / SHAPE[0] + 8 * np.sin(columns / 170)
    photons = random.poisson((0.88 * sharp + 0.12 * haze + medium) * lamp)
    counts = 100 + 2.1 * photons + random.normal(0, 4.5, SHAPE)
    return np.clip(np.rint(counts), 0, 65535).astype(np.uint16)


def write(path: Path, pixels: NDArray[np.uint16]) -> None:
    """Write pixels, YX, as an ImageJ TIFF with the pixel size in micron."""
    tifffile.imwrite(
        path,
        pixels,
        imagej=True,
        resolution=(1 / PIXEL_MICRON, 1 / PIXEL_MICRON),
        metadata={"axes": "YX", "unit": "micron"},
        compression=None,
    )


def main() -> None:
    """Write the sample and its truth."""
    random = np.random.default_rng(SEED)
    light, truth = draw(random)
    folder = Path(__file__).resolve().parent
    write(folder / "nuclei-sample.tif", expose(light, random))
    write(folder / "nuclei-sample-truth.tif", truth)


if __name__ == "__main__":
    main()
