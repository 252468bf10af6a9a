"""The last test of each package, kept under what the package is: its description and its weights."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from drua import platform
from drua.models import digest
from drua.models.card import ModelCard

KEPT = ("passed", "difference", "tiled_difference", "device")


def keep(card: ModelCard, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the outcome of a test and return what `last` will give."""
    record = {name: outcome[name] for name in KEPT}
    record["created"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    path = _file(card)
    with contextlib.suppress(OSError):  # the test itself is what counts
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps({"record": record, "weights": _hashes(card)}), encoding="utf-8")
        temporary.replace(path)
    return record


def last(card: ModelCard) -> dict[str, Any] | None:
    """Return the outcome of the last test of exactly this package; None if there was none.

    Weights are hashed only where there is a record, so that a list of models that were never tested is fast.
    """
    try:
        kept = json.loads(_file(card).read_text(encoding="utf-8"))
        record, hashes = kept["record"], kept["weights"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    whole = isinstance(record, dict) and {*KEPT, "created"} <= set(record)
    return record if whole and hashes == _hashes(card) else None


def _hashes(card: ModelCard) -> dict[str, str]:
    return {each.format: digest.sha256(each.path) for each in card.weights if each.path.is_file()}


def _file(card: ModelCard) -> Path:
    return platform.data_folder() / "tested" / f"{card.sha256}.json"
