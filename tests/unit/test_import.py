"""`import drua` must cost nothing."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("torch", "onnxruntime", "xarray", "skimage", "scipy", "bioimageio")


def _loaded(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    return {name for name in HEAVY if name in modules}


def test_import_loads_nothing_heavy() -> None:
    assert _loaded("import drua") == set()


def test_the_pure_modules_load_nothing_heavy() -> None:
    names = "axes, image, intensity, tiling, labels, outlines, measure, protocol, segments, pipeline"
    assert _loaded(f"from drua import {names}") == set()


def test_import_takes_less_than_300_ms() -> None:
    code = "import time; t = time.perf_counter(); import drua; print(time.perf_counter() - t)"
    seconds = min(float(subprocess.check_output([sys.executable, "-c", code], text=True)) for _ in range(3))
    assert seconds < 0.3


def test_public_names_are_there() -> None:
    import drua

    assert all(getattr(drua, name) for name in drua.__all__)
