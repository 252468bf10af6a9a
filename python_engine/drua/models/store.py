"""Packages in and out: `inspect` looks at one, `add` installs it, `remove` deletes it.

A package is put together in a hidden folder beside the installed ones and moved to its place when it is
complete and judged, so that an interruption leaves what was there before.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drua import platform
from drua.errors import (
    CardError,
    DruaError,
    HashError,
    OutputError,
    RequestError,
    UntrustedModelError,
    WeightsMissingError,
    one_line,
)
from drua.models import catalog, digest, download, source, trust
from drua.models.card import ModelCard, read_card
from drua.models.contents import Engine, File, chosen, files, weights_of
from drua.models.description import described

SECONDS_KEPT = 24 * 3600.0
"""After this time what an interrupted installation left behind is removed."""

_STAGING = ".staging"
_LONGEST_NAME = 80
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Found:
    """A package that was inspected: its card and description, the model of its id, and the code it needs."""

    card: ModelCard
    description: Mapping[str, Any]
    installed: bool
    code: trust.Code | None


@contextmanager
def inspect(where: str, engine: Engine, progress: Progress) -> Iterator[Found | Path]:
    """Look at a source without installing it: give a package, or the path of a bare network file.

    What was downloaded is kept for `add`.

    Parameters
    ----------
    where : str
        A folder, a zip archive, a network file, or the address of one.
    engine : Engine
        What can be run here.
    progress : callable
        Called with the step, and whole megabytes done and in all; may raise Cancelled.

    Raises
    ------
    SourceError, UntrustedModelError, CardError, OutputError
        If there is no package, or it is refused, invalid, or there is too little room.
    """
    with _staging(where) as place, source.staged(where, place, engine, progress) as found:
        if found.is_file():
            yield found
            return
        folder, description = _judged(found)
        card = read_card(folder)
        code = trust.code_needed(folder, description, engine)
        yield Found(card, description, _installed(card.id) is not None, code)


def add(
    where: str,
    engine: Engine,
    progress: Progress,
    *,
    answers: Mapping[str, Any] | None = None,
    allow_code: str | None = None,
    replace: bool = False,
) -> ModelCard:
    """Install a package, or a bare network with answers to what it must know, and return its card.

    Parameters
    ----------
    where : str
        A folder, a zip archive, a network file, or the address of one.
    engine : Engine
        What can be run here.
    progress : callable
        Called with the step, and whole megabytes done and in all; may raise Cancelled.
    answers : mapping, optional
        For a bare network: the answers to its questions, by name.
    allow_code : str, optional
        The SHA-256 of the Python file that may run once to convert the weights.
    replace : bool
        Whether a model with the same id is replaced.

    Raises
    ------
    RequestError
        If the id is installed already, or the source or the answers are wrong.
    ModelError
        If the package is refused, invalid, incomplete or damaged.
    """
    with _staging(where) as place:
        with source.staged(where, place, engine, progress) as found:
            if found.is_file():
                found = _described(found, answers, place / "described", engine, progress)
            folder, description = _judged(found)
            card = read_card(folder)
            target = _target(card, replace=replace)
            folder, description = _with_weights(folder, description, engine, allow_code, progress)
            _check_files(folder, description, engine, progress)
            _install(folder, target, place / "old")
        if source.is_address(where):
            download.forget(where)
    return read_card(target)


def remove(model: str) -> Path:
    """Delete an installed model by its id, or a broken one by the name of its folder, and return its folder.

    Raises
    ------
    RequestError
        If the model comes with Drua.
    UnknownModelError
        If it is not installed.
    OutputError
        If its files are in use or cannot be deleted.
    """
    folder = _installed(model)
    if folder is None:
        folder = catalog.find_model(model).folder  # says what is installed, if this is not
        if not folder.is_relative_to(home()):
            raise RequestError(
                f"model {model!r} comes with Drua, or lies in a folder of yours, and cannot be removed"
            )
    with _staging(model) as place:
        _move(folder, place / "removed")
    return folder


def home() -> Path:
    """Return the folder of the models that were installed."""
    return platform.data_folder() / "models"


def folder_name(model: str) -> str:
    """Return a name for a model's folder that every system takes, different for different ids."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", model.lower()).strip("-. ")[:_LONGEST_NAME].rstrip("-. ")
    if plain == model and not _RESERVED.fullmatch(plain):
        return plain
    return f"{plain or 'model'}-{hashlib.sha256(model.encode()).hexdigest()[:8]}".replace(".", "-")


@contextmanager
def _staging(where: str) -> Iterator[Path]:
    """Give an empty folder on the disk of the installed models, which is removed afterwards.

    Errors about files in it name `where` instead: the folder means nothing to anybody.
    """
    base = home() / _STAGING
    try:
        base.mkdir(parents=True, exist_ok=True)
        for left in base.iterdir():
            if time.time() - left.stat().st_mtime > SECONDS_KEPT:
                shutil.rmtree(left, ignore_errors=True)
        place = Path(tempfile.mkdtemp(dir=base))
    except OSError as error:
        raise OutputError(
            f"{home()} cannot be written to: {one_line(error)}", remedy="allow writing to it"
        ) from error
    try:
        yield place
    except DruaError as error:
        message = re.sub(re.escape(str(place)) + r"(/package|\\package)?", lambda _: where, error.message)
        if message == error.message:
            raise
        raise type(error)(message, remedy=error.remedy) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _judged(folder: Path) -> tuple[Path, Mapping[str, Any]]:
    """Return a staged package under its own name, and its description, if it can be trusted."""
    description = described(folder)
    trust.check(folder, description)
    if "id" in description:
        return folder, description
    # A model without an id in its description has the name of its folder.
    named = folder.with_name(_slug(str(description["name"])))
    if named != folder:
        folder.rename(named)
    return named, description


def _slug(name: str) -> str:
    return folder_name(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model")


def _described(
    network: Path, answers: Mapping[str, Any] | None, folder: Path, engine: Engine, progress: Progress
) -> Path:
    """Write a package for a bare network."""
    if answers is None:
        raise CardError(
            f"{network.name} is a bare network, of which Drua must know more",
            remedy="answer the questions about it",
        )
    engine.describe(network, answers, folder, progress)
    return folder


def _with_weights(
    folder: Path, description: Mapping[str, Any], engine: Engine, allow_code: str | None, progress: Progress
) -> tuple[Path, Mapping[str, Any]]:
    """Make sure that there are weights that run, by converting those that need code, if that is allowed."""
    code = trust.code_needed(folder, description, engine)
    if code is None:
        return folder, description
    if allow_code is None or allow_code.lower() != code.sha256:
        said = f"the file that was allowed has the SHA-256 {allow_code}; " if allow_code else ""
        raise UntrustedModelError(
            f"{said}{code.why}",
            remedy=f"read {code.file} and, if you trust it, allow it by its SHA-256 {code.sha256}",
        )
    _check_hashes(folder, weights_of(description, "pytorch_state_dict"), progress)
    engine.convert(folder, code.sha256, progress)
    return _judged(folder)


def _check_files(folder: Path, description: Mapping[str, Any], engine: Engine, progress: Progress) -> None:
    """Check that the weights that will be used are there, and the hashes of all files that are needed."""
    kind = chosen(description, engine, folder)
    if kind is None:
        offered = ", ".join(description["weights"])
        raise WeightsMissingError(
            f"the package has weights as {offered}, but Drua runs {', '.join(engine.formats)}",
            remedy="ask the author for ONNX",
        )
    needed = weights_of(description, kind)
    for file in needed:
        if not (folder / file.name).is_file():
            raise WeightsMissingError(
                f"the package needs the file {file.source}, which is not there",
                remedy="get the complete package",
            )
    tests = [file for file in files(description) if file.role == "test_tensor"]
    runnable = [file for other in engine.formats for file in weights_of(description, other)]
    _check_hashes(folder, [*runnable, *tests], progress)


def _check_hashes(folder: Path, named: list[File], progress: Progress) -> None:
    for file in named:
        path = folder / file.name
        if file.sha256 is None or not path.is_file():
            continue
        found = digest.sha256(path, _counted(path, progress))
        if found != file.sha256.lower():
            raise HashError(
                f"{file.name} has the SHA-256 {found[:12]}..., but the card says {file.sha256[:12]}...",
                remedy="get the package again",
            )


def _counted(path: Path, progress: Progress) -> Callable[[int], None]:
    total = path.stat().st_size >> 20
    return lambda done: progress("checking (MB)", done >> 20, total)


def _target(card: ModelCard, *, replace: bool) -> Path:
    """Return where a model belongs, if it may be put there."""
    shipped, _ = catalog.folders()
    if any(each.id == card.id for each in catalog.list_models((shipped,))):
        raise RequestError(
            f"model {card.id!r} comes with Drua and cannot be replaced", remedy="give yours another id"
        )
    installed = _installed(card.id)
    if installed and not replace:
        raise RequestError(
            f"model {card.id!r} is installed already in {installed}",
            remedy="replace it (--replace), or remove it first",
        )
    return installed or home() / folder_name(card.id)


def _installed(model: str) -> Path | None:
    """Return the folder of an installed model, by its id, or by its folder's name if it is broken."""
    for card in catalog.list_models((home(),)):
        if card.id == model:
            return card.folder
    folder = home() / folder_name(model)
    broken = [each for each, _ in catalog.list_broken((home(),))]
    return next((each for each in broken if each == folder or each.name == model), None)


def _install(folder: Path, target: Path, old: Path) -> None:
    """Move a package to its place; what was there is put back if that fails."""
    if target.exists():
        _move(target, old)
    try:
        _move(folder, target)
    except DruaError:
        if old.exists():
            with contextlib.suppress(OSError):
                old.rename(target)
        raise


def _move(folder: Path, target: Path) -> None:
    try:
        os.rename(folder, target)
    except OSError as error:  # Windows does not move what is open
        raise OutputError(
            f"{folder} cannot be moved, because it is in use or write-protected: {one_line(error)}",
            remedy="close the programs that use this model, Fiji too, and try again",
        ) from error
