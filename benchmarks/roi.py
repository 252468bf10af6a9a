"""10,000 and 100,000 objects on 4096 x 4096 pixels: label image to exact outlines, ROI Manager, and overlay.

The event thread is asked without a pause how long one has to wait for it. Needs a display, or Xvfb for a
virtual one: python benchmarks/roi.py [--tiny]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from drua.outlines import rasterise, trace
from harness import CACHE, figure, report, run_java
from numpy.typing import NDArray
from skimage.measure import find_contours, regionprops

SIDE = 4096
ACROSS = (100, 316)
TRACES, ROUNDS = (2, 1) if "--tiny" in sys.argv else (15, 5)


def main() -> None:
    """Print the figures and, as the last line, one JSON object."""
    paths = [saved(across) for across in ACROSS]
    traced, contours, vertices = trace_times(np.load(paths[0]))
    raw = run_java("io.github.drua.image.RoiBenchmark", [ROUNDS, *paths], display=True)
    figures = [
        figure(
            f"{ACROSS[0] ** 2} objects to exact outlines ({vertices} vertices), warm, median",
            traced,
            "ms",
            150,
            f"find_contours for each bounding box, half a pixel off: {contours:.0f} ms",
        )
    ]
    for number, goal in (("1", 100), ("2", 1000)):
        ms = {name[:-2]: float(np.median(values)) for name, values in raw.items() if name.endswith(number)}
        objects = f"{ms['count']:.0f} ROIs"
        figures += [
            figure(f"{objects} in the manager, median", ms["added"], "ms", goal),
            figure(f"{objects}, event thread held while adding, median", ms["held while adding"], "ms", 100),
            figure(
                f"{objects}, event thread held while the merged overlay is shown, median",
                ms["held while drawing"],
                "ms",
                100,
                f"{ms['drawn']:.0f} ms until it is shown",
            ),
        ]
    report("roi", figures)


def trace_times(labels: NDArray[Any]) -> tuple[float, float, int]:
    """Return milliseconds of ours and of scikit-image, and our vertices; ours are checked for exactness."""
    stack = labels[None]
    found = trace(stack)
    if not np.array_equal(rasterise(found, stack.shape), stack):
        sys.exit("the outlines do not give the labels again")
    ours = [_milliseconds(lambda: trace(stack)) for _ in range(TRACES)]
    return float(np.median(ours)), _milliseconds(lambda: _contours(labels)), len(found.xy) // 2


def _contours(labels: NDArray[Any]) -> None:
    for region in regionprops(labels):
        find_contours(np.pad(region.image, 1), 0.5)


def _milliseconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


def saved(across: int) -> Path:
    """Return a file with a label image of `across` x `across` lobed objects."""
    path = CACHE / f"objects-{SIDE}-{across}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, lobed_objects(across))
    return path


def lobed_objects(across: int) -> NDArray[np.uint32]:
    """Return labels (SIDE, SIDE): a lobed disc in every field of a grid, somewhat off its centre."""
    random, step = np.random.default_rng(1), SIDE / across
    fields = (across, across)
    radius = random.uniform(0.34, 0.45, fields) * step
    shift_y, shift_x = random.uniform(-0.04, 0.04, (2, *fields)) * step
    lobes, turn = random.integers(2, 6, fields), random.uniform(0, 2 * np.pi, fields)
    labels = np.zeros((SIDE, SIDE), np.uint32)
    column = np.minimum((np.arange(SIDE) / step).astype(int), across - 1)
    for y in range(SIDE):
        at = (min(int(y / step), across - 1), column)
        down = y - (at[0] + 0.5) * step - shift_y[at]
        right = np.arange(SIDE) - (column + 0.5) * step - shift_x[at]
        edge = radius[at] * (1 + 0.12 * np.cos(lobes[at] * np.arctan2(down, right) + turn[at]))
        inside = np.hypot(down, right) < edge
        labels[y, inside] = (at[0] * across + column + 1)[inside]
    return labels


if __name__ == "__main__":
    main()
