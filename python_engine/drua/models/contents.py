"""The files that a description names: which they are, where they lie, and which of them a run needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from drua.errors import UntrustedModelError
from drua.models.archive import is_harmless

STATE_DICT = "pytorch_state_dict"


Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Engine:
    """What this engine can run and make: it lies above the models, which therefore get it as values.

    Parameters
    ----------
    formats : tuple of str
        The formats of weights that run, in order of preference.
    decoders : frozenset of str
        Ids.
    ships : callable
        Tells of the JSON description of a state dict's architecture whether the engine has it.
    convert : callable
        Takes a package, the confirmed SHA-256 of its Python source, and a progress; adds ONNX weights.
    describe : callable
        Takes a bare network, answers, a folder and a progress; writes a package into the folder.
    """

    formats: tuple[str, ...]
    decoders: frozenset[str]
    ships: Callable[[Mapping[str, Any]], bool]
    convert: Callable[[Path, str, Progress], object]
    describe: Callable[[Path, Mapping[str, Any], Path, Progress], object]

    def runs(self, kind: str, entry: Mapping[str, Any]) -> bool:
        """Return whether weights can be run without any code of the package."""
        if kind == STATE_DICT:
            return kind in self.formats and self.ships(entry.get("architecture") or {})
        return kind in self.formats


@dataclass(frozen=True)
class File:
    """A file of a package: what it is for, its path or address, and its SHA-256 where that is named.

    `format` is the one of the weights that it belongs to, empty for all other files.
    """

    role: str
    source: str
    sha256: str | None = None
    format: str = ""

    @property
    def remote(self) -> bool:
        """Whether the file lies on another computer."""
        return self.source.startswith(("http://", "https://"))

    @property
    def name(self) -> str:
        """The path in the package, with slashes; for a remote file the name that it gets there.

        Raises
        ------
        UntrustedModelError
            If the path leads out of the package.
        """
        local = remote_name(self.source) if self.remote else self.source.replace("\\", "/")
        parts = PurePosixPath(local).parts
        if not parts or not all(map(is_harmless, parts)) or local.startswith("/"):
            raise UntrustedModelError(
                f"the description names the file {self.source!r}, which is unsafe or outside the package",
                remedy="put the file into the package",
            )
        return "/".join(parts)


def files(description: Mapping[str, Any]) -> list[File]:
    """Return every file that a description (format 0.5, JSON values) names, weights first."""
    return [*_weights(description), *_tensors(description), *_papers(description)]


def weights_of(description: Mapping[str, Any], kind: str) -> list[File]:
    """Return the files that belong to the weights of a format."""
    return [file for file in _weights(description) if file.format == kind]


def chosen(description: Mapping[str, Any], engine: Engine, folder: Path | None = None) -> str | None:
    """Return the format of the weights to use, best first; None if no weights can be used.

    Those that are in the folder come before those that must be fetched, those that run as they are before a
    state dict whose network is Python source.

    Parameters
    ----------
    description : mapping
        A description in format 0.5, as JSON values.
    engine : Engine
        What can be run here.
    folder : Path, optional
        A package; without it nothing is known of what is there.
    """
    entries = description["weights"]
    order = [kind for kind in engine.formats if kind in entries and engine.runs(kind, entries[kind])]
    if code_of(description) and STATE_DICT not in order:
        order.append(STATE_DICT)
    here = [kind for kind in order if folder and (folder / weights_of(description, kind)[0].name).is_file()]
    return next(iter(here or order), None)


def code_of(description: Mapping[str, Any]) -> File | None:
    """Return the Python source file that a state dict's description names, if it names one."""
    named = [file for file in weights_of(description, STATE_DICT) if file.role == "architecture"]
    return named[0] if named else None


def remote_name(address: str) -> str:
    """Return the file name in an address, which some servers follow with `/content`."""
    parts = [part for part in unquote(urlsplit(address).path).split("/") if part]
    if len(parts) > 1 and parts[-1] == "content":
        parts.pop()
    return PurePosixPath(parts[-1].replace("\\", "/")).name if parts else ""


def _weights(description: Mapping[str, Any]) -> Iterator[File]:
    for kind, entry in description["weights"].items():
        yield File("weights", str(entry["source"]), entry.get("sha256"), kind)
        for role, key in (("external", "external_data"), ("architecture", "architecture")):
            part = entry.get(key) or {}
            if "source" in part:
                yield File(role, str(part["source"]), part.get("sha256"), kind)


def _tensors(description: Mapping[str, Any]) -> Iterator[File]:
    for tensor in (*description["inputs"], *description["outputs"]):
        for role in ("test_tensor", "sample_tensor"):
            part = tensor.get(role) or {}
            if "source" in part:
                yield File(role, str(part["source"]), part.get("sha256"))


def _papers(description: Mapping[str, Any]) -> Iterator[File]:
    documentation = description.get("documentation")
    named = [("cover", cover) for cover in description.get("covers") or ()]
    named += [("documentation", documentation)] if documentation else []
    named += [("attachment", each) for each in description.get("attachments") or ()]
    for role, part in named:
        if isinstance(part, Mapping):
            yield File(role, str(part["source"]), part.get("sha256"))
        else:
            yield File(role, str(part))
