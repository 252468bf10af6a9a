"""Train the model and write its package: one command, resumable.

    python models/denoise-fluorescence/recipe/train.py --data PATH/TO/dsb2018/fluorescence --output DIR

DIR becomes the package; its name is the model's id. The images of the validation fifth are not read.
Needs the extra `torch`: pip install -e '.[torch]'. The schedule follows the time spent, so that
`--minutes` is what it costs on any machine. `--resume` continues where the last run stopped, and writes
the package again if nothing is left to do.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from drua.training.package import Sample
from drua.training.plan import Plan, Report
from drua.training.tasks import Names, Release, train_denoiser
from noise import corrupt, is_validation
from simulate import sample

NAMES = Names(
    name="Denoise fluorescence",
    description="Removes noise from fluorescence images; gain and offset of the camera make no difference.",
    authors=("Drua developers",),
    licence="CC0-1.0",
)
CONFIG = {"intensities": "not validated", "modality": {"kind": "fluorescence", "background": "dark"}}


def release() -> Release:
    """Return what the package has beside: its card, and the simulated sample."""
    noisy, truth = sample()
    return Release(CONFIG, Sample(noisy[None], truth[None]))


def show(report: Report) -> None:
    """Print a line at every check."""
    if report.preview is not None:
        print(
            f"{report.progress:.0%}, step {report.step}: loss {report.loss:.4f}, of images that were not"
            f" learnt from {report.validation:.4f}",
            flush=True,
        )


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/")
    parser.add_argument("--output", type=Path, required=True, help="folder of the package")
    parser.add_argument("--minutes", type=float, default=60.0, help="time to spend on training")
    parser.add_argument("--resume", action="store_true", help="continue the training in the folder")
    arguments = parser.parse_args()
    images = sorted((arguments.data / "images").glob("*.png"))
    train_denoiser(
        [path for path in images if not is_validation(path.stem)],
        arguments.output,
        Plan(minutes=arguments.minutes, patch=96, batch=8, width=24, levels=2, rate=2e-3, patience=30),
        names=NAMES,
        resume=arguments.resume,
        listener=show,
        tell=print,
        corrupt=corrupt,
        release=release(),
    )


if __name__ == "__main__":
    main()
