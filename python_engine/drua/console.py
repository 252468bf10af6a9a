"""What the commands of the command line share: where they print, their progress bar, and NAME=VALUE."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from drua.errors import SettingError

errors = Console(stderr=True, highlight=False, soft_wrap=True)
console = Console(highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda:0.")]


@contextmanager
def interrupted_by_termination() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C: job schedulers send it before they kill, and what was done is kept."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Bar:
    """A progress bar on stderr, called like a pipeline's progress; silent when `quiet`."""

    def __init__(self, name: str, *, quiet: bool, unit: str = "tiles") -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeRemainingColumn(),
        )
        self._bar = Progress(
            *columns, console=errors, transient=True, disable=quiet or not errors.is_terminal
        )
        self._name, self._unit = name, unit
        self._task = self._bar.add_task(name, total=None)

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._bar.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show a step, and how much of it is done if that is counted."""
        if total:
            name = self._name if what == self._unit else f"{self._name}: {what}"
            self._bar.update(self._task, description=name, completed=done, total=total)
        else:
            self._bar.update(self._task, description=f"{self._name}: {what}")


def settings_of(pairs: list[str], option: str = "--set") -> dict[str, str]:
    """Return NAME=VALUE texts as a dictionary; SettingError if a name comes twice."""
    settings: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint=option)
        if name in settings:
            raise SettingError(f"{name} is set twice")
        settings[name] = value
    return settings


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object on stdout."""
    sys.stdout.write(json.dumps(value) + "\n")


def print_pairs(title: str, pairs: dict[str, str]) -> None:
    """Print names and values below a title."""
    if title:
        console.print(title, markup=False, style="bold")
    for name, value in pairs.items():
        console.print(f"  {name:<12} {value}", markup=False)


def plain(value: object) -> str:
    """Return a text that rich prints as it is."""
    return str(value).replace("[", "\\[")
