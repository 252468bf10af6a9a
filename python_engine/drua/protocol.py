"""The engine protocol: one JSON object per line to and from frozen dataclasses.

The words, fields and operations are described in ``docs/protocol.md``. This module knows nothing of
pixels; it is the twin of the Java class ``io.github.drua.engine.Messages``, and both read the golden
messages in ``tests/protocol``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from drua.errors import DruaError, ProtocolError, one_line

VERSION = 1
LONGEST_LINE = 16 * 2**20
"""Bytes in one line, at most."""


@dataclass(frozen=True)
class SegmentFile:
    """Where the plugin put a segment: a name, the file to map, and its length in bytes."""

    name: str
    path: str
    bytes: int


@dataclass(frozen=True)
class Execute:
    """Run the operation `op`."""

    task: str
    op: str
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Cancel:
    """Stop a task at its next tile."""

    task: str


@dataclass(frozen=True)
class Finish:
    """End a task early with what it has so far, where its operation can do so."""

    task: str


@dataclass(frozen=True)
class Attach:
    """Map these segments."""

    segments: tuple[SegmentFile, ...]


@dataclass(frozen=True)
class Release:
    """Forget these segments."""

    segments: tuple[str, ...]


@dataclass(frozen=True)
class Grant:
    """Write the outputs of the task to this segment."""

    task: str
    segment: str


@dataclass(frozen=True)
class Ping:
    """Ask for a sign of life."""

    id: int


@dataclass(frozen=True)
class Shutdown:
    """Cancel what runs, then leave."""


@dataclass(frozen=True)
class Hello:
    """The first line of every engine."""

    protocol: int
    engine: str
    python: str
    pid: int
    devices: tuple[str, ...]


@dataclass(frozen=True)
class Launch:
    """The task has begun."""

    task: str


@dataclass(frozen=True)
class Update:
    """Progress: `current` of `maximum` of what `message` names."""

    task: str
    message: str
    current: int
    maximum: int


@dataclass(frozen=True)
class Need:
    """The outputs are ready and need a segment of this many bytes."""

    task: str
    bytes: int


@dataclass(frozen=True)
class Completion:
    """The task is done."""

    task: str
    outputs: dict[str, Any]


@dataclass(frozen=True)
class Cancelation:
    """The task was stopped on request."""

    task: str


@dataclass(frozen=True)
class Failure:
    """The task failed, or no task could be made of a line (then `task` is None)."""

    task: str | None
    error: dict[str, str]


@dataclass(frozen=True)
class Attached:
    """These segments are mapped, and their files may be unlinked."""

    segments: tuple[str, ...]


@dataclass(frozen=True)
class Pong:
    """Alive."""

    id: int


Request: TypeAlias = "Execute | Cancel | Finish | Attach | Release | Grant | Ping | Shutdown"
Response: TypeAlias = "Hello | Launch | Update | Need | Completion | Cancelation | Failure | Attached | Pong"

REQUESTS: dict[str, type[Any]] = {
    kind.__name__.upper(): kind for kind in (Execute, Cancel, Finish, Attach, Release, Grant, Ping, Shutdown)
}
RESPONSES: dict[str, type[Any]] = {
    kind.__name__.upper(): kind
    for kind in (Hello, Launch, Update, Need, Completion, Cancelation, Failure, Attached, Pong)
}
_FIELDS = {kind: fields(kind) for kind in (*REQUESTS.values(), *RESPONSES.values())}
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "dict[str, Any]": (dict,),
    "dict[str, str]": (dict,),
    "tuple[str, ...]": (list,),
    "tuple[SegmentFile, ...]": (list,),
}


def _plain(value: Any) -> dict[str, Any]:
    if isinstance(value, SegmentFile):
        return vars(value)
    raise TypeError(f"{type(value).__name__} cannot be told in JSON")


_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_plain)


def encode(message: Request | Response) -> str:
    """Return the message as one line of JSON, without the line feed; ASCII, so that no charset matters."""
    name = type(message).__name__.upper()
    key = "requestType" if name in REQUESTS else "responseType"
    return _ENCODER.encode({key: name, **vars(message)})  # dataclasses.asdict would copy every output


def decode_request(line: str | bytes) -> Request:
    """Return the request of one line.

    Raises
    ------
    ProtocolError
        If the line is too long, no JSON, of an unknown type, or lacks a field.
    """
    request: Request = _decode(line, "requestType", REQUESTS)
    return request


def decode_response(line: str | bytes) -> Response:
    """Return the response of one line; raises ProtocolError like `decode_request`."""
    response: Response = _decode(line, "responseType", RESPONSES)
    return response


def task_of(line: str | bytes) -> str | None:
    """Return the task that a broken line names, if it names one, so that its failure finds the caller."""
    try:
        task = json.loads(line).get("task")
    except (ValueError, AttributeError, RecursionError):
        return None
    return task if isinstance(task, str) else None


def failure(task: str | None, error: BaseException) -> Failure:
    """Return the message for an error: with its code and remedy if it is ours, as INTERNAL otherwise."""
    if isinstance(error, DruaError):
        return Failure(task, {"code": error.code, "message": error.message, "remedy": error.remedy})
    if isinstance(error, MemoryError):
        remedy = "close other programs, or use a smaller image"
        return Failure(task, {"code": "DEVICE_MEMORY", "message": "the memory is full", "remedy": remedy})
    remedy = "this is a fault in Drua: please report it with the log"
    return Failure(task, {"code": "INTERNAL", "message": one_line(error), "remedy": remedy})


def _decode(line: str | bytes, key: str, kinds: dict[str, type[Any]]) -> Any:
    message = _parse(line)
    name = message.pop(key, None)
    kind = kinds.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ProtocolError(f"{key} is {name!r}, but must be one of {', '.join(kinds)}")
    return kind(**{field.name: _field(name, field, message) for field in _FIELDS[kind]})


def _parse(line: str | bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise ProtocolError(f"a line has {len(line)} bytes, but {LONGEST_LINE} are the most")
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"the line is not JSON: {line[:80]!r}") from error
    if not isinstance(message, dict):
        raise ProtocolError(f"the line is not a JSON object: {line[:80]!r}")
    return message


def _field(message_name: str | None, field: Any, message: dict[str, Any]) -> Any:
    value: Any = message.get(field.name)
    types: Any = _JSON_TYPES[field.type]
    if isinstance(value, bool) or not isinstance(value, types):
        expected = " or ".join(kind.__name__ for kind in types)
        raise ProtocolError(f"{message_name} has {field.name}={value!r:.80}, but {expected} is expected")
    if field.type == "tuple[SegmentFile, ...]":
        return tuple(_segment_file(item) for item in value)
    if field.type == "tuple[str, ...]":
        if not all(isinstance(item, str) for item in value):
            raise ProtocolError(f"{message_name} has {field.name}={value!r:.80}, but names are expected")
        return tuple(value)
    return value


def _segment_file(item: Any) -> SegmentFile:
    wanted = {"name": str, "path": str, "bytes": int}
    if not isinstance(item, dict) or any(type(item.get(name)) is not kind for name, kind in wanted.items()):
        raise ProtocolError(f"a segment is {item!r:.80}, but name, path and bytes are expected")
    return SegmentFile(item["name"], item["path"], item["bytes"])
