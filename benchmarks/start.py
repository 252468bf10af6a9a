"""From no worker to the first result of `run("Drua Segment...")` on 512 x 512 pixels.

Everything on disk is warm: the card is in its cache, the files are in the system's. What the forward pass
takes is measured in the same worker, at its second call: python benchmarks/start.py [--tiny]
"""

from __future__ import annotations

import sys

import numpy as np
from harness import figure, report, run_java

TIMES = 1 if "--tiny" in sys.argv else 9


def main() -> None:
    """Print the figures and, as the last line, one JSON object."""
    raw = run_java("io.github.drua.engine.StartBenchmark", [TIMES])
    seconds = {name: np.array(values) / 1e3 for name, values in raw.items()}
    median = {name: float(np.median(values)) for name, values in seconds.items()}
    report(
        "start",
        [
            figure(
                "no worker to the first result, median",
                median["first"],
                "s",
                1.2,
                f"second result {median['second']:.2f} s, HELLO after {median['hello']:.2f} s",
            ),
            figure(
                "the same without the forward pass, median",
                float(np.median(seconds["first"] - seconds["second forward"])),
                "s",
                0.4,
                f"forward pass {median['second forward']:.2f} s, the first {median['first forward']:.2f} s",
            ),
        ],
    )


if __name__ == "__main__":
    main()
