"""The shipped network under a real limit of memory: smaller tiles, the same result."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, resource, sys
import numpy as np
from drua.errors import DeviceMemoryError
from drua.memory import FrugalBackend
from drua.pipeline import open_model
from tests.network_maps import maps_of

plane = np.random.default_rng(3).integers(200, 4000, (1024, 1024)).astype(np.uint16)
with open_model("nuclei-fluorescence", "cpu") as model:
    def maps(plane, backend):
        return maps_of(plane, model.card, backend, 1024)

    maps(plane[:256, :256], model.backend)
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[1]) * 2**20, most))
    frugal = FrugalBackend(model.backend, model.card)
    try:
        found = maps(plane, frugal)
    except (MemoryError, DeviceMemoryError) as error:
        print(json.dumps({"error": str(error)}))
        sys.exit()
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    difference = float(np.abs(found - maps(plane, model.backend)).max())
    print(json.dumps({"notes": frugal.notes, "difference": difference}))
"""

LIMITS = (100, 60, 80, 160, 130, 40)
"""MiB; how much the untiled network needs depends on the machine's allocator."""


def _under(limit: int) -> dict:
    command = [sys.executable, "-c", SCRIPT, str(limit)]
    return json.loads(subprocess.check_output(command, text=True, timeout=120, cwd=ROOT))


def test_a_network_that_does_not_fit_runs_in_pieces_with_the_same_result() -> None:
    told = next((found for found in map(_under, LIMITS) if found.get("notes")), None)
    assert told is not None, f"no limit of {LIMITS} MiB was one where pieces fit and the whole does not"
    assert "the memory of cpu was full" in told["notes"][0]
    assert told["difference"] <= 1e-5
