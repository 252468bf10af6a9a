"""Train the model and write its package: one command, resumable.

    python models/stain-neurons-phase/recipe/train.py --data PATH/TO/isl_neurons --output DIR

DIR becomes the package; its name is the model's id. The part of the field to learn from is written to
DIR-pairs first, which can be deleted afterwards. The rightmost fifth of the columns is not learnt from.
Needs the extra `torch`: pip install -e '.[torch]'. The schedule follows the time spent, so that
`--minutes` is what it costs on any machine. `--resume` continues where the last run stopped, and writes
the package again if nothing is left to do.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from data import write_pairs
from drua.training.package import Sample
from drua.training.plan import Plan, Report
from drua.training.tasks import Names, Release, train_stain
from simulate import sample

NAMES = Names(
    name="Nuclei and neurites from phase contrast",
    description="Predicts nuclei and neurites from phase contrast; a demonstration, from one field.",
    authors=("Drua developers",),
    licence="CC0-1.0",
)
CONFIG = {
    "intensities": "not validated",
    "colours": ["#0060ff", "#00ff00"],
    "modality": {
        "kind": "phase contrast at three depths",
        "channels": 3,
        "bits": 16,
        "colour": False,
        "background": "grey",
    },
}


def release() -> Release:
    """Return what the package has beside: its card, and the simulated sample."""
    return Release(CONFIG, Sample(*sample()))


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
    parser.add_argument("--data", type=Path, required=True, help="folder with the six images")
    parser.add_argument("--output", type=Path, required=True, help="folder of the package")
    parser.add_argument("--minutes", type=float, default=8.0, help="time to spend on training")
    parser.add_argument("--resume", action="store_true", help="continue the training in the folder")
    arguments = parser.parse_args()
    inputs, targets = write_pairs(
        arguments.data, arguments.output.with_name(f"{arguments.output.name}-pairs")
    )
    train_stain(
        inputs,
        targets,
        arguments.output,
        Plan(
            task="stain",
            minutes=arguments.minutes,
            patch=128,
            batch=4,
            width=16,
            levels=3,
            loss="l1+structure",
            rate=1e-3,
            patience=30,
        ),
        names=NAMES,
        resume=arguments.resume,
        listener=show,
        tell=print,
        release=release(),
    )


if __name__ == "__main__":
    main()
