"""What the shipped virtual stains are worth, on what they have never seen, beside what is there without them.

Histology: AP@0.5 of nuclei that `nuclei-fluorescence` finds in the stain of the validation fifth of the
DSB 2018 histology images, beside (a) the same model on the inverted grey image, and (b) Otsu's threshold
with a watershed on the haematoxylin of colour deconvolution. All three have their settings tuned on
training images that no way has learnt from; (a) and the stain are given at the default settings of
`nuclei-fluorescence`, too. Intervals are those of 95 % of 2,000 draws of as many images. Many images of the
set are neighbouring tiles of the same slides, in both parts, and three kinds of stains are in it: the images
of other people have others.

Neurons: Pearson's r of each channel on the strip of the field that the training has left out, beside the
best that one depth of the phase contrast gives as it is, smoothed: its absolute difference from its mean.

    python benchmarks/stain_accuracy.py [--output DIR] [--card]

--output writes the tables as CSV and Markdown, --card writes the READMEs of the models. Needs the shared
data.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from string import Template
from types import ModuleType
from typing import Any

import drua
import numpy as np
from drua import similarity
from drua.image import Image
from drua.metrics import Match, Score, match, pool, score
from drua.pipeline import Model
from harness import ROOT, figure, report, steps_of
from scipy import ndimage
from skimage.color import rgb2gray, rgb2hed
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

HISTOLOGY, NEURONS = (ROOT / "models" / name for name in ("stain-nuclei-histology", "stain-neurons-phase"))
NUCLEI = "nuclei-fluorescence"
DATA = ROOT.parent / "shared/data/dsb2018/histology"
FIELD = ROOT.parent / "shared/data/real/staining/isl_neurons"
TUNING = slice(5, None, 10)
"""Those training images that the training judges itself by: no way has learnt from what it is tuned on."""
NUCLEI_SETTINGS = {"scale": (0.5, 0.7, 1.0, 1.4), "smoothing": (1, 2)}
DEFAULTS = "default"
DRAWS = 2000
LEAST_CONTRAST = 12.0
"""Standard deviation of an edge that can be told from others, in grey values."""
CLEARLY = 0.05
"""What counts as clearly better, in AP."""
LEAST_R = {"nuclei": 0.6, "neurites": 0.4}

Pixels = np.ndarray
Field = tuple[str, Pixels, Pixels]
Segment = Callable[..., Pixels]


@dataclass(frozen=True)
class Row:
    """A way with its setting, and what it found in each image."""

    method: str
    setting: str
    matches: list[Match]

    @property
    def score(self) -> Score:
        """The score over the nuclei of all images."""
        return score(pool(self.matches))


Lead = tuple[Row, Row, float, str]
"""Our row, the one it is compared to, by how much AP it is ahead, and the interval of that."""


def main() -> None:
    """Measure, write tables, and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--histology", default=str(HISTOLOGY), help="a package's folder or the id of a model")
    parser.add_argument("--neurons", default=str(NEURONS), help="a package's folder or the id of a model")
    parser.add_argument("--output", type=Path, help="folder for the tables")
    parser.add_argument("--card", action="store_true", help="write the READMEs of the models")
    parser.add_argument("--tiny", action="store_true", help="a few images, to see that it works")
    arguments = parser.parse_args()
    for folder in (DATA, FIELD):
        if not folder.is_dir():
            sys.exit(f"{folder} is not there; the figures need the shared data")
    rows, objects, alone = histology(arguments.histology, 4 if arguments.tiny else None)
    found = neurons(arguments.neurons)
    texts = {"histology": table(rows), "neurons": table_of_neurons(found)}
    leads, images = list(ahead(rows)), len(rows[0].matches)
    print(f"{images} unseen images, {objects} nuclei\n\n{texts['histology']}\n{texts['neurons']}")
    if arguments.output is not None:
        write(arguments.output, rows, found, texts)
    if arguments.card:
        write_cards(rows, leads, texts, objects, alone)
    report("stain_accuracy", list(figures(leads, found)))


def histology(package: str, most: int | None) -> tuple[list[Row], int, list[int]]:
    """Return how well each way finds the nuclei of unseen images, and how many there are.

    The last are the numbers of those images that do not continue at an edge of a training image.
    """
    data = recipe_of(HISTOLOGY)
    every = [colours for _, colours, _ in data.fields(DATA, validation=False)]
    learnt = list(data.fields(DATA, validation=False))[TUNING][:most]
    unseen = list(data.fields(DATA, validation=True))[:most]
    rows = []
    with drua.open_model(package) as stain, drua.open_model(NUCLEI) as nuclei:
        ways: dict[str, tuple[Segment, list[dict[str, Any]]]] = {
            "stain, then nuclei-fluorescence": (
                lambda colours, **setting: stained(colours, stain, nuclei, **setting),
                _grid(**NUCLEI_SETTINGS),
            ),
            "nuclei-fluorescence on inverted grey": (
                lambda colours, **setting: inverted(colours, nuclei, **setting),
                _grid(**NUCLEI_SETTINGS),
            ),
            "Otsu and watershed on haematoxylin": (
                otsu_and_watershed,
                _grid(sigma=(0.5, 1, 2, 3), min_distance=(4, 6, 9, 13), min_size=(20, 60)),
            ),
        }
        for name, (segment, grid) in ways.items():
            best = max(grid, key=lambda each: score(pool(found_in(segment, learnt, each))).ap)
            words = " ".join(f"{key}={value:g}" for key, value in best.items())
            rows.append(Row(name, words, found_in(segment, unseen, best)))
            if "scale" in best:
                rows.append(Row(name, DEFAULTS, found_in(segment, unseen, {})))
    alone = [number for number, (_, colours, _) in enumerate(unseen) if not continues(colours, every)]
    return rows, sum(len(np.unique(labels)) - 1 for _, _, labels in unseen), alone


def continues(colours: Pixels, others: Iterable[Pixels]) -> bool:
    """Return whether an image (Y, X, C) was cut from the same field as one of others, beside it.

    Its edge then goes on in the opposite one of the other, about as its last row but one goes on in its last.
    """
    own = [np.rot90(colours, turns).astype(float) for turns in range(4)]
    for other in others:
        for turns, image in enumerate(own):
            beside = np.rot90(other, turns).astype(float)[-1]
            first, second = image[0], image[1]
            if first.shape != beside.shape or first.std() < LEAST_CONTRAST:
                continue
            alike = np.corrcoef(first.ravel(), beside.ravel())[0, 1] > 0.97
            if alike and np.abs(first - beside).mean() < 1.5 * np.abs(first - second).mean() + 0.5:
                return True
    return False


def found_in(segment: Segment, fields: Iterable[Field], setting: dict[str, Any]) -> list[Match]:
    """Return what a way finds in each image."""
    return [match(segment(colours, **setting), labels) for _, colours, labels in fields]


def interval(values: Callable[[list[int]], float], images: int) -> str:
    """Return the interval that holds 95 % of what other draws of as many images would give."""
    random = np.random.default_rng(0)
    drawn = [values(random.integers(images, size=images).tolist()) for _ in range(DRAWS)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{low:.3f} to {high:.3f}"


def ap_of(row: Row, images: Sequence[int] | None = None) -> float:
    """Return AP over the nuclei of all images, or of those with these numbers."""
    chosen = row.matches if images is None else [row.matches[number] for number in images]
    return score(pool(chosen)).ap


def stained(colours: Pixels, stain: Model, nuclei: Model, **settings: float) -> Pixels:
    """Return labels (Y, X) of the nuclei in the virtual stain of an image (Y, X, C)."""
    light = drua.predict(Image(np.moveaxis(colours, -1, 0), "CYX"), stain).image.pixels[0, 0, 0]
    return drua.predict(Image(light, "YX"), nuclei, settings=settings).image.pixels[0, 0]


def inverted(colours: Pixels, nuclei: Model, **settings: float) -> Pixels:
    """Return labels (Y, X) of the nuclei in the inverted grey image."""
    dark = (1 - rgb2gray(colours)).astype(np.float32)
    return drua.predict(Image(dark, "YX"), nuclei, settings=settings).image.pixels[0, 0]


def otsu_and_watershed(colours: Pixels, sigma: float, min_distance: int, min_size: int) -> Pixels:
    """Return labels (Y, X) by Otsu's threshold of haematoxylin and a watershed of the distance map."""
    density = ndimage.gaussian_filter(rgb2hed(colours)[..., 0], sigma)
    mask = ndimage.binary_fill_holes(density > threshold_otsu(density))
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 1)
    peaks = peak_local_max(distance, min_distance=min_distance, labels=ndimage.label(mask)[0])
    markers = np.zeros(mask.shape, int)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    labels = np.asarray(watershed(-distance, markers, mask=mask))
    return np.where(np.bincount(labels.ravel())[labels] >= min_size, labels, 0)


def neurons(package: str) -> dict[str, dict[str, float]]:
    """Return Pearson's r on the strip for every channel: of the stain, and of the best depth as it is."""
    data = recipe_of(NEURONS)
    phase = np.stack([data.read(FIELD, name) for name in data.DEPTHS])
    first = data.border(phase.shape[-1])
    result = drua.predict(Image(phase, "CYX"), package).image.pixels[0, 0]
    found = {}
    for channel, (name, source) in enumerate(data.STAINS.items()):
        truth = data.read(FIELD, source).astype(np.float64)
        found[name] = {
            "stain": _pearson(result[channel, :, first:], truth[:, first:]),
            "phase": _best_of_phase(phase, truth, first),
        }
    return found


def _best_of_phase(phase: Pixels, truth: Pixels, first: int) -> float:
    """Return r of the depth and blur that are best left of the strip, on the strip."""

    def shown(plane: Pixels, sigma: float) -> Pixels:
        return ndimage.gaussian_filter(np.abs(plane - plane.mean()), sigma)

    candidates = [shown(plane.astype(np.float64), sigma) for plane, sigma in product(phase, (1, 2, 4, 8))]
    best = max(candidates, key=lambda plane: _pearson(plane[:, :first], truth[:, :first]))
    return _pearson(best[:, first:], truth[:, first:])


def _pearson(image: Pixels, truth: Pixels) -> float:
    value = similarity.pearson(np.asarray(image, np.float64), truth)
    assert value is not None, "neither is constant"
    return value


def table(rows: Sequence[Row]) -> str:
    """Return the scores of the ways as Markdown."""
    lines = ["| way | settings | AP@0.5 | 95 % | precision | recall |", "|---|---|---|---|---|---|"]
    for row in rows:
        one, around = row.score, interval(partial(ap_of, row), len(row.matches))
        lines.append(
            f"| {row.method} | {row.setting} | {one.ap:.3f} | {around} | {one.precision:.3f}"
            f" | {one.recall:.3f} |"
        )
    return "\n".join(lines) + "\n"


def ahead(rows: Sequence[Row]) -> Iterator[Lead]:
    """Yield our row, the one it is compared to, by how much AP it is ahead, and the interval of that."""
    for own in [row for row in rows if row.method == rows[0].method]:
        for other in [row for row in rows if row.method != own.method]:
            if (other.setting == DEFAULTS) == (own.setting == DEFAULTS):
                around = interval(
                    lambda each, own=own, other=other: ap_of(own, each) - ap_of(other, each), len(own.matches)
                )
                yield own, other, ap_of(own) - ap_of(other), around


def table_of_neurons(found: dict[str, dict[str, float]]) -> str:
    """Return Pearson's r as Markdown."""
    lines = ["| channel | stain | phase contrast as it is |", "|---|---|---|"]
    lines += [f"| {name} | {r['stain']:.3f} | {r['phase']:.3f} |" for name, r in found.items()]
    return "\n".join(lines) + "\n"


def figures(leads: Sequence[Lead], found: dict[str, dict[str, float]]) -> Iterator[dict[str, Any]]:
    """Yield the figures with goals."""
    for own, other, value, around in leads:
        at = "at default settings" if own.setting == DEFAULTS else "tuned"
        yield figure(
            f"AP@0.5 above {other.method}, {at}",
            value,
            "AP",
            CLEARLY,
            f"{ap_of(own):.3f} and {ap_of(other):.3f}; 95 %: {around}",
            at_least=True,
        )
    for name, values in found.items():
        yield figure(
            f"Pearson's r of {name} on the strip",
            values["stain"],
            "",
            LEAST_R[name],
            f"phase contrast as it is: {values['phase']:.3f}",
            at_least=True,
        )


def write(
    folder: Path, rows: Sequence[Row], found: dict[str, dict[str, float]], texts: dict[str, str]
) -> None:
    """Write stain_accuracy.csv and .md."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stain_accuracy.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "what", "setting", "figure", "value"])
        for row in rows:
            writer.writerow([HISTOLOGY.name, row.method, row.setting, "AP@0.5", row.score.ap])
        for name, values in found.items():
            for what, value in values.items():
                writer.writerow([NEURONS.name, what, name, "r", value])
    (folder / "stain_accuracy.md").write_text("\n".join(texts.values()), encoding="utf-8")


def write_cards(
    rows: Sequence[Row], leads: Sequence[Lead], texts: dict[str, str], objects: int, alone: Sequence[int]
) -> None:
    """Fill the templates of the models' READMEs with the tables."""
    differences = [
        f"- {value:.3f} AP ({around}) ahead of {other.method}"
        f" {'at default settings' if own.setting == DEFAULTS else 'where both are tuned'}"
        for own, other, value, around in leads
    ]
    images = len(rows[0].matches)
    histology = {
        "table": texts["histology"],
        "ahead": "The stain is\n\n" + "\n".join(differences) + "\n",
        "settings": rows[0].setting,
        "continued": images - len(alone),
        "others": len(alone),
        "alone": "; ".join(
            f"{ap_of(row, alone):.3f} by {row.method}" for row in rows if row.setting != DEFAULTS
        ),
        "images": images,
        "objects": objects,
        "steps": steps_of(HISTOLOGY),
    }
    for package, values in ((HISTOLOGY, histology), (NEURONS, {"table": texts["neurons"]})):
        template = (package / "recipe" / "README.template.md").read_text(encoding="utf-8")
        (package / "README.md").write_text(Template(template).substitute(values), encoding="utf-8")


def recipe_of(package: Path) -> ModuleType:
    """Return the module `data` of a recipe: which images it learns from is written there, once."""
    path = package / "recipe" / "data.py"
    spec = importlib.util.spec_from_file_location(f"{package.name.replace('-', '_')}_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _grid(**values: Sequence[float]) -> list[dict[str, Any]]:
    return [dict(zip(values, each, strict=True)) for each in product(*values.values())]


if __name__ == "__main__":
    main()
