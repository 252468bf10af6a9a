"""What a call costs beside the computing: empty tasks, `run("Drua Segment...")`, and a macro's loop.

python benchmarks/call.py [--tiny]
"""

from __future__ import annotations

import sys

import numpy as np
from harness import figure, report, run_java, tiny_model

EMPTY, MODEL, LOOP = (200, 2, 30) if "--tiny" in sys.argv else (5000, 20, 1000)


def main() -> None:
    """Print the figures and, as the last line, one JSON object."""
    raw = {
        name: np.array(values)
        for name, values in run_java(
            "io.github.drua.engine.CallBenchmark", [EMPTY, MODEL, LOOP, tiny_model()]
        ).items()
    }
    empty, loop = raw["empty"], raw["loop"]
    beside = raw["model wall"] - raw["model predict"]
    tiny = raw["tiny wall"] - raw["tiny predict"]
    tenth = len(loop) // 10
    # Whatever grows slows the fastest calls, too; what else the machine does slows only some.
    early, late = np.percentile(loop[tenth : 3 * tenth], 10), np.percentile(loop[-2 * tenth :], 10)
    report(
        "call",
        [
            figure("empty warm task, median", float(np.median(empty)), "ms", 0.15),
            figure("empty warm task, 99th percentile", float(np.percentile(empty, 99)), "ms", 1.0),
            figure(
                'run("Drua Segment...") on 512 x 512 beside drua.predict, median',
                float(np.median(beside)),
                "ms",
                5.0,
                f"{np.median(raw['model predict']):.0f} ms in drua.predict",
            ),
            figure(
                "the same with a network that takes no time, median",
                float(np.median(tiny)),
                "ms",
                5.0,
                f"{np.median(raw['tiny predict']):.0f} ms in drua.predict",
            ),
            figure(
                f"{len(loop)} calls of a macro loop, 10th percentile of the last fifth",
                float(late),
                "ms",
                1.1,
                f"early calls: {early:.2f} ms",
                float(late / early),
            ),
        ],
    )


if __name__ == "__main__":
    main()
