"""Plan: what is trained, how and for how long; and Report: how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.errors import Cancelled, SettingError
from drua.training.blindspot import STRUCTURES

METHODS = ("blind_spot", "pairs")
LOSSES = ("mse", "l1", "l1+structure")
PATCHES = {"YX": (64, 8), "ZYX": (48, 2)}
"""The side of a denoiser's patches, and how many of them a step takes."""


@dataclass(frozen=True)
class Plan:
    """What is trained, how and for how long.

    Parameters
    ----------
    task : str
        'denoise' or 'stain'.
    method : str
        'blind_spot' learns from noisy images alone, 'pairs' from inputs and targets.
    axes : str
        'YX' or 'ZYX'.
    minutes : float
        Time to spend; the learning rate follows it, so that it costs the same on any machine.
    steps : int, optional
        Steps to take instead.
    patch, patch_z, batch : int
        Sides in pixels of what is looked at in one step, and how many of them.
    width, levels : int
        The size of the network; see `drua.training.network.Design`.
    loss : str
        One of `LOSSES`. The noise of a target averages out only with 'mse'.
    structure : str
        For blind spots: 'none', or 'rows' or 'columns' where noise is alike along these.
    adversarial : float
        Weight of a discriminator's verdict; 0 trains none.
    turns : bool
        Whether patches are turned and mirrored at random.
    rate : float
        The highest learning rate.
    patience : int
        After so many checks without progress the training ends.
    checks : int
        How often the validation images are looked at, over all the time.
    device : str
        'auto', 'cpu', 'cuda:N' or 'mps'.
    """

    task: str = "denoise"
    method: str = "blind_spot"
    axes: str = "YX"
    minutes: float = 5.0
    steps: int | None = None
    patch: int = 64
    patch_z: int = 8
    batch: int = 8
    width: int = 16
    levels: int = 2
    loss: str = "mse"
    structure: str = "none"
    adversarial: float = 0.0
    turns: bool = True
    rate: float = 1e-3
    patience: int = 12
    checks: int = 30
    seed: int = 1
    device: str = "auto"

    def __post_init__(self) -> None:
        for name, choices in (
            ("task", ("denoise", "stain")),
            ("method", METHODS),
            ("axes", ("YX", "ZYX")),
            ("loss", LOSSES),
            ("structure", STRUCTURES),
        ):
            if getattr(self, name) not in choices:
                raise SettingError(
                    f"{name} is {getattr(self, name)!r}, but must be one of {', '.join(choices)}"
                )
        for name in ("patch", "patch_z", "batch", "width", "levels", "patience", "checks"):
            _at_least(name, getattr(self, name), 1)
        if not self.minutes > 0:
            raise SettingError(f"minutes is {self.minutes:g}, but must be more than 0")
        if self.steps is not None:
            _at_least("steps", self.steps, 1)

    @property
    def equivariant(self) -> bool:
        """Whether gain and offset of the image stay: in restoration, not in staining."""
        return self.task == "denoise"


@dataclass(frozen=True, eq=False)
class Report:
    """How far a training is.

    Parameters
    ----------
    progress : float
        0 to 1.
    step : int
        Steps taken.
    seconds : float
        Time spent, also before an interruption.
    loss : float
        Mean over the last steps.
    validation, best : float or None
        The loss of the validation images at the last check, and the lowest so far.
    preview : ndarray, uint8, (Y, X, 3), or None
        Input, result and, where there is one, target side by side; only at a check.
    """

    progress: float
    step: int
    seconds: float
    loss: float
    validation: float | None
    best: float | None
    preview: NDArray[np.uint8] | None = None

    def to_message(self) -> dict[str, Any]:
        """Return all but the preview as JSON values."""
        return {name: value for name, value in vars(self).items() if name != "preview"}


Listener = Callable[[Report], None]
"""Told after every step; it may raise Cancelled, which ends the training with the best so far, or
`Suspended`, which leaves it."""


class Suspended(Cancelled):
    """Leave the training at once: its state is written, so that it can be resumed, and no model is made."""


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise SettingError(f"{name} is {value}, but must be at least {least}")
