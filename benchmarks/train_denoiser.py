"""What a minute of `drua train denoise` gains on a movie, without any clean image, beside a tuned Gaussian.

The movie is simulated, because only then is the truth known: cells that move over 100 frames of 512 x 512
pixels, photon noise and a read noise of 4 grey values. The training sees noisy frames alone. The Gaussian is
the best of five, chosen with the truth at hand, which no user has. In a second movie the read noise is alike
along rows, as of scanning microscopes: there the mask that Drua chooses by itself stands beside none.

    python benchmarks/train_denoiser.py [--minutes M]

Needs PyTorch (pip install 'drua[torch]').
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import drua
import numpy as np
from drua import similarity
from drua.image import Image
from drua.training.images import Opened
from drua.training.plan import Plan
from drua.training.tasks import train_denoiser
from harness import figure, report
from scipy import ndimage

FRAMES, SIDE = 100, 512
SHOWN = (10, 50, 90)
READ_NOISE = 4.0
ALIKE = (0.35, 1.0, 0.35)
"""What smears read noise along rows: neighbours correlate by about 0.6."""
SIGMAS = (0.7, 1.0, 1.4, 2.0, 2.8)
ABOVE_GAUSSIAN, ABOVE_NO_MASK = 1.0, 1.0

Movie = np.ndarray


def main() -> None:
    """Train, measure and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=1.0, help="time to spend on each training")
    parser.add_argument("--tiny", action="store_true", help="a few frames, to see that it works")
    arguments = parser.parse_args()
    minutes = 0.05 if arguments.tiny else arguments.minutes
    clean = movie(12 if arguments.tiny else FRAMES, 128 if arguments.tiny else SIDE)
    frames = [frame * len(clean) // FRAMES for frame in SHOWN]

    white = camera(clean)
    gain = gain_of(clean[frames], white[frames])
    own = gain(trained(white, minutes, "auto", frames))
    blurred = {sigma: gain(ndimage.gaussian_filter(white[frames], (0, sigma, sigma))) for sigma in SIGMAS}
    sigma = max(blurred, key=lambda each: blurred[each])

    striped = camera(clean, alike=True)
    gain = gain_of(clean[frames], striped[frames])
    masked, plain = (gain(trained(striped, minutes, structure, frames)) for structure in ("auto", "none"))
    report(
        "train_denoiser",
        [
            figure(
                f"PSNR gained in {minutes:g} minutes of training, above the best Gaussian",
                own - blurred[sigma],
                "dB",
                ABOVE_GAUSSIAN,
                f"{own:.2f} and {blurred[sigma]:.2f} dB (sigma {sigma:g})",
                at_least=True,
            ),
            figure(
                "the same with noise that is alike along rows, above a training without mask",
                masked - plain,
                "dB",
                ABOVE_NO_MASK,
                f"{masked:.2f} and {plain:.2f} dB",
                at_least=True,
            ),
        ],
    )


def movie(frames: int, side: int) -> Movie:
    """Return cells with texture that move, (T, Y, X), 20 to some 250 photons."""
    random = np.random.default_rng(3)
    texture = ndimage.gaussian_filter(random.normal(size=(side, side)), 1.5, mode="wrap")
    texture *= 0.2 / texture.std()
    count = side * side // 4000
    starts, speeds = random.uniform(0, side, (count, 2)), random.normal(0, 0.5, (count, 2))
    radii, lights = random.uniform(5, 16, count), random.uniform(30, 200, count)
    clean = np.empty((frames, side, side), np.float32)
    for frame in range(frames):
        light = np.zeros((side, side))
        for place, radius, bright in zip(starts + frame * speeds, radii, lights, strict=True):
            rows, columns = (_around(centre, radius, side) for centre in place)
            offsets = np.ix_(rows - place[0], columns - place[1])
            depth = np.sqrt(np.maximum(1 - (offsets[0] ** 2 + offsets[1] ** 2) / radius**2, 0))
            own = texture[np.ix_(*(np.rint(each).astype(int).ravel() % side for each in offsets))]
            part = np.ix_(rows, columns)
            light[part] = np.maximum(light[part], bright * depth * (1 + own))
        clean[frame] = ndimage.gaussian_filter(light, 1.0) + 20
    return clean


def _around(centre: float, radius: float, side: int) -> np.ndarray:
    """Return the pixels of a side that a cell covers."""
    return np.arange(max(int(centre - radius), 0), max(min(int(centre + radius) + 2, side), 0))


def camera(clean: Movie, *, alike: bool = False) -> Movie:
    """Return what a camera reads of light, float32; with `alike` read noise goes along rows."""
    random = np.random.default_rng(4)
    read = random.normal(size=clean.shape)
    if alike:
        read = ndimage.convolve1d(read, ALIKE, axis=2, mode="wrap")
        read *= 2.5 / read.std()  # stronger than the photon noise, which is not alike
    return np.asarray(random.poisson(clean) + READ_NOISE * read, np.float32)


def trained(noisy: Movie, minutes: float, structure: str, frames: list[int]) -> Movie:
    """Return frames as a denoiser gives them that was trained on the movie, as `drua train denoise` does."""
    with tempfile.TemporaryDirectory() as folder:
        image = Image(noisy, "TYX")
        output = Path(folder) / "mine"
        train_denoiser(
            [Opened("movie", image)],
            output,
            Plan(minutes=minutes),
            structure=structure,
            listener=lambda _report: None,
        )
        result = drua.predict(Image(noisy[frames], "TYX"), str(output)).image.pixels
    return np.asarray(result, np.float64)[:, 0, 0]


def gain_of(truth: Movie, noisy: Movie) -> Callable[[Movie], float]:
    """Return what tells by how many dB a result is nearer to the truth than the noisy frames."""
    span = float(np.ptp(truth))

    def psnr(pixels: Movie) -> float:
        return similarity.psnr(similarity.nrmse(np.asarray(pixels, np.float64), truth, span))

    before = psnr(noisy)
    return lambda result: psnr(result) - before


if __name__ == "__main__":
    main()
