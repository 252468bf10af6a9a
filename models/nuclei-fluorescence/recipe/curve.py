"""Draw a training run: loss and validation AP over the steps."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot


def draw_curve(history: dict[str, list[list[float]]], path: Path) -> None:
    """Write a PNG of a history: 'loss' and 'ap' hold pairs of step and value."""
    figure, losses = pyplot.subplots(figsize=(7, 4), dpi=120)
    steps, values = np.array(history["loss"]).T
    losses.plot(steps, values, color="tab:grey", linewidth=1)
    losses.set(xlabel="step (8 patches of 256 x 256 pixels)", ylabel="training loss", ylim=(0.3, 0.8))
    scores = losses.twinx()
    steps, values = np.array(history["ap"]).T
    scores.plot(steps, values, color="tab:blue", marker="o")
    scores.set_ylabel("AP@0.5 on a third of the validation images", color="tab:blue")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
