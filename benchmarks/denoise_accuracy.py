"""PSNR of the shipped denoiser on images it has never seen, beside the best of classical methods, in one run.

The images are the validation fifth of the DSB 2018 fluorescence set with simulated noise of three levels.
They have some noise of their own, so the truth is the image after the slight blur that the recipe calls
`clean`. Large images are cropped to the middle 256 x 256 pixels. Every classical method has its strength,
and whether it works on Anscombe-transformed values, tuned on training images of the same level of noise,
and is told the noise. BM3D is slow, so it is compared on every third image; it needs `pip install bm3d`,
and it is said if it is absent. Our model goes through the whole of `drua.predict`.

Then movies of lysosomes, of which nothing was trained on. Their frames have little noise, and what they
show moves, so that no mean of frames is a truth: noise is added at the same three levels, and the frame
itself is the truth. The methods are tuned on the other movie. As they are, frames are compared with the
mean of the frames before and after, with gain and offset fitted, which rewards blur, too.

    python benchmarks/denoise_accuracy.py [--output DIR] [--card]

--output writes the tables as CSV and Markdown, --card writes the README of the model. Needs the shared
data.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import drua
import numpy as np
import tifffile
from drua import noise as noise_of
from drua import similarity
from drua.image import Image
from drua.pipeline import Model
from harness import ROOT, figure, report, steps_of
from harness.classical import Camera, Method, Setting, methods, tuned

PACKAGE = ROOT / "models" / "denoise-fluorescence"
sys.path.insert(0, str(PACKAGE / "recipe"))
from noise import LEVELS, Noise, clean, expose, is_validation  # noqa: E402

DATA = ROOT.parent / "shared/data/dsb2018/fluorescence"
MOVIES = ROOT.parent / "shared/data/real/denoising/lysosome_movies"
SIDE = 256
TUNING_IMAGES = 8
SLOW = {"BM3D"}
EVERY = 3
FRAMES = (5, 20, 35)
GAIN_OVER_NOISY, GAIN_OVER_BEST = 3.0, 0.5
OURS, NOISY = "Drua", "noisy input"

Plane = np.ndarray
Triple = tuple[Plane, Plane, Camera]


@dataclass(frozen=True)
class Row:
    """What a method reached: mean PSNR in dB, mean SSIM where it was asked for, on so many images."""

    part: str
    level: str
    method: str
    setting: str
    psnr: float
    images: int
    ssim: float | None = None


def main() -> None:
    """Measure, write tables, and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=str(PACKAGE), help="a package's folder or the id of a model")
    parser.add_argument("--output", type=Path, help="folder for the tables")
    parser.add_argument("--card", action="store_true", help="write the README of the model")
    parser.add_argument("--tiny", action="store_true", help="a few images, to see that it works")
    arguments = parser.parse_args()
    for folder in (DATA, MOVIES):
        if not folder.is_dir():
            sys.exit(f"{folder} is not there; the figures need the shared data")
    with drua.open_model(arguments.model) as model:
        rows = [*unseen_images(model, 16 if arguments.tiny else None), *movies(model)]
    texts = {part: table([row for row in rows if row.part == part]) for part in parts(rows)}
    for part, text in texts.items():
        print(f"\n{part}\n\n{text}")
    if arguments.output is not None:
        write(arguments.output, rows, texts)
    if arguments.card:
        write_card(rows, texts)
    report("denoise_accuracy", list(figures(rows)))


def parts(rows: list[Row]) -> list[str]:
    """Return the names of the parts, in order."""
    return list(dict.fromkeys(row.part for row in rows))


def unseen_images(model: Model, most: int | None) -> Iterator[Row]:
    """Yield what everybody reaches on the validation fifth, at each level of noise."""
    paths = sorted((DATA / "images").glob("*.png"))
    learnt = [path for path in paths if not is_validation(path.stem)]
    learnt = learnt[:: len(learnt) // TUNING_IMAGES][:TUNING_IMAGES]
    unseen = [path for path in paths if is_validation(path.stem)][:most]
    for level, one in LEVELS.items():
        quality = _psnr_of_range(one.photons)
        tuning = [exposed(path, one) for path in learnt]
        images = [exposed(path, one) for path in unseen]
        part = f"{len(images)} unseen images"
        some, third = images[::EVERY], f"{len(images[::EVERY])} of them, with BM3D"
        for name, results in (
            (NOISY, [noisy for noisy, _, _ in images]),
            (OURS, [ours(model, noisy) for noisy, _, _ in images]),
        ):
            qualities = [
                quality(result, truth) for result, (_, truth, _) in zip(results, images, strict=True)
            ]
            yield Row(part, level, name, "", float(np.mean(qualities)), len(images))
            yield Row(third, level, name, "", float(np.mean(qualities[::EVERY])), len(some))
        for name, method in methods().items():
            setting = tuned(method, tuning[::2] if name in SLOW else tuning, quality)
            if name not in SLOW:
                yield Row(
                    part, level, name, str(setting), score(method, setting, images, quality), len(images)
                )
            yield Row(third, level, name, str(setting), score(method, setting, some, quality), len(some))
        if "BM3D" not in methods():
            print("BM3D is not installed (pip install bm3d), and is not compared")


def movies(model: Model) -> Iterator[Row]:
    """Yield what everybody reaches on frames of the movies: with noise added, and as they are."""
    films = [tifffile.imread(path).astype(np.float64) for path in sorted(MOVIES.glob("*.tif"))]
    for level, one in LEVELS.items():
        sets = [[_with_noise(film[frame], one, frame) for frame in FRAMES] for film in films]
        yield from _crosswise(model, "lysosomes, noise added", level, sets, _psnr_of_range(one.photons))
    sets = [[_as_it_is(film, frame) for frame in FRAMES] for film in films]
    yield from _crosswise(model, "lysosomes as they are", "against neighbours", sets, _fitted_psnr)


def _crosswise(
    model: Model, part: str, level: str, sets: list[list[Triple]], quality: Callable[[Plane, Plane], float]
) -> Iterator[Row]:
    """Yield means over several sets, for each of which the methods are tuned on the next."""
    images = [each for one in sets for each in one]

    def row(name: str, setting: str, results: list[Plane]) -> Row:
        pairs = [(result, truth) for result, (_, truth, _) in zip(results, images, strict=True)]
        similar = [_fitted_ssim(*pair) for pair in pairs]
        psnr = float(np.mean([quality(*pair) for pair in pairs]))
        return Row(part, level, name, setting, psnr, len(images), float(np.mean(similar)))

    yield row(NOISY, "", [noisy for noisy, _, _ in images])
    yield row(OURS, "", [ours(model, noisy) for noisy, _, _ in images])
    for name, method in methods().items():
        results, settings = [], []
        for number, own in enumerate(sets):
            setting = tuned(method, sets[(number + 1) % len(sets)], quality)
            settings.append(str(setting))
            results += [method.denoise(noisy, setting, camera) for noisy, _, camera in own]
        yield row(name, "; ".join(settings), results)


def exposed(path: Path, one: Noise) -> Triple:
    """Return the middle of an image with noise, without it, and what noise it is; in photons."""
    truth = clean(_middle(np.asarray(drua.read_image(path).to("CYX").pixels)[0])) * one.photons
    random = np.random.default_rng([int(path.stem, 16), round(one.photons)])
    noisy = expose(truth / np.float32(one.photons), one, random)
    return noisy, truth.astype(np.float64), _camera(noisy, truth, one)


def ours(model: Model, noisy: Plane) -> Plane:
    """Return what the model makes of an image, (Y, X)."""
    result = drua.predict(Image(noisy.astype(np.float32), "YX"), model).image.pixels
    return np.asarray(result, np.float64).reshape(noisy.shape)


def score(
    method: Method, setting: Setting, images: list[Triple], quality: Callable[[Plane, Plane], float]
) -> float:
    """Return the mean quality of a method."""
    return float(
        np.mean([quality(method.denoise(noisy, setting, one), truth) for noisy, truth, one in images])
    )


def table(rows: list[Row]) -> str:
    """Return rows of one part as Markdown: methods down, levels across; the settings that were found last."""
    levels = list(dict.fromkeys(row.level for row in rows))
    names = list(dict.fromkeys(row.method for row in rows))
    found = {(row.method, row.level): row for row in rows}
    with_ssim = rows[0].ssim is not None
    lines = [
        f"| method | {' | '.join(levels)} | strength |",
        f"|---|{'---|' * len(levels)}---|",
    ]
    for name in names:
        cells = []
        for level in levels:
            row = found[name, level]
            cells.append(f"{row.psnr:.2f}" + (f" ({row.ssim:.3f})" if with_ssim else ""))
        settings = list(dict.fromkeys(found[name, level].setting for level in levels))
        shown = f"**{name}**" if name == OURS else name
        lines.append(f"| {shown} | {' | '.join(cells)} | {' / '.join(filter(None, settings))} |")
    return "\n".join(lines) + "\n"


def figures(rows: list[Row]) -> Iterator[dict[str, Any]]:
    """Yield the figures with goals: gain over the noisy input, and over the best of the others."""
    for part in [each for each in parts(rows) if "unseen" in each or "BM3D" in each]:
        for level in LEVELS:
            found = {row.method: row.psnr for row in rows if row.part == part and row.level == level}
            own, noisy = found.pop(OURS), found.pop(NOISY)
            best = max(found, key=lambda name: found[name])
            for other, value, goal in (
                (NOISY, noisy, GAIN_OVER_NOISY),
                (f"best: {best}", found[best], GAIN_OVER_BEST),
            ):
                yield figure(
                    f"PSNR above {other}, {level} noise, {part}",
                    own - value,
                    "dB",
                    goal,
                    f"{own:.2f} and {value:.2f} dB",
                    at_least=True,
                )


def write(folder: Path, rows: list[Row], texts: dict[str, str]) -> None:
    """Write denoise_accuracy.csv and .md."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "denoise_accuracy.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(vars(rows[0])))
        writer.writeheader()
        writer.writerows(vars(row) for row in rows)
    text = "\n".join(f"## {part}\n\n{each}" for part, each in texts.items())
    (folder / "denoise_accuracy.md").write_text(text, encoding="utf-8")


def write_card(rows: list[Row], texts: dict[str, str]) -> None:
    """Fill the template of the model's README with the tables."""
    names = parts(rows)
    values = {
        "unseen": texts[names[0]],
        "images": next(row.images for row in rows),
        "bm3d": texts[names[1]],
        "bm3d_images": next(row.images for row in rows if row.part == names[1]),
        "added": texts[names[2]],
        "real": texts[names[3]],
        "steps": steps_of(PACKAGE),
    }
    template = (PACKAGE / "recipe" / "README.template.md").read_text(encoding="utf-8")
    (PACKAGE / "README.md").write_text(Template(template).substitute(values), encoding="utf-8")


def _middle(plane: Plane) -> Plane:
    rows, columns = ((max(side - SIDE, 0) // 2, min(side, SIDE)) for side in plane.shape)
    return plane[rows[0] : rows[0] + rows[1], columns[0] : columns[0] + columns[1]]


def _with_noise(frame: Plane, one: Noise, number: int) -> Triple:
    light = clean(frame)
    noisy = expose(light, one, np.random.default_rng(number))
    truth = light.astype(np.float64) * one.photons
    return noisy, truth, _camera(noisy, truth, one)


def _as_it_is(film: Plane, frame: int) -> Triple:
    fitted = noise_of.model([film[frame]])
    camera = Camera(max(fitted.slope, 1e-3), fitted.constant, noise_of.level(film[frame]))
    return film[frame], (film[frame - 1] + film[frame + 1]) / 2, camera


def _camera(noisy: Plane, truth: Plane, one: Noise) -> Camera:
    return Camera(1.0, one.read**2, float(np.std(noisy - truth)))


def _psnr_of_range(limit: float) -> Callable[[Plane, Plane], float]:
    """Return PSNR with the range from 0 to the photons of the brightest pixels."""
    return lambda result, truth: similarity.psnr(similarity.nrmse(result, truth, limit))


def _fitted_psnr(result: Plane, truth: Plane) -> float:
    fitted = similarity.fit(result, truth).apply(result)
    return similarity.psnr(similarity.nrmse(fitted, truth, float(np.ptp(truth))))


def _fitted_ssim(result: Plane, truth: Plane) -> float:
    fitted = similarity.fit(result, truth).apply(result)
    value = similarity.ssim(fitted, truth, float(np.ptp(truth)))
    assert value is not None, "planes are larger than the window"
    return value


if __name__ == "__main__":
    main()
