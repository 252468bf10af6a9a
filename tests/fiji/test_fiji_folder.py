"""What only a real Fiji or ImageJ2 can show. `DRUA_FIJI=/path/to/Fiji.app make test` switches this on."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.fiji.imagej import SAMPLE, run_drua, run_python

FIJI = os.environ.get("DRUA_FIJI", "")
MACRO = Path(__file__).parent / "macros/everything.ijm"
NO_NETWORK = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}

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


KINDS = """
import json, sys, time
import drua.fiji
from drua.errors import DruaError
gateway = drua.fiji.start(sys.argv[1])
ij = gateway.ij
image = gateway.open(sys.argv[2])
dataset = ij.convert().convert(image, drua.fiji.java('net.imagej.Dataset'))
array = ij.py.from_java(dataset)
given = {'ImagePlus': image, 'Dataset': dataset, 'xarray': array, 'numpy': array.values}
told = {}
for name, each in given.items():
    done = drua.fiji.segment(ij, each)
    labels = done.labels
    told[name] = {'kind': type(labels).__name__, 'same': type(labels) is type(each), 'objects': done.count}
    if name == 'Dataset':
        told[name]['scale'] = [labels.axis(d).averageScale(0, 1) for d in range(labels.numDimensions())]
        told[name]['unit'] = str(labels.axis(0).unit())
        labels = ij.py.from_java(labels)
    if name == 'ImagePlus':
        labels = ij.py.from_java(ij.convert().convert(labels, drua.fiji.java('net.imagej.Dataset')))
    told[name]['sum'] = int(getattr(labels, 'values', labels).astype('int64').sum())
try:
    gateway.segment(dataset, mask_threshold=7)
except DruaError as error:
    told['error'] = [error.code, error.remedy]
drua.fiji.java('ij.IJ').run(image, 'Gaussian Blur...', 'sigma=2')
print(json.dumps(told | {'time': time.time()}))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """Segment the sample as every kind in one headless Fiji without a network; it must leave by itself."""
    done = run_python(KINDS, FIJI, SAMPLE, **NO_NETWORK)
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads(done.out.splitlines()[-1])
    return told


@pytest.mark.parametrize("kind", ["ImagePlus", "Dataset", "xarray", "numpy"])
def test_fiji_gives_back_the_kind_it_was_given_with_the_same_labels(kind: str, told: dict[str, Any]) -> None:
    assert told[kind]["objects"] == told["numpy"]["objects"] == 92
    assert told[kind]["sum"] == told["numpy"]["sum"]
    assert told[kind]["same"] or kind == "Dataset", told[kind]["kind"]


def test_a_dataset_keeps_its_calibration(told: dict[str, Any]) -> None:
    assert told["Dataset"]["scale"] == pytest.approx([0.325, 0.325], rel=1e-4)
    assert told["Dataset"]["unit"].startswith(("micron", "µm", "um"))


def test_an_error_crosses_fiji_with_code_and_remedy(told: dict[str, Any]) -> None:
    assert told["error"][0] == "SETTING"
    assert told["error"][1]
