"""The plugin's own Python environment, made for real by pip from a folder of wheels, and interrupted."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fiji.imagej import SAMPLE, Finished, imagej_command, run_imagej

COMMAND = "Drua Python Environment..."
SECONDS = 120


@pytest.fixture(scope="module")
def wheels() -> Path:
    """The folder of wheels that `make env` keeps, made as the README says."""
    folder = Path(sys.prefix) / "wheels"
    assert list(folder.glob("numpy-*.whl")), "make env keeps the wheels"
    return folder


class User:
    """A user of the plugin who has no Python for it yet."""

    def __init__(self, folder: Path) -> None:
        self.environment = {"XDG_DATA_HOME": str(folder / "Größe der Zellen"), "DRUA_PYTHON": ""}
        self.folder = folder / "Größe der Zellen/drua/env"
        self._macros = folder

    def macro(self, text: str) -> Path:
        """Write a macro."""
        file = self._macros / f"{hashlib.sha256(text.encode()).hexdigest()[:8]}.ijm"
        file.write_text(text, encoding="utf-8")
        return file

    def run(self, text: str) -> Finished:
        """Run a macro to its end."""
        return run_imagej(self.macro(text), **self.environment)

    def act(self, options: str) -> Finished:
        """Run the command of the environment, and show whether the macro goes on after it."""
        return self.run(self.acting(options))

    def acting(self, options: str) -> str:
        """Return the macro of `act`."""
        return f'run("{COMMAND}", "{options}"); print("went on");'

    def start(self, text: str) -> subprocess.Popen[str]:
        """Begin a macro."""
        return subprocess.Popen(
            imagej_command(self.macro(text)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **self.environment},
        )

    def segment(self) -> Finished:
        """Segment the sample."""
        return self.run(f'open("{SAMPLE}"); run("Drua Segment...", " "); print(getTitle());')

    def log(self) -> str:
        """Return what the programs of the last build have written."""
        file = self.folder / "build.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def builds(self) -> list[Path]:
        """Return all builds, complete or not."""
        return sorted(self.folder.glob("[0-9]*"))

    def programs(self) -> list[str]:
        """Return the command lines of everything that works on the environment."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # it has just ended
                continue
            if str(self.folder) in line:
                found.append(line)
        return found


def _await(condition: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    return User(tmp_path_factory.mktemp("user"))


# The tests of this module are the life of one environment, in their order: making one takes its time.


def test_without_an_environment_the_remedy_names_menu_and_macro(user: User) -> None:
    finished = user.segment()
    assert finished.code == 1
    assert "Plugins > Drua > Drua Python Environment..." in finished.err
    assert 'run("Drua Python Environment...", "action=create")' in finished.err


def test_a_build_that_dies_with_imagej_is_never_used(user: User, wheels: Path) -> None:
    process = user.start(user.acting(f"action=create python=[{sys.executable}] wheels=[{wheels}]"))
    _await(lambda: "Processing " in user.log())
    assert user.programs()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    _await(lambda: not user.programs())
    assert len(user.builds()) == 1
    assert "State      there is none yet" in user.act("action=report").out
    assert "there is no environment in" in user.segment().err


def test_another_one_waits_while_it_is_made(user: User, wheels: Path) -> None:
    interrupted = user.builds()
    process = user.start(user.acting(f"action=create python=[{sys.executable}] wheels=[{wheels}]"))
    _await(lambda: user.builds() not in ([], interrupted))
    second = user.act("action=create")
    assert second.code == 1
    assert "another ImageJ is making or changing the Python environment" in second.err
    assert "went on" not in second.out
    assert "is being made right now" in user.segment().err
    out, _ = process.communicate(timeout=SECONDS)
    assert "State      ready" in out
    assert out.endswith("went on\n")
    assert len(user.builds()) == 1
    assert user.builds() != interrupted


def test_the_engine_of_the_environment_segments(user: User) -> None:
    finished = user.segment()
    assert finished.out == "nuclei-sample-labels\n", finished.err
    report = user.act(" ").out
    for part in (str(user.builds()[0]), "0.1.0 (the plugin is 0.1.0)", "onnxruntime", "cpu: works", " MB"):
        assert part in report


def test_a_failed_update_keeps_the_old_one(user: User, tmp_path: Path) -> None:
    (build,) = user.builds()
    record = build / "drua-environment.json"
    facts = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(facts | {"engine": "0.0.9"}), encoding="utf-8")
    (tmp_path / "six-1.0-py3-none-any.whl").touch()
    finished = user.act(f"action=update python=[{sys.executable}] wheels=[{tmp_path}]")
    assert finished.code == 1
    assert "the packages cannot be installed: Could not find a version that satisfies" in finished.err
    assert user.builds() == [build]
    assert user.segment().code == 0


def test_an_engine_of_another_version_is_noticed(user: User) -> None:
    (metadata,) = user.builds()[0].glob("lib/python*/site-packages/drua-*.dist-info/METADATA")
    text = metadata.read_text(encoding="utf-8")
    metadata.write_text(text.replace("Version: 0.1.0", "Version: 0.0.9"), encoding="utf-8")
    finished = user.segment()
    metadata.write_text(text, encoding="utf-8")
    assert finished.code == 1
    assert "the Python engine is version 0.0.9, but the plugin is version 0.1.0" in finished.err
    assert 'run("Drua Python Environment...", "action=update")' in finished.err


def test_deleted_means_gone(user: User) -> None:
    assert user.act("action=delete").code == 0
    assert user.builds() == []
    assert "there is no environment to delete" in user.act("action=delete").err
