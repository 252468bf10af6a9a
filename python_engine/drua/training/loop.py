"""The loop: steps, checks, checkpoints; it can be stopped and resumed at any time."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drua.backends import pytorch
from drua.errors import Cancelled, DruaError, OutputError, SettingError, one_line
from drua.training import precision
from drua.training.adversary import Adversary
from drua.training.blindspot import hide, liveliness
from drua.training.examples import Corrupt, Example, Sampler, fingerprint
from drua.training.judge import Batch, Judge
from drua.training.losses import LOSSES
from drua.training.network import Design, UNet, build
from drua.training.plan import Listener, Plan, Report, Suspended

CHECKPOINT = "checkpoint.pt"
TEMPORARY = "checkpoint.tmp"
SECONDS_BETWEEN_CHECKPOINTS = 30.0
WARM_UP = 0.03
LAST_RATE = 0.01
AVERAGING = 0.995
LARGEST_GRADIENT = 1.0
JUDGED = {"YX": 16, "ZYX": 4}
"""Patches that a check looks at."""
JUDGED_SIDE = 96
DEARER = 10.0
"""Between checks so many times what one takes is spent on learning, where time is what counts."""
RECENT = 20
FIXED = ("task", "method", "loss", "structure")
"""What of a plan cannot change when a training is resumed."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came out of a training.

    Parameters
    ----------
    network : UNet
        With the best weights, on the CPU, ready to predict.
    history : list of dict
        One row for each check: step, seconds, loss, validation.
    step, seconds : number
        What was spent.
    best : float
        The lowest loss of the validation images.
    before : float
        Their loss without any training: of the local mean, or for a stain of the best image of one value.
    ended : str
        Why it ended: 'finished', 'no progress', 'cancelled', or 'nothing left to do' if it had been finished.
    device, precision : str
        Where it ran, and what convolutions were computed in: 'float32' or 'bfloat16'.
    gain : float or None
        By how many decibels the results of validation patches are nearer to their targets than the inputs
        are; None where there are no clean targets.
    pearson : tuple of float or None
        For a stain: Pearson's r of results and targets of the validation patches, for each channel.
    preview : ndarray, uint8, (Y, X, 3)
        Input, result and target of a validation patch.
    """

    network: UNet
    history: list[dict[str, float]]
    step: int
    seconds: float
    best: float
    before: float
    ended: str
    device: str
    precision: str
    gain: float | None
    pearson: tuple[float, ...] | None
    preview: NDArray[np.uint8]


@dataclass
class _State:
    """What a checkpoint holds beside the networks."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    stale: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    precision: str = "float32"


def train(
    plan: Plan,
    design: Design,
    learn: Sequence[Example],
    judge: Sequence[Example],
    folder: Path,
    *,
    listener: Listener,
    corrupt: Corrupt | None = None,
    resume: bool = False,
) -> Outcome:
    """Train a network and return it with the weights that did best on the validation examples.

    Parameters
    ----------
    plan, design : Plan, Design
        How, and what.
    learn, judge : sequence of Example
        What to learn from, and what to judge by.
    folder : Path
        Gets the checkpoint.
    listener : callable
        Told after every step. If it raises Cancelled, or Ctrl-C is pressed, the best so far is returned;
        if it raises Suspended, the checkpoint is written and the exception goes on.
    corrupt : callable, optional
        Makes inputs out of clean patches.
    resume : bool
        Whether to go on from the checkpoint.

    Raises
    ------
    SettingError
        If there is a checkpoint to resume, but of another plan or other images.
    OutputError
        If there is none, or the folder cannot be written to.
    BackendError
        If torch is not installed or the device is not there.
    Cancelled
        If it was ended before the first step.
    """
    run = _Run(plan, design, learn, judge, folder, corrupt)
    if resume:
        run.resume()
    try:
        ended = run.train(listener)
    except Suspended:
        run.save()
        raise
    except (Cancelled, KeyboardInterrupt):
        if not run.step:  # nothing has been learnt
            raise Cancelled from None
        ended = "cancelled"
    return run.outcome(ended)


class _Run:
    """The state of a training."""

    def __init__(
        self,
        plan: Plan,
        design: Design,
        learn: Sequence[Example],
        judge: Sequence[Example],
        folder: Path,
        corrupt: Corrupt | None,
    ) -> None:
        self._plan = plan
        self._design = design
        self._learn = learn
        self._corrupt = corrupt
        self._path = folder / CHECKPOINT
        self._device = pytorch.device_named(plan.device)
        torch.manual_seed(plan.seed)
        self._network = self._placed(build(design))
        self._average = copy.deepcopy(self._network).eval()
        self._best = copy.deepcopy(self._average)
        self._optimiser = torch.optim.AdamW(self._network.parameters(), plan.rate, weight_decay=1e-4)
        self._loss = LOSSES[plan.loss]
        self._adversary = Adversary(design).to(self._device) if plan.adversarial else None
        self._state = _State()
        self._precision = torch.float32
        self._images = fingerprint([*learn, *judge])
        self._judge = Judge(plan, self._fixed_batch(judge), self._tensor)
        self._before = self._judge.constant() if plan.task == "stain" else self._judge.look(self._average)[0]
        self._losses: list[float] = []
        self._random = np.random.default_rng(plan.seed)

    @property
    def step(self) -> int:
        """How many steps were taken, also before an interruption."""
        return self._state.step

    @property
    def _progress(self) -> float:
        if self._plan.steps is not None:
            return self._state.step / self._plan.steps
        return self._state.seconds / (60 * self._plan.minutes)

    def train(self, listener: Listener) -> str:
        """Train until time is over, or nothing is gained any more; return which of the two."""
        # the seed moves with the step, so that a resumed run does not see the same patches again
        self._random = np.random.default_rng([self._plan.seed, self._state.step])
        sampler = self._sampler(self._learn, self._random, self._sides(self._learn))
        if self._progress >= 1:
            return "nothing left to do"
        self._precision = precision.faster(self._network, self._tensor(self._judge.batches[0][0]))
        self._state.precision = str(self._precision).removeprefix("torch.")
        saved = started = rested = time.monotonic()
        checked = math.floor(self._progress * self._plan.checks)
        while self._progress < 1:
            loss = self._step(self._batch(sampler, self._plan.batch, self._random))
            self._losses = [*self._losses, loss][-RECENT:]
            now = time.monotonic()
            self._state.seconds += now - started
            started = now
            picture = None
            due = math.floor(min(self._progress, 1) * self._plan.checks)
            if self._progress >= 1 or (due > checked and now >= rested):
                checked, picture = due, self._check()
                self.save()
                saved = time.monotonic()
                if self._plan.steps is None:
                    rested = saved + DEARER * (saved - now)
            elif now - saved > SECONDS_BETWEEN_CHECKPOINTS:
                self.save()
                saved = now
            listener(self._report(picture))
            if self._state.stale >= self._plan.patience:
                return "no progress"
        return "finished"

    def outcome(self, ended: str) -> Outcome:
        """Return what came out; after an early end what is there is judged first."""
        state = self._state
        if (
            ended == "cancelled"
            and state.step
            and (not state.history or state.history[-1]["step"] < state.step)
        ):
            self._check()
            self.save()
        network = self._best if math.isfinite(state.best) else self._average
        picture = self._judge.look(network)[1]
        return Outcome(
            network.to("cpu", memory_format=torch.contiguous_format).eval(),
            state.history,
            state.step,
            state.seconds,
            min(state.best, self._before),
            self._before,
            ended,
            self._device,
            state.precision,
            self._judge.gain(network),
            self._judge.pearson(network),
            picture,
        )

    def save(self) -> None:
        """Write the checkpoint beside its place, then move it there."""
        content = {
            "plan": json.dumps(asdict(self._plan)),
            "design": json.dumps(self._design.to_message()),
            "images": self._images,
            "state": asdict(self._state),
            "network": self._network.state_dict(),
            "average": self._average.state_dict(),
            "best": self._best.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        if self._adversary is not None:
            content["adversary"] = self._adversary.state_dict()
            content["adversary_optimiser"] = self._adversary.optimiser.state_dict()
        temporary = self._path.with_name(TEMPORARY)
        try:
            torch.save(content, temporary)
            os.replace(temporary, self._path)
        except (OSError, RuntimeError) as error:
            temporary.unlink(missing_ok=True)  # what fills a disk is not left on it
            raise OutputError(
                f"{self._path} cannot be written: {one_line(error)}",
                remedy="make room, or choose another folder",
            ) from error

    def resume(self) -> None:
        """Go on from the checkpoint."""
        content = read_checkpoint(self._path, self._device)
        then = _fixed(json.loads(content["design"]), json.loads(content["plan"]))
        for name, now in _fixed(self._design.to_message(), asdict(self._plan)).items():
            if then[name] != now:
                raise SettingError(
                    f"the training in {self._path.parent} was begun with {name}={then[name]}, not {now}",
                    remedy="resume with the options it was begun with, or train into another folder",
                )
        if content["images"] != self._images:
            raise SettingError(
                f"the training in {self._path.parent} was begun with other images",
                remedy="resume with the images and channels it was begun with, or train into another folder",
            )
        self._network.load_state_dict(content["network"])
        self._average.load_state_dict(content["average"])
        self._best.load_state_dict(content["best"])
        self._optimiser.load_state_dict(content["optimiser"])
        if self._adversary is not None and "adversary" in content:
            self._adversary.load_state_dict(content["adversary"])
            self._adversary.optimiser.load_state_dict(content["adversary_optimiser"])
        self._state = _State(**content["state"])
        self._state.stale = 0

    def _placed(self, network: UNet) -> UNet:
        memory = torch.channels_last if self._design.axes == "YX" else torch.contiguous_format
        return network.to(self._device, memory_format=memory)

    def _tensor(self, array: NDArray[np.float32]) -> Tensor:
        memory = torch.channels_last if array.ndim == 4 else torch.contiguous_format
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device).contiguous(memory_format=memory)

    def _sides(self, examples: Sequence[Example], most: int | None = None) -> tuple[int, ...]:
        """Return the sides of patches: those of the plan, or less where images are smaller."""
        wanted = {"Z": self._plan.patch_z, "Y": most or self._plan.patch, "X": most or self._plan.patch}
        smallest = [min(sides) for sides in zip(*(each.sides for each in examples), strict=True)]
        return tuple(
            min(wanted[letter], side) // self._design.stride[letter] * self._design.stride[letter]
            for letter, side in zip(self._design.axes, smallest, strict=True)
        )

    def _sampler(
        self, examples: Sequence[Example], random: np.random.Generator, sides: tuple[int, ...]
    ) -> Sampler:
        return Sampler(examples, sides, random, turns=self._turns, corrupt=self._corrupt)

    @property
    def _turns(self) -> bool:
        return self._plan.turns and self._plan.structure == "none"

    def _batch(self, sampler: Sampler, count: int, random: np.random.Generator) -> Batch:
        given, wanted = sampler.batch(count)
        if self._plan.method == "blind_spot":
            hidden, weights = hide(given, random, self._plan.structure)
            return hidden, given, weights
        return given, wanted, None

    def _fixed_batch(self, examples: Sequence[Example]) -> list[Batch]:
        """Return the patches of all checks: from quiet to lively, hidden at the same pixels always."""
        random = np.random.default_rng(0)
        sides = self._sides(examples, JUDGED_SIDE)
        sampler = self._sampler(examples, random, sides)
        drawn = [sampler.one() for _ in range(2 * JUDGED[self._design.axes])]
        chosen = sorted(drawn, key=lambda pair: -liveliness(pair[1]))[::2]
        batches: list[Batch] = []
        for start in range(0, len(chosen), 8):
            part = chosen[start : start + 8]
            given, wanted = (np.stack([pair[number] for pair in part]) for number in (0, 1))
            if self._plan.method == "blind_spot":
                hidden, weights = hide(given, random, self._plan.structure)
                batches.append((hidden, given, weights))
            else:
                batches.append((given, wanted, None))
        return batches

    def _step(self, batch: Batch) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = _rate(self._progress) * self._plan.rate
        given, wanted, weights = batch
        self._network.train()
        seen, target = self._tensor(given), self._tensor(wanted)
        result = precision.run(self._network, seen, self._precision)
        value = self._loss(result, target, None if weights is None else self._tensor(weights))
        if self._adversary is not None:
            self._adversary.learn(seen, result, target)
            value = value + self._plan.adversarial * self._adversary.objection(seen, result)
        self._optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), LARGEST_GRADIENT)
        self._optimiser.step()
        self._state.step += 1
        self._follow()
        loss = float(value.detach())
        if not math.isfinite(loss):
            raise DruaError(
                f"the loss of step {self._state.step} is {loss}: the training went astray",
                remedy="choose a lower rate and resume from the last checkpoint",
            )
        return loss

    def _follow(self) -> None:
        """Move the average towards the network; the first steps count more: the start is forgotten."""
        weight = 1 - min(AVERAGING, self._state.step / (10 + self._state.step))
        current = self._network.state_dict()
        for name, value in self._average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(current[name], weight)

    def _check(self) -> NDArray[np.uint8]:
        """Judge the averaged network, keep it if it is the best, and return a picture."""
        state = self._state
        loss, picture = self._judge.look(self._average)
        state.stale += 1
        if loss < state.best:
            state.best, state.stale = loss, 0
            self._best.load_state_dict(self._average.state_dict())
        recent = float(np.mean(self._losses)) if self._losses else math.nan
        row = {"step": state.step, "seconds": state.seconds, "loss": recent, "validation": loss}
        state.history.append(row)
        return picture

    def _report(self, picture: NDArray[np.uint8] | None) -> Report:
        state = self._state
        return Report(
            min(self._progress, 1.0),
            state.step,
            state.seconds,
            float(np.mean(self._losses)),
            state.history[-1]["validation"] if state.history else None,
            state.best if math.isfinite(state.best) else None,
            picture,
        )


def read_checkpoint(path: Path, device: str = "cpu") -> Mapping[str, Any]:
    """Return what a checkpoint holds.

    Raises
    ------
    OutputError
        If there is none, or it is damaged.
    """
    try:
        return dict(torch.load(path, map_location=device, weights_only=True))
    except FileNotFoundError as error:
        raise OutputError(f"there is no checkpoint {path}", remedy="train without resuming") from error
    except Exception as error:  # what torch raises for a damaged file is open-ended
        raise OutputError(
            f"the checkpoint {path} cannot be read: {one_line(error)}", remedy="train without resuming"
        ) from error


def _fixed(design: Mapping[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return what cannot change when a training is resumed."""
    return {**design, **{name: plan[name] for name in FIXED}}


def _rate(progress: float) -> float:
    """Return a factor: a linear warm-up, then half a cosine."""
    if progress < WARM_UP:
        return 0.05 + 0.95 * progress / WARM_UP
    phase = min((progress - WARM_UP) / (1 - WARM_UP), 1.0)
    return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * phase))
