"""docs/evaluation.md is run; DRUA_PICTURES=1 renews its pictures."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.unit.test_cli import drua  # noqa: F401 - the fixture that runs the command line

PAGE = (ROOT / "docs/evaluation.md").read_text(encoding="utf-8")


def test_the_page_does_what_it_says(
    drua,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    simulate, look = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(simulate, {})
    (command,) = re.findall(r"^    drua (.*)$", PAGE, re.MULTILINE)
    code, out, _ = drua(*command.split())
    assert code == 0
    assert "result: finer detail has" in out
    assert "so most of it is lost" in out
    exec(look, {})
    said = capsys.readouterr().out
    assert said.startswith("signal removed\nStructures of about 3 pixels (0.3 micron) were removed")
    assert Path("residual.png").stat().st_size > 10_000
    if os.environ.get("DRUA_PICTURES"):
        shutil.copy("out/denoised-restoration.png", ROOT / "docs/images/evaluation.png")
        shutil.copy("residual.png", ROOT / "docs/images/residual.png")


@pytest.mark.parametrize("path", re.findall(r"\]\(([\w./-]+)\)", PAGE))
def test_its_pictures_are_there(path: str) -> None:
    assert (ROOT / "docs" / path).is_file()
