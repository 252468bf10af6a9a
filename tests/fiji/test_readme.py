"""What the README shows is what runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fiji.imagej import ROOT, SAMPLE, run, run_drua, run_imagej

README = (ROOT / "README.md").read_text(encoding="utf-8")


def _block(start: str) -> str:
    """Return the indented block of the README that begins with a text."""
    lines = README[README.index(f"    {start}") :].splitlines()
    kept = []
    for line in lines:
        if not line.startswith("    "):
            break
        kept.append(line[4:])
    return "\n".join(kept)


def test_the_first_macro_runs(tmp_path: Path) -> None:
    macro = tmp_path / "first.ijm"
    macro.write_text(_block("open(").replace("/data/field.tif", str(SAMPLE)))
    finished = run_imagej(macro)
    assert finished.code == 0, finished.err
    assert finished.out.strip() == "nuclei-sample-labels"


def test_the_python_example_runs(tmp_path: Path) -> None:
    import sys

    script = tmp_path / "example.py"
    script.write_text(_block("import drua").replace("a.tif", str(SAMPLE)))
    finished = run(sys.executable, script)
    assert finished.code == 0, finished.err


@pytest.mark.parametrize(
    "words",
    sorted(set(re.findall(r"\.venv/bin/drua (models list|train denoise|[a-ln-z]\w+|macro)", README))),
)
def test_the_commands_of_the_readme_exist(words: str) -> None:
    assert run_drua(*words.split(), "--help").code == 0


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([\w./-]+)\)", README))))
def test_the_links_lead_somewhere(path: str) -> None:
    assert (ROOT / path).exists()
