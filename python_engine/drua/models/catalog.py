"""Where models are found: the ones that come with Drua, then the ones that the user installed."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from drua import platform
from drua.errors import CardError, UnknownModelError
from drua.models.card import ModelCard, read_card
from drua.models.description import description_file


def folders() -> tuple[Path, ...]:
    """Return the folders that hold packages, one sub-folder each; the first that has an id wins."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "packages"
    if not shipped.is_dir():  # an installation from a checkout
        shipped = package.parents[1] / "models"
    return shipped, platform.data_folder() / "models"


def list_models(places: tuple[Path, ...] | None = None) -> list[ModelCard]:
    """Return the cards of all installed models, in order of their ids.

    A package that cannot be read must not hide the others: `list_broken` has it.
    """
    cards, _ = _read(folders() if places is None else places)
    return [cards[name] for name in sorted(cards)]


def list_broken(places: tuple[Path, ...] | None = None) -> list[tuple[Path, CardError]]:
    """Return the folders whose package cannot be read or is hidden by another one, each with the reason."""
    return _read(folders() if places is None else places)[1]


def _read(places: tuple[Path, ...]) -> tuple[dict[str, ModelCard], list[tuple[Path, CardError]]]:
    cards: dict[str, ModelCard] = {}
    broken: list[tuple[Path, CardError]] = []
    for folder in _packages(places):
        try:
            card = read_card(folder)
        except CardError as error:
            broken.append((folder, error))
            continue
        if card.id in cards:
            taken = CardError(
                f"the id {card.id!r} belongs to the model in {cards[card.id].folder}",
                remedy="give one of the two another id",
            )
            broken.append((folder, taken))
        cards.setdefault(card.id, card)
    return cards, broken


def find_model(model: str | os.PathLike[str], places: tuple[Path, ...] | None = None) -> ModelCard:
    """Return the card of an installed model by its id, or of the package in a folder by its path.

    Raises
    ------
    UnknownModelError
        If there is neither such an id nor such a folder.
    CardError
        If the package is there but its description cannot be used.
    """
    path = Path(model)
    if description_file(path):
        return read_card(path.resolve())
    for folder in _packages(folders() if places is None else places):
        if folder.name == str(model):
            return read_card(folder)
    cards = list_models(places)
    for card in cards:
        if card.id == str(model):
            return card
    raise _unknown(str(model), [card.id for card in cards])


def _packages(places: tuple[Path, ...]) -> list[Path]:
    return [
        folder
        for place in places
        if place.is_dir()
        for folder in sorted(place.iterdir())
        if description_file(folder)
    ]


def _unknown(model: str, known: list[str]) -> UnknownModelError:
    nearest = difflib.get_close_matches(model, known, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"installed are: {', '.join(known) or 'none'}"
    return UnknownModelError(f"no model {model!r} is installed", remedy=hint)
