"""What people want to know of a model beyond what a run needs: authors, picture, size, why it cannot run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drua import intensity
from drua.errors import CardError, DruaError, HashError, UntrustedModelError, WeightsMissingError
from drua.models import catalog, tested, trust
from drua.models.card import ModelCard
from drua.models.contents import STATE_DICT, Engine, chosen, files, weights_of
from drua.models.description import described

LATER = {
    "stardist_postprocessing": "the star-convex decoder of StarDist",
    "cellpose_flow_dynamics": "the flow decoder of Cellpose",
}
"""Postprocessing that is a decoder of its own, and its name for people."""


def card_message(
    card: ModelCard, engine: Engine, description: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a card for people and dialogs, as JSON values: see docs/protocol.md.

    Parameters
    ----------
    card : ModelCard
        The card of a package.
    engine : Engine
        What can be run here.
    description : mapping, optional
        Its description, if it has been read already.
    """
    told = described(card.folder) if description is None else description
    reason = problem(card, told, engine)
    return card.to_message() | {
        "version": str(told["version"]) if told.get("version") is not None else None,
        "authors": [str(author["name"]) for author in told.get("authors") or ()],
        "tags": [str(tag) for tag in told.get("tags") or ()],
        "weights": list(told["weights"]),
        "folder": str(card.folder),
        "cover": _cover(card.folder, told),
        "bytes": _bytes(card.folder),
        "shipped": card.folder.is_relative_to(catalog.folders()[0]),
        "problem": error_message(reason) if reason else None,
        "tested": tested.last(card),
    }


def error_message(error: DruaError) -> dict[str, str]:
    """Return an error as the protocol has it."""
    return {"code": error.code, "message": error.message, "remedy": error.remedy}


def problem(card: ModelCard, description: Mapping[str, Any], engine: Engine) -> DruaError | None:
    """Return why a model cannot run here; None if nothing is known to be in the way."""
    try:
        code = trust.code_needed(card.folder, description, engine)
    except DruaError as error:
        return error
    if code:
        return UntrustedModelError(code.why, remedy="read it, and allow it when the model is added")
    return _weights_problem(card, description, engine) or _decoder_problem(card, description, engine)


def _weights_problem(
    card: ModelCard, description: Mapping[str, Any], engine: Engine
) -> WeightsMissingError | HashError | None:
    kind = chosen(description, engine, card.folder)
    if kind is None:
        entry = description["weights"].get(STATE_DICT, {})
        library = (entry.get("architecture") or {}).get("import_from")
        of = f" of a network of the library {library}" if library else ""
        return WeightsMissingError(
            f"the package has weights as {', '.join(description['weights'])}{of},"
            f" but Drua runs {', '.join(engine.formats)}",
            remedy="export the model to ONNX",
        )
    missing = [file for file in weights_of(description, kind) if not (card.folder / file.name).is_file()]
    if missing and not engine.runs(kind, description["weights"][kind]):
        return None
    missing = [file for file in missing if file.role != "architecture"]
    if missing:
        return WeightsMissingError(
            f"the weights {missing[0].source} are not there", remedy="install the model again"
        )
    return None


def _decoder_problem(card: ModelCard, description: Mapping[str, Any], engine: Engine) -> CardError | None:
    for tensor in (*description["inputs"], *description["outputs"]):
        for operation in (*(tensor.get("preprocessing") or ()), *(tensor.get("postprocessing") or ())):
            name = str(operation["id"])
            if name not in {*intensity.OPERATIONS, *intensity.FITS}:
                return CardError(
                    f"the model needs {LATER.get(name, 'an operation')} ({name}), which comes later",
                    remedy="look for a newer version of Drua",
                )
    decoder = str(card.decoder.get("id"))
    if decoder not in engine.decoders:
        return CardError(
            f"the model needs the decoder {decoder!r}, but Drua has {', '.join(sorted(engine.decoders))}",
            remedy="look for a newer version of Drua",
        )
    return None


def _cover(folder: Path, description: Mapping[str, Any]) -> str | None:
    for file in files(description):
        if file.role == "cover" and (folder / file.name).is_file():
            return str(folder / file.name)
    return None


def _bytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
