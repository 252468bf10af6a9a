"""Descriptions: bioimage.io's YAML, validated, as the JSON values of the newest format.

They are parsed and validated by ``bioimageio.spec``. Importing that takes as long as all the rest of a start,
so the validated description is kept as JSON in the cache folder under the SHA-256 of its file, and a warm
start never imports it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from drua import platform
from drua.errors import CardError, one_line

NAMES = ("bioimageio.yaml", "rdf.yaml")
"""What a description may be called; the first one that is there counts."""


def description_file(folder: Path) -> Path | None:
    """Return the description in a folder, None if it holds no package."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def digest(path: Path) -> str:
    """Return the SHA-256 of a description; CardError if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CardError(
            f"{path} cannot be read: {one_line(error)}",
            remedy=f"give a folder with a bioimage.io package ({NAMES[0]})",
        ) from error


def described(folder: Path) -> Mapping[str, Any]:
    """Return the description of the package in a folder; CardError as `digest` and `read_description`."""
    path = description_file(folder) or folder / NAMES[0]
    return read_description(path, digest(path))


def read_description(path: Path, sha256: str) -> Mapping[str, Any]:
    """Return a description (format 0.4 or 0.5) as JSON values of the newest format.

    Parameters
    ----------
    path : Path
        The YAML file.
    sha256 : str
        Its digest: see `digest`.

    Raises
    ------
    CardError
        If it is no valid description of a model.
    """
    cached = platform.cache_folder() / "cards" / f"{sha256}.json"
    try:
        description: dict[str, Any] = json.loads(cached.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        description = _with_hashes(_values(load_model(path)), _values(load_model(path, "discover")))
        _keep(cached, description)
    return description


def load_model(path: Path, version: Literal["latest", "discover"] = "latest") -> Any:
    """Return a description as bioimageio.spec's own object (`ModelDescr`), to change it.

    Parameters
    ----------
    path : Path
        The YAML file.
    version : str
        'latest' converts it to the newest format, 'discover' leaves it in its own.

    Raises
    ------
    CardError
        If it is no valid description of a model.
    """
    from bioimageio.spec import InvalidDescr, ValidationContext, load_description  # 0.75 s: see the module
    from loguru import logger

    logger.disable("bioimageio")  # its progress lines are not for our users
    # Files are checked when they are used: a package is usable without the weights that nobody here needs.
    with ValidationContext(perform_io_checks=False, log_warnings=False):
        description = load_description(path, format_version=version)
    if isinstance(description, InvalidDescr):
        errors = description.validation_summary.errors
        where = "; ".join(f"{'.'.join(map(str, error.loc))}: {error.msg}" for error in errors[:3])
        raise CardError(f"{path} is not a valid bioimage.io description: {where}")
    if description.type != "model":
        raise CardError(f"{path} describes a {description.type}, but a model is needed")
    return description


def _with_hashes(converted: dict[str, Any], original: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description with the hashes of weights that the conversion from format 0.4 leaves out."""
    for kind, entry in converted["weights"].items():
        old = original["weights"].get(kind, {})
        if old.get("sha256"):
            entry.setdefault("sha256", old["sha256"])
        if isinstance(entry.get("architecture"), dict) and old.get("architecture_sha256"):
            entry["architecture"].setdefault("sha256", old["architecture_sha256"])
    return converted


def _values(description: Any) -> dict[str, Any]:
    return dict(description.model_dump(mode="json", exclude_none=True))


def _keep(cached: Path, description: dict[str, Any]) -> None:
    # A cache that cannot be written costs time at the next start, nothing else.
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        temporary = cached.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(description), encoding="utf-8")
        temporary.replace(cached)
    except OSError:
        return
