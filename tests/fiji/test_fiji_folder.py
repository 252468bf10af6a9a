"""What only a real Fiji or ImageJ2 can show. `DRUA_FIJI=/path/to/Fiji.app make test` switches this on."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.fiji.imagej import SAMPLE, run_drua

FIJI = os.environ.get("DRUA_FIJI", "")
MACRO = Path(__file__).parent / "macros/everything.ijm"

pytestmark = pytest.mark.skipif(not FIJI, reason="DRUA_FIJI names no Fiji folder")


@pytest.mark.parametrize("route", ["inprocess", "worker"])
def test_a_macro_in_fiji_gives_what_the_command_line_gives(tmp_path: Path, route: str) -> None:
    in_fiji = run_drua("macro", MACRO, f"{SAMPLE}|{tmp_path / 'fiji'}", "--fiji", FIJI, "--route", route)
    assert in_fiji.code == 0, in_fiji.err
    assert run_drua("segment", SAMPLE, "--output", tmp_path / "alone").code == 0
    labels = [tifffile.imread(tmp_path / name / "nuclei-sample-labels.tif") for name in ("fiji", "alone")]
    np.testing.assert_array_equal(*labels)
    archives = [
        zipfile.ZipFile(tmp_path / name / "nuclei-sample-rois.zip").namelist() for name in ("fiji", "alone")
    ]
    assert archives[0] == archives[1]


def test_a_mistake_stops_the_macro_in_fiji(tmp_path: Path) -> None:
    macro = tmp_path / "wrong.ijm"
    macro.write_text('run("Drua Segment...", "model=none");\nprint("went on");\n')
    finished = run_drua("macro", macro, "--fiji", FIJI)
    assert finished.code == 1
    assert "went on" not in finished.out
