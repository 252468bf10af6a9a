"""What the benchmarks share: the Java side, the worker that it starts, and the report."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "benchmarks" / ".cache"
JAVA = ROOT / "benchmarks" / "java"
WORKER = Path(__file__).with_name("worker.py")
IMAGEJ = ROOT / "fiji_plugin" / "target" / "imagej"


def figure(
    what: str,
    value: float,
    unit: str,
    goal: float | None,
    against: str = "",
    ratio: float | None = None,
    *,
    at_least: bool = False,
) -> dict[str, Any]:
    """Return one figure of a report; a goal is for the ratio where there is one, else for the value."""
    judged = value if ratio is None else ratio
    return {
        "what": what,
        "value": round(value, 4),
        "unit": unit,
        "against": against,
        "ratio": None if ratio is None else round(ratio, 3),
        "goal": goal,
        "holds": goal is None or (judged >= goal if at_least else judged <= goal),
    }


def steps_of(package: Path) -> int:
    """Return how many steps a model of ours was trained for, by the table in its recipe."""
    with (package / "recipe" / "training.csv").open(encoding="utf-8") as file:
        return int(list(csv.DictReader(file))[-1]["step"])


def report(name: str, figures: list[dict[str, Any]]) -> None:
    """Print figures for people, then as one JSON object; leave with 1 if a goal is missed."""
    load = os.getloadavg()[0]
    print(f"{name}: {os.cpu_count()} cores, load {load:.1f}")
    for one in figures:
        judged = one["value"] if one["ratio"] is None else one["ratio"]
        mark = "holds " if one["holds"] else "MISSED"
        print(
            f"  {mark} {judged:9.3f} (goal {one['goal']})  {one['what']}: {one['value']} {one['unit']}"
            + (f", against {one['against']}" if one["against"] else "")
        )
    print(json.dumps({"name": name, "figures": figures}))
    sys.exit(0 if all(one["holds"] for one in figures) else 1)


def run_java(
    main: str,
    arguments: Sequence[object],
    *,
    sources: Sequence[str] = ("common",),
    libraries: Sequence[Path] = (),
    display: bool = False,
) -> dict[str, Any]:
    """Compile the harness, run a class with ImageJ and the plugin, and return its last line as JSON."""
    jars = [_plugin(), IMAGEJ / "ij-1.54p.jar", *libraries]
    classes = _compile(sources, jars)
    command = [
        "java",
        "-Xms2g",
        "-Xmx4g",
        f"-Djava.awt.headless={str(not display).lower()}",
        "-cp",
        os.pathsep.join(map(str, [classes, *jars])),
        main,
        *map(str, arguments),
    ]
    if display:
        command.insert(0, str(ROOT / "tests" / "with_display.sh"))
    environment = {**os.environ, "DRUA_PYTHON": str(_python())}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def tiny_model() -> Path:
    """Return a package with a network that takes no time, so that all else can be seen."""
    folder = CACHE / "tiny"
    if not folder.is_dir():
        sys.path.insert(0, str(ROOT))
        from tests.tiny_model import write_package

        write_package(folder, tile=512)
    return folder


def _plugin() -> Path:
    found = sorted((ROOT / "dist").glob("Drua_-*.jar"))
    if not found or not IMAGEJ.is_dir():
        sys.exit("the plugin is not built: run make plugin")
    return found[-1]


def _compile(sources: Sequence[str], jars: Sequence[Path]) -> Path:
    files = [path for source in sources for path in sorted((JAVA / source).rglob("*.java"))]
    classes = CACHE / f"classes-{'-'.join(sources)}"
    classes.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(map(str, jars))
    subprocess.run(["javac", "-nowarn", "-cp", path, "-d", str(classes), *map(str, files)], check=True)
    return classes


def _python() -> Path:
    """Return what the plugin takes for the Python that has the engine: it starts the worker of benchmarks."""
    script = CACHE / "python"
    CACHE.mkdir(parents=True, exist_ok=True)
    script.write_text(
        f'''#!/bin/sh
case "$*" in
  "-u -m drua.worker"*) shift 3; exec "{sys.executable}" -u "{WORKER}" "$@" ;;
  *) exec "{sys.executable}" "$@" ;;
esac
'''
    )
    script.chmod(0o755)
    return script
