"""The operation of the protocol that trains; torch is imported when it begins, not before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from drua import model_operations
from drua.errors import Cancelled, SettingError
from drua.image import Image
from drua.training import require

if TYPE_CHECKING:
    from drua.training.plan import Plan, Report

COUNTED = "training (s)"


class Watched(Protocol):
    """What a training may use of its task; see `drua.operations.TaskContext`."""

    cancelled: bool
    finishing: bool

    def progress(self, what: str, done: int, total: int) -> None:
        """Report progress; raises Cancelled when asked to stop."""


@dataclass(frozen=True, eq=False)
class Request:
    """What to train, on what and for how long; see docs/protocol.md.

    Parameters
    ----------
    image : Image or None
        The open image, any axes; None to read `images`.
    source : str
        Its title.
    images : sequence of str
        Paths of noisy images and of folders of them.
    clean : str or None
        The folder of the clean images; None for blind spots.
    output : str
        The folder of the training, whose name becomes the model's id.
    axes : str
        'YX' or 'ZYX'.
    minutes : float
        Time to spend.
    channel : int or str
        Which channels; 0 stands for all.
    structure, device : str
        As of `drua.training.plan.Plan`; the structure may be 'auto'.
    resume, replace, install : bool
        Whether to go on with the training in `output`, replace an installed model, and install at all.
    """

    image: Image | None
    source: str
    images: Sequence[str]
    clean: str | None
    output: str
    axes: str
    minutes: float
    channel: int | str
    structure: str
    device: str
    resume: bool
    replace: bool
    install: bool


def train_denoiser(request: Request, task: Watched) -> dict[str, Any]:
    """Train a denoiser, write its package and install it.

    Returns
    -------
    dict
        `trained` as `drua.training.tasks.Trained.to_message`, `card` of the installed model or None.

    Raises
    ------
    Cancelled
        If the task was cancelled: what was learnt is kept for a resumption. Or if it was finished before
        anything was learnt.
    RequestError
        If images or options do not fit.
    BackendError
        If torch is missing or the device is not there.
    """
    require()
    from drua.training import tasks

    _check(request)
    output = Path(request.output)
    replace = request.replace or request.resume
    if request.install:
        tasks.check_id(output.name, replace_installed=replace)
    aside = tasks.set_aside(output) if request.replace and not request.resume else None
    task.progress("reading images", 0, 0)
    trained = tasks.train_denoiser(
        _images(request),
        output,
        _plan(request),
        clean=Path(request.clean) if request.clean else None,
        structure=request.structure,
        channel=request.channel,
        resume=request.resume,
        listener=_listener(task, 60 * request.minutes),
        tell=lambda _note: _end_unbegun(task),
    )
    task.progress("installing the model", 0, 0)
    card = (
        model_operations.add(str(output), task.progress, replace=replace)["card"] if request.install else None
    )
    told = trained.to_message()
    return {"trained": told | {"notes": [*told["notes"], *([aside] if aside else [])]}, "card": card}


def _check(request: Request) -> None:
    from drua.training.blindspot import STRUCTURES

    if (request.image is None) == (not request.images):
        given = "neither an image nor files" if request.image is None else "both an image and files"
        raise SettingError(
            f"{given} are given to learn from",
            remedy="open an image, or name files or a folder of noisy images",
        )
    if request.structure not in ("auto", *STRUCTURES):
        raise SettingError(f"structure is {request.structure!r}, but must be auto, {', '.join(STRUCTURES)}")
    if not Path(request.output).is_absolute():
        raise SettingError(f"output is {request.output!r}, but must be an absolute path")


def _images(request: Request) -> list[Any]:
    from drua.training.images import Opened

    if request.image is not None:
        return [Opened(request.source or "image", request.image)]
    return [Path(path) for path in request.images]


def _plan(request: Request) -> Plan:
    from drua.training.plan import PATCHES, Plan

    if request.axes not in PATCHES:
        raise SettingError(f"axes is {request.axes!r}, but must be one of {', '.join(PATCHES)}")
    patch, batch = PATCHES[request.axes]
    return Plan(axes=request.axes, minutes=request.minutes, patch=patch, batch=batch, device=request.device)


def _listener(task: Watched, seconds: float) -> Callable[[Report], None]:
    from drua.training.plan import Suspended

    total = max(1, round(seconds))

    def listen(report: Report) -> None:
        finishing = task.finishing
        try:
            if finishing or report.progress >= 1:
                task.progress("writing the model", 0, 0)
            else:
                task.progress(COUNTED, int(report.progress * total), total)
        except Cancelled:
            raise Suspended from None
        if finishing:
            raise Cancelled

    return listen


def _end_unbegun(task: Watched) -> None:
    """End a training that has not begun, where its end was asked for while images were read."""
    if task.cancelled or task.finishing:
        raise Cancelled
