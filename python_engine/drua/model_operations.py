"""The operations of the protocol that concern models: list, describe, inspect, add, remove, test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

from drua import bare, conversion
from drua.backends import FORMATS, architectures
from drua.decoders import DECODERS
from drua.models import catalog, facts, store, tested
from drua.models.contents import Engine
from drua.selftest import reproduce

Progress = Callable[[str, int, int], None]


def list_all() -> dict[str, Any]:
    """Return the cards of all installed models, and the packages that cannot be used with their reasons."""
    engine = this_engine()
    return {
        "models": [facts.card_message(card, engine) for card in catalog.list_models()],
        "broken": [
            {"folder": str(folder), "error": facts.error_message(error)}
            for folder, error in catalog.list_broken()
        ],
    }


def describe(model: str) -> dict[str, Any]:
    """Return the card of one model, by its id or the folder of a package."""
    return {"card": facts.card_message(catalog.find_model(model), this_engine())}


def inspect(source: str, progress: Progress) -> dict[str, Any]:
    """Return what a source holds: a package with its card, or a bare network with its questions."""
    engine = this_engine()
    with store.inspect(source, engine, progress) as found:
        if isinstance(found, Path):
            return {"kind": "network", "file": found.name, "questions": _questions(found, progress)}
        return {
            "kind": "package",
            "card": facts.card_message(found.card, engine, found.description) | _places(source),
            "installed": found.installed,
            "code": found.code.to_message() if found.code else None,
        }


def add(
    source: str,
    progress: Progress,
    *,
    answers: Mapping[str, Any] | None = None,
    allow_code: str | None = None,
    replace: bool = False,
) -> dict[str, Any]:
    """Install a package or a bare network and return its card, and what a person should know."""
    notes: list[str] = []

    def convert(folder: Path, sha256: str, progress: Progress) -> None:
        notes.extend(conversion.convert(folder, sha256, progress).notes)

    engine = replaced(this_engine(), convert=convert)
    card = store.add(source, engine, progress, answers=answers, allow_code=allow_code, replace=replace)
    return {"card": facts.card_message(card, engine), "notes": notes}


def remove(model: str) -> dict[str, Any]:
    """Delete an installed model and return its id."""
    store.remove(model)
    return {"removed": model}


def test(model: str, device: str) -> dict[str, Any]:
    """Run a model's own test, untiled and tiled, keep the outcome, and return it with a text for people."""
    outcome = reproduce(model, device)
    tested.keep(catalog.find_model(model), outcome)
    return {"outcome": outcome, "text": text_of(outcome)}


def text_of(outcome: Mapping[str, Any]) -> str:
    """Return the outcome of a test as text that a user can read and copy."""
    tiled = outcome["tiled_difference"]
    tiles = f"{tiled:.2g} between tiles and the whole" if tiled is not None else _TOO_SMALL
    if tiled is not None and tiled > SEAMS:
        tiles += ": expect seams, its card names a halo that is too small, or none"
    return "\n".join(
        [
            f"{outcome['model']}: {'passed' if outcome['passed'] else 'FAILED'}",
            f"Device      {outcome['device']} ({outcome['provider']}), {outcome['seconds']} s",
            f"Difference  {outcome['difference']:.2g} from its expected output; {outcome['tolerance']:g} is"
            " allowed",
            f"Tiled       {tiles}",
        ]
    )


_TOO_SMALL = "its test image is too small for two tiles"

SEAMS = 0.01
"""Difference between tiles and the whole from which people see where tiles meet."""


def this_engine() -> Engine:
    """Return what this engine can run."""
    return Engine(tuple(FORMATS), frozenset(DECODERS), _ships, conversion.convert, bare.write_package)


def _ships(architecture: Mapping[str, Any]) -> bool:
    return architectures.find(architecture) is not None


def _questions(network: Path, progress: Progress) -> list[dict[str, Any]]:
    return [asdict(question) for question in bare.questions(network, progress)]


def _places(source: str) -> dict[str, Any]:
    """Return what a card says of places, for a package that lies in a folder of ours only for a moment."""
    return {"folder": source, "cover": None, "shipped": False}
