"""The same bytes for every kind of image, whether the engine is in ImageJ's process or in one of its own."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.fiji.imagej import ROOT, run_python
from tests.small_networks import write_half

SCRIPT = ROOT / "tests/fiji/both_routes.py"
TYPES = {"8-bit": 8, "32-bit": 32, "RGB": 24, "8-bit colour": 24}
KINDS = re.findall(r'^    "([^"]+)": \(', SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run both routes once for all kinds, in one JVM."""
    folder = tmp_path_factory.mktemp("virtual")
    for task in ("denoise", "stain"):
        write_half(folder, task)
    done = run_python(SCRIPT, folder, PYTHONPATH=str(ROOT))
    assert done.code == 0, done.err
    return json.loads(done.out.splitlines()[-1])


def test_every_kind_was_tried(results: dict[str, Any]) -> None:
    assert list(results) == KINDS
    assert len(KINDS) == 11


@pytest.mark.parametrize("kind", KINDS)
def test_both_routes_give_the_same_bytes(kind: str, results: dict[str, Any]) -> None:
    assert results[kind]["inprocess"] == results[kind]["worker"]
    assert results[kind]["inprocess"]["objects"] > 0
    maps = dict(results[kind]["inprocess"]["maps"])
    denoised = maps.pop("denoised")
    assert set(maps) > {"difference", "stained", "appended"}
    assert all(image["type"] == ["float32", 32] for image in maps.values())
    assert denoised["type"][1] == TYPES.get(kind, 16)


def test_kinds_that_hold_the_same_numbers_have_the_same_labels(results: dict[str, Any]) -> None:
    pixels = {kind: result["inprocess"]["pixels"] for kind, result in results.items()}
    assert pixels["stack"] == pixels["virtual stack"] == pixels["calibration"]
    assert pixels["16-bit"] == pixels["32-bit"] == pixels["signed 16-bit"]
