"""docs/python.md is one program, and it runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.fiji.imagej import ROOT, SAMPLE, Finished, run_python

PAGE = (ROOT / "docs/python.md").read_text(encoding="utf-8")
FIJI = os.environ.get("DRUA_FIJI", "")


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def _run(code: str, folder: Path) -> Finished:
    macro = folder / "my.ijm"
    macro.write_text('print("macro got " + getArgument());\n')
    places = {"/data/field.tif": SAMPLE, "/data/my.ijm": macro, "/path/to/Fiji.app": FIJI}
    for path, place in places.items():
        code = code.replace(path, str(place))
    script = folder / "page.py"
    script.write_text(code, encoding="utf-8")
    return run_python(script)


def test_the_page_runs_from_top_to_bottom(tmp_path: Path) -> None:
    blocks = _blocks("python")
    assert len(blocks) == 6
    done = _run("\n".join(blocks), tmp_path)
    assert done.code == 0, done.err
    for part in (
        "92 objects, uint32",
        "(2, 509, 613)",
        "('row', 'col') 0.325 micron",
        "nuclei-sample-labels micron",
        "'label-1', 'label-2'",
        "('row', 'col') float32 (509, 613)",
        "is a prediction of the model 'denoise-fluorescence'",
        "nuclei-sample-denoised 16",
        "macro got argument",
        "stopped",
        "SETTING | mask_threshold is '7', but must lie in its range",
    ):
        assert part in done.out


@pytest.mark.skipif(not FIJI, reason="DRUA_FIJI names no Fiji folder")
def test_the_block_for_fiji_runs(tmp_path: Path) -> None:
    (block,) = _blocks("python fiji")
    done = _run(f"import drua.fiji\n{block}", tmp_path)
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].startswith("92 ")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([\w./-]+)\)", PAGE))))
def test_the_links_lead_somewhere(path: str) -> None:
    assert (ROOT / "docs" / path).exists()
