"""256 MiB of 16-bit planes from Java's heap to the engine's array, and back.

Beside it, in the same run: a warm `System.arraycopy`, Appose with a fresh segment for each image, and
uncompressed TIFF by file. The Java library of Appose is 0.9.0; PyPI has no Python side of that number, so the
next one, 0.10.0, answers. Both are fetched once, to benchmarks/.cache: python benchmarks/transfer.py [--tiny]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np
from harness import CACHE, ROOT, figure, report, run_java

MEGABYTES, ROUNDS, SLOW_ROUNDS = (16, 3, 1) if "--tiny" in sys.argv else (256, 41, 7)
APPOSE_PYTHON = "0.10.0"


def main() -> None:
    """Print the figures and, as the last line, one JSON object."""
    with tempfile.TemporaryDirectory() as folder:
        raw = run_java(
            "io.github.drua.engine.TransferBenchmark",
            [MEGABYTES, ROUNDS, SLOW_ROUNDS, folder, appose_python()],
            sources=("common", "transfer"),
            libraries=appose_jars(),
        )
    ms = {name: float(np.median(values)) for name, values in raw.items()}

    def against(what: str, name: str, peer: str, goal: float, *, faster: bool = False) -> dict:
        ratio = ms[peer] / ms[name] if faster else ms[name] / ms[peer]
        return figure(what, ms[name], "ms", goal, f"{peer} {ms[peer]:.1f} ms", ratio, at_least=faster)

    size = f"{MEGABYTES} MiB"
    report(
        "transfer",
        [
            against(f"{size} to the engine, warm", "one way", "arraycopy", 1.10),
            against(f"{size} to the engine and back, in place", "round trip", "arraycopy", 2.2),
            against(f"{size} to the engine, times faster than Appose", "one way", "appose", 2.5, faster=True),
            against(f"{size} to the engine, times faster than TIFF", "one way", "tiff", 8, faster=True),
            against(f"{size} and back, times faster", "round trip", "tiff round trip", 8, faster=True),
            against(f"{size}, the first, after the pool grew in the background", "prepared", "one way", 2.0)
            | {"unprepared_ms": round(ms["unprepared"], 1)},
        ],
    )


def appose_jars() -> list[Path]:
    """Return the jars of Appose's Java side, fetched from Maven Central the first time."""
    folder = CACHE / "appose-java"
    if not folder.is_dir():
        pom = ROOT / "benchmarks" / "appose" / "pom.xml"
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
        command = ["mvn", "-q", "-B", "-f", str(pom), goal, f"-DoutputDirectory={folder}"]
        subprocess.run(command, check=True, stdout=sys.stderr)
    return sorted(folder.glob("*.jar"))


def appose_python() -> Path:
    """Return a Python that has Appose's Python side, fetched from PyPI the first time."""
    folder = CACHE / "appose-python"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True)
        packages = [f"appose=={APPOSE_PYTHON}", f"numpy=={np.__version__}"]
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
        subprocess.run(command, check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return python


if __name__ == "__main__":
    main()
