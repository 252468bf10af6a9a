"""Whole images tile by tile: beside bioimageio.core, the bare network and PyTorch, and the memory it takes.

Needs `make oracle`, and the shared package unet2d_nuclei_broad for the first part. PyTorch is taken from this
Python, or that of DRUA_TORCH_PYTHON: python benchmarks/tiled_prediction.py [--tiny]
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import drua
import numpy as np
import onnxruntime
import tifffile
from drua import inference, tuning
from drua.image import Image
from drua.pipeline import predict_maps
from harness import ROOT, figure, report, tiny_model

sys.path.insert(0, str(ROOT))
from tests.oracle.reference import Reference

TINY = "--tiny" in sys.argv
BROAD = ROOT.parent / "shared/data/bioimageio/unet2d_nuclei_broad"
NUCLEI = ROOT / "models/nuclei-fluorescence"
NETWORKS = (
    ROOT / "python_engine/drua/backends/architectures/nuclei.py",
    NUCLEI / "recipe/network.py",
)
CORE_SIDE, ROUNDS = (736, 1) if TINY else (4096, 3)
FORWARD_SIDE, FORWARD_ROUNDS, PASSES = 256, *((3, 2) if TINY else (15, 10))
WHOLE_SIDE = 1536 if TINY else 8192
LARGE_SIDE = 2048 if TINY else 16384
HERE = Path(__file__).parent


def main() -> None:
    """Print the figures and, as the last line, one JSON object."""
    report("tiled_prediction", [*beside_core(), *forward(), *efficiency(), *memory()])


def beside_core() -> list[dict[str, Any]]:
    """Time a whole prediction beside the reference, whose result must be the same."""
    if not BROAD.is_dir():
        print(f"{BROAD} is not there: nothing is compared with bioimageio.core")
        return []
    image = _field(CORE_SIDE)
    seconds: dict[str, list[float]] = {"drua": [], "default": [], "onnx": []}
    by: dict[str, str] = {}
    reference = Reference()
    try:
        with drua.open_model(BROAD) as model:
            predict_maps(Image(image[:600, :600], "YX"), model)
            for _ in range(ROUNDS):
                took, made = _timed(lambda: predict_maps(Image(image, "YX"), model))
                seconds["drua"].append(took)
                ours = made.maps["probability"].pixels[0, 0, 0]
                for name, weights in (("default", None), ("onnx", "onnx")):
                    theirs = reference.predict(
                        BROAD, {"raw": image[None, None]}, {"raw": {"y": 512, "x": 512}}, weights
                    )["probability"][0, 0]
                    seconds[name].append(reference.seconds)
                    by[name] = reference.by
                    far = float(np.abs(ours - theirs).max())
                    if far > 1e-4:
                        sys.exit(f"the results differ by {far:.2g}: there is nothing to compare")
    finally:
        reference.close()
    median = {name: float(np.median(values)) for name, values in seconds.items()}
    return [
        figure(
            f"unet2d_nuclei_broad on {CORE_SIDE}², beside core at its {name}"
            + (f" ({by[name]})" if name in by else ""),
            median["drua"],
            "s",
            2.2 if name == "default" else None,
            f"{median[name]:.2f} s",
            median[name] / median["drua"],
            at_least=True,
        )
        for name in ("default", "onnx")
    ]


def forward() -> list[dict[str, Any]]:
    """Time single tiles through our backend, beside ONNX Runtime and PyTorch."""
    tile = np.random.default_rng(1).random((1, 1, FORWARD_SIDE, FORWARD_SIDE), np.float32)
    bare = onnxruntime.InferenceSession(NUCLEI / "weights.onnx", providers=["CPUExecutionProvider"])
    given = {bare.get_inputs()[0].name: tile}
    torch = _torch_peer()
    contenders: dict[str, Callable[[], float]] = {
        "bare ONNX Runtime": lambda: _each(lambda: bare.run(None, given))
    }
    if torch is not None:
        # its threads wait for each other, so that beside another program one of them is often faster than all
        for form, threads in product(("eager", "channels_last"), sorted({1, os.cpu_count() or 1})):
            contenders[f"PyTorch {form}, {threads} threads"] = partial(_ask, torch, form, threads)
    with drua.open_model(NUCLEI, "cpu") as model:
        contenders["drua"] = lambda: _each(lambda: model.backend.run([tile]))
        for contender in contenders.values():
            contender()
        times = {name: [] for name in contenders}
        for _ in range(FORWARD_ROUNDS):
            for name, contender in contenders.items():
                time.sleep(0.3)  # the threads of the one before go on looking for work for a while
                times[name].append(contender())
    if torch is not None:
        torch.communicate()
    median = {name: float(np.median(values)) * 1e3 for name, values in times.items()}
    ours = median.pop("drua")
    best = min(median, key=lambda name: median[name])
    figures = [
        figure(
            f"forward of {FORWARD_SIDE}² tiles, beside the best of {', '.join(median)}",
            ours,
            "ms",
            0.97,
            f"{best} {median[best]:.2f} ms",
            median[best] / ours,
            at_least=True,
        )
    ]
    if torch is not None:
        eager = min(value for name, value in median.items() if "eager" in name)
        figures.append(
            figure(
                f"forward of {FORWARD_SIDE}² tiles, beside PyTorch eager",
                ours,
                "ms",
                1.7,
                f"{eager:.2f} ms",
                eager / ours,
                at_least=True,
            )
        )
    return figures


def efficiency() -> list[dict[str, Any]]:
    """Compare the pixels of a whole prediction in a second with those of its network alone."""
    image = Image(_field(WHOLE_SIDE), "YX")
    with drua.open_model(NUCLEI, "cpu") as model:
        predict_maps(Image(_field(512), "YX"), model)
        size = tuning.size_for(model.card, model.backend, (WHOLE_SIDE, WHOLE_SIDE), 1, lambda *_: None)
        grid = inference.grid_of(model.card, (WHOLE_SIDE, WHOLE_SIDE), size)
        tiles = np.random.default_rng(2).random((size.batch, 1, *grid.tile), np.float32)
        raw, whole = [], []
        for _ in range(ROUNDS):
            raw.append(_timed(lambda: model.backend.run([tiles]))[0])
            whole.append(_timed(lambda: predict_maps(image, model))[0])
            raw.append(_timed(lambda: model.backend.run([tiles]))[0])
    alone = tiles.size / float(np.median(raw)) / 1e6
    useful = WHOLE_SIDE**2 / float(np.median(whole)) / 1e6
    return [
        figure(
            f"useful pixels of {WHOLE_SIDE}², beside the network alone at its tile"
            f" ({size.batch} x {' x '.join(map(str, grid.tile))})",
            useful,
            "Mpx/s",
            0.85,
            f"{alone:.2f} Mpx/s",
            useful / alone,
            at_least=True,
        )
    ]


def memory() -> list[dict[str, Any]]:
    """Measure the peak of a fresh process for a large image, in sizes of the image."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.tif"
        tifffile.imwrite(path, _field(LARGE_SIDE).astype(np.uint16))
        size = LARGE_SIDE**2 * 2
        for name, target in (("into the memory, result included", "-"), ("into OME-Zarr", folder)):
            command = [
                sys.executable,
                str(HERE / "harness/memory_peer.py"),
                str(path),
                str(tiny_model()),
                target,
            ]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            peak = int(done.stdout.splitlines()[-1])
            figures.append(
                figure(
                    f"peak memory for {LARGE_SIDE}² pixels of 16 bits, {name}",
                    peak / 2**20,
                    "MiB",
                    3.0,
                    f"image {size / 2**20:.0f} MiB",
                    peak / size,
                )
            )
    return figures


def _field(side: int) -> np.ndarray:
    """Return noise with bright spots, (Y, X), float32 of 16-bit values."""
    random = np.random.default_rng(side)
    field = random.random((side, side), np.float32) * 200 + 300
    for row, column in random.integers(8, side - 8, (side * side // 4000, 2)):
        field[row - 6 : row + 6, column - 6 : column + 6] += 2000
    return field


def _torch_peer() -> subprocess.Popen[str] | None:
    python = os.environ.get("DRUA_TORCH_PYTHON")
    if python is None and importlib.util.find_spec("torch") is not None:
        python = sys.executable
    if python is None:
        print("PyTorch is not there (set DRUA_TORCH_PYTHON): the forward pass is not compared with it")
        return None
    network = next(path for path in NETWORKS if path.exists())
    peer = subprocess.Popen(
        [python, str(HERE / "harness/torch_peer.py"), str(network), str(FORWARD_SIDE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    print(peer.stdout.readline().strip())
    return peer


def _ask(peer: subprocess.Popen[str], form: str, threads: int) -> float:
    peer.stdin.write(f"{form} {PASSES} {threads}\n")
    peer.stdin.flush()
    return float(peer.stdout.readline())


def _each(run: Callable[[], Any]) -> float:
    run()  # threads that slept wake up
    started = time.perf_counter()
    for _ in range(PASSES):
        run()
    return (time.perf_counter() - started) / PASSES


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    made = run()
    return time.perf_counter() - started, made


if __name__ == "__main__":
    main()
