"""Progress: how long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is counted, how many are done, and how many there are; may raise Cancelled.

Before a step that is not counted it is called with the step's name and 0, 0."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Report nothing."""
