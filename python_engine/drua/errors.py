"""What can go wrong, drawn as a tree.

::

    DruaError                 .code .remedy
      RequestError            the caller can fix it
        AxesError  ShapeError  SettingError  UnknownModelError  ImageError  OutputError  SourceError
      ModelError              the model is wrong
        CardError  WeightsMissingError  HashError  UntrustedModelError
      BackendError            this machine cannot run it
        BackendMissingError  DeviceError  DeviceMemoryError
      BridgeError             the two sides disagree
        ProtocolError  SegmentError  WorkerDiedError
    Cancelled                 outside the tree: not a failure

A message states the value and the rule; the remedy says what to do. The codes are the same set as the
Java enum ``io.github.drua.engine.ErrorCode``, and a test compares them.
"""

from __future__ import annotations


class DruaError(Exception):
    """Anything Drua raises on purpose.

    Parameters
    ----------
    message : str
        One sentence with the offending value and the rule it breaks.
    remedy : str
        What the user can do, as an imperative clause; empty if there is nothing.
    """

    code = "DRUA"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}; {self.remedy}" if self.remedy else message

    @property
    def message(self) -> str:
        """The sentence without its remedy."""
        return super().__str__()


class RequestError(DruaError):
    """The caller can fix it."""

    code = "REQUEST"


class AxesError(RequestError):
    """Axes that are unknown, repeated, missing or in the wrong number."""

    code = "AXES"


class ShapeError(RequestError):
    """Sides that do not fit each other or the model."""

    code = "SHAPE"


class SettingError(RequestError):
    """An unknown setting, or a value outside its type or range."""

    code = "SETTING"


class UnknownModelError(RequestError):
    """No installed model has this id."""

    code = "UNKNOWN_MODEL"


class ImageError(RequestError):
    """An image that cannot be read, or whose pixels cannot be used."""

    code = "IMAGE"


class OutputError(RequestError):
    """A place where results cannot be written."""

    code = "OUTPUT"


class SourceError(RequestError):
    """A folder, file or address that no model can be fetched from."""

    code = "SOURCE"


class ModelError(DruaError):
    """The model is wrong."""

    code = "MODEL"


class CardError(ModelError):
    """A model description that is invalid or asks for what Drua does not have."""

    code = "CARD"


class WeightsMissingError(ModelError):
    """No weights that a backend of this machine can run."""

    code = "WEIGHTS_MISSING"


class HashError(ModelError):
    """Weights that differ from the ones their description names."""

    code = "HASH"


class UntrustedModelError(ModelError):
    """A package that would run code."""

    code = "UNTRUSTED_MODEL"


class BackendError(DruaError):
    """Something that this machine cannot run."""

    code = "BACKEND"


class BackendMissingError(BackendError):
    """The runtime that executes the weights is not installed."""

    code = "BACKEND_MISSING"


class DeviceError(BackendError):
    """The device does not exist or does not work."""

    code = "DEVICE"


class DeviceMemoryError(BackendError):
    """The device has too little memory."""

    code = "DEVICE_MEMORY"


class BridgeError(DruaError):
    """The two sides disagree."""

    code = "BRIDGE"


class ProtocolError(BridgeError):
    """A message that breaks the protocol."""

    code = "PROTOCOL"


class SegmentError(BridgeError):
    """Shared memory that is missing, too small or not ours."""

    code = "SEGMENT"


class WorkerDiedError(BridgeError):
    """The worker process ended while it was needed."""

    code = "WORKER_DIED"


class Cancelled(Exception):  # noqa: N818 - not a failure
    """The user asked to stop."""


def codes() -> frozenset[str]:
    """Return the codes of every error in the tree."""
    found, queue = set(), [DruaError]
    while queue:
        kind = queue.pop()
        found.add(kind.code)
        queue.extend(kind.__subclasses__())
    return frozenset(found)


def error_of(code: str, message: str, remedy: str = "") -> DruaError:
    """Return the error of a code; a plain DruaError for INTERNAL and for the codes of a newer plugin."""
    queue = [DruaError]
    while queue:
        kind = queue.pop(0)
        if vars(kind).get("code") == code:
            return kind(message, remedy=remedy)
        queue.extend(kind.__subclasses__())
    return DruaError(message, remedy=remedy)


def one_line(error: BaseException) -> str:
    """Return a foreign error as one line, for use inside a message."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
