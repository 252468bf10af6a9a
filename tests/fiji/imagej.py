"""A real ImageJ in a JVM of its own, headless: plain, or with ij1-patcher."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JARS = ROOT / "fiji_plugin/target/imagej"
SAMPLE = ROOT / "models/nuclei-fluorescence/sample/nuclei-sample.tif"
SECONDS = 180


@dataclass(frozen=True)
class Finished:
    """How a program ended."""

    code: int
    out: str
    err: str


def plugin_jar() -> Path:
    """Return the jar that `make plugin` wrote."""
    (jar,) = (ROOT / "dist").glob("Drua_-*.jar")
    return jar


def run_imagej(macro: Path, argument: str = "", *, patched: bool = False, **environment: str) -> Finished:
    """Run a macro in a headless ImageJ that starts a worker."""
    return run(*imagej_command(macro, argument, patched=patched), **environment)


def imagej_command(macro: Path, argument: str = "", *, patched: bool = False) -> list[str]:
    """Return the command that runs a macro in a headless ImageJ."""
    pattern = "*.jar" if patched else "ij-*.jar"
    jars = [plugin_jar(), *sorted(JARS.glob(pattern))]
    options = ["-Djava.awt.headless=true", "--add-opens=java.base/java.lang=ALL-UNNAMED"]
    host = ["-cp", os.pathsep.join(map(str, jars)), "io.github.drua.command.MacroHost"]
    return ["java", *options, *host, str(macro), argument]


def run_drua(*arguments: object, **environment: str) -> Finished:
    """Run the command line of this Python."""
    return run(sys.executable, "-c", "from drua.cli import main; main()", *arguments, **environment)


def run(*command: object, **environment: str) -> Finished:
    """Run a program with this Python as the plugin's."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DRUA_PYTHON": sys.executable, **environment},
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def run_python(script: str | Path, *arguments: object, **environment: str) -> Finished:
    """Run Python code, or a file of it, in a process of its own: a process can have one JVM in its life."""
    code = [script] if isinstance(script, Path) else ["-c", script]
    return run(sys.executable, *code, *arguments, **environment)
