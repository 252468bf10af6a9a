"""How an image crosses from ImageJ to the engine in the same process: time and memory, beside one copy.

256 MiB of 16-bit planes, by an operation that looks at no pixel, so that only the way is timed. Run after
`make plugin`.
"""

from __future__ import annotations

import json
import re
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import drua.fiji
import jpype
from drua import embedded_fiji

SIDE, PLANES, REPEATS = 2048, 32, 7
BYTES = SIDE * SIDE * PLANES * 2


def main() -> None:
    """Print the figures as one JSON object."""
    drua.fiji.start()
    image = jpype.JClass("ij.IJ").createImage("planes", "16-bit ramp", SIDE, SIDE, PLANES)
    cross = crossing(image)
    copy = copying(image)
    jpype.JClass("io.github.drua.engine.Engines").get().hello()
    with Peak() as peak:
        first = seconds(cross)  # has to find its memory
    fresh = seconds(lambda: direct(image))
    warm, plain = (statistics.median(seconds(work) for _ in range(REPEATS)) for work in (cross, copy))
    figures = [
        figure("crossing of 256 MiB, warm", warm, "s", plain, "System.arraycopy of the same planes", 1.5),
        figure("first crossing of 256 MiB", first, "s", fresh, "a new direct buffer, filled", 3),
        figure("more memory while it crosses", peak.more, "MiB", BYTES / 2**20, "one copy", 1.1),
    ]
    print(json.dumps({"name": "inprocess_crossing", "figures": figures}))


def crossing(image: Any) -> Callable[[], Any]:
    """Return a call that hands the image to the engine, which does nothing with it."""
    client = jpype.JClass("io.github.drua.engine.Engines").get()
    region = jpype.JClass("io.github.drua.image.Region").of(image, False)
    pixels = jpype.JClass("io.github.drua.image.ImageBridge")(image, region)
    # Named by the method that takes it, as the jar has the JSON library under a name of its own.
    methods = jpype.JClass("io.github.drua.engine.EngineClient").class_.getMethods()
    kinds = next(method for method in methods if method.getName() == "call").getParameterTypes()
    inputs = jpype.JClass(kinds[1])
    return lambda: client.call("models", inputs(), pixels, embedded_fiji.watcher(None)).close()


def direct(image: Any) -> None:
    """Fill a new direct buffer with the planes: the other way to hand them over with one copy."""
    buffer = jpype.JClass("java.nio.ByteBuffer").allocateDirect(BYTES)
    shorts = buffer.order(jpype.JClass("java.nio.ByteOrder").nativeOrder()).asShortBuffer()
    for number in range(PLANES):
        shorts.put(image.getStack().getPixels(number + 1))


def copying(image: Any) -> Callable[[], None]:
    """Return a call that copies the planes to arrays that are there already."""
    stack, arraycopy = image.getStack(), jpype.JClass("java.lang.System").arraycopy
    planes = [stack.getPixels(number + 1) for number in range(PLANES)]
    copies = [plane.clone() for plane in planes]

    def copy() -> None:
        for plane, other in zip(planes, copies, strict=True):
            arraycopy(plane, 0, other, 0, SIDE * SIDE)

    return copy


def seconds(work: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class Peak:
    """The most memory that the process holds in the context, beyond what it held before, in MiB."""

    def __enter__(self) -> Peak:
        self._before, self._most, self._over = held(), 0.0, False
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over = True
        self._thread.join()

    @property
    def more(self) -> float:
        """What was held at most beyond the beginning."""
        return self._most - self._before

    def _watch(self) -> None:
        while not self._over:
            self._most = max(self._most, held())
            time.sleep(0.01)


def held() -> float:
    """Return the process's share of memory in MiB; what two mappings share counts once."""
    text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024


def figure(what: str, value: float, unit: str, other: float, against: str, goal: float) -> dict[str, Any]:
    """Return one figure beside what it is measured against."""
    ratio = value / other
    return {
        "what": what,
        "value": round(value, 4),
        "unit": unit,
        "against": f"{against}: {other:.4g} {unit}",
        "ratio": round(ratio, 3),
        "goal": f"<= {goal}",
        "holds": ratio <= goal,
    }


if __name__ == "__main__":
    main()
