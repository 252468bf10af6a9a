"""The engine with a few operations more, for measuring: what the plugin starts where a benchmark runs.

The code that is measured is the product's; here are only an empty task, looks at an image, and clocks.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from drua import operations, outlines, worker
from drua.backends.onnx import OnnxBackend

SECONDS: defaultdict[str, list[float]] = defaultdict(list)


def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            SECONDS[name].append(time.perf_counter() - started)

    return call


def nothing(_task: Any, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def look(task: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Touch one pixel of every plane on the mapped memory: change it, and tell their sum before."""
    pixels = operations.image_from(inputs["image"], task.segments).pixels
    planes = pixels.reshape(-1, *pixels.shape[-2:])
    total = int(planes[:, -1, -1].sum(dtype=np.int64))
    planes[:, 0, 0] += 1
    return {"sum": total}


def tiff(_task: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Read a TIFF file, change one pixel of every plane, and write it again."""
    import tifffile

    path = Path(inputs["path"])
    planes = tifffile.imread(path)
    read = time.perf_counter()
    planes[:, 0, 0] += 1
    if inputs["back"]:
        tifffile.imwrite(path, planes, imagej=True)
    return {"wrote": time.perf_counter() - read, "sum": int(planes[:, -1, -1].sum(dtype=np.int64))}


def seconds(_task: Any, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return how long the timed functions took since the last time, and forget it."""
    taken = {name: list(values) for name, values in SECONDS.items()}
    SECONDS.clear()
    return {"seconds": taken}


def objects(task: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outlines of a label image that was saved as a numpy file, as `segment` does."""
    found = outlines.trace(np.load(inputs["path"])[None])
    arrays = list(found.arrays.values())
    references = task.segments.write(task.need(operations.bytes_needed(arrays)), arrays)
    return {"outlines": dict(zip(found.arrays, references, strict=True)), "count": len(found)}


if __name__ == "__main__":
    operations.OPERATIONS.update(nothing=nothing, look=look, tiff=tiff, seconds=seconds, objects=objects)
    for name in ("describe", "segment"):
        operations.OPERATIONS[name] = timed(name, operations.OPERATIONS[name])
    operations.predict = timed("predict", operations.predict)
    OnnxBackend.run = timed("forward", OnnxBackend.run)  # type: ignore[method-assign]
    worker.main(sys.argv[2:])  # behind --segments
