"""Train the model and write its package: one command, resumable.

    python models/nuclei-fluorescence/recipe/train.py --data PATH/TO/dsb2018/fluorescence --output DIR

DIR gets the checkpoint; weights, figures and curve of the package are replaced when the training is over.
Needs the extra `train`: pip install -e '.[train]'. The schedule follows the time spent, so that `--minutes`
is what it costs on any machine. A rerun with the same folder continues where the last one stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from curve import draw_curve
from data import Field, Sampler, read_fields
from drua.backends.architectures.nuclei import NucleiNet
from drua.metrics import pool, score
from evaluate import Settings, compare, torch_predictor
from export import export
from torch import Tensor
from torch.nn import functional

SEED = 20261121
PATCH = 256
BATCH = 8
PEAK_RATE = 2e-3
WEIGHT_DECAY = 1e-3
WARM_UP = 0.03
CHECKPOINT_SECONDS = 120.0
EVALUATIONS = 8
EVERY = 3


class Average:
    """Moving average of a network's weights and of its normalisation statistics."""

    def __init__(self, network: NucleiNet, decay: float = 0.998) -> None:
        self.network = deepcopy(network).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, network: NucleiNet, step: int) -> None:
        """Move towards `network`; the first steps count more, so that the start is forgotten."""
        weight = 1 - min(self.decay, (1 + step) / (10 + step))
        current = network.state_dict()
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(current[name], weight)


def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
    """Sum of the losses of foreground, distance and boundary; both tensors N3YX.

    Errors of the foreground count four times where a boundary is: that is where nuclei merge.
    """
    foreground, distance, boundary = targets.unbind(1)
    entropy = functional.binary_cross_entropy_with_logits(logits[:, 0], foreground, 1 + 3 * boundary)
    probability = logits[:, 0].sigmoid()
    overlap = (probability * foreground).sum()
    dice = 1 - (2 * overlap + 1) / (probability.sum() + foreground.sum() + 1)
    depth = ((logits[:, 1].sigmoid() - distance).abs() * (0.5 + 2 * foreground)).mean()
    edge = functional.binary_cross_entropy_with_logits(logits[:, 2], boundary)
    return entropy + 0.5 * dice + 2 * depth + edge


def rate(progress: float) -> float:
    """Learning rate at a progress of 0..1: linear warm-up, then half a cosine down to 1 %."""
    if progress < WARM_UP:
        return PEAK_RATE * (0.05 + 0.95 * progress / WARM_UP)
    phase = (progress - WARM_UP) / (1 - WARM_UP)
    return PEAK_RATE * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(phase, 1.0))))


class Run:
    """State of a training run: network, average, optimiser, seconds spent and history."""

    def __init__(self, output: Path, minutes: float, device: str) -> None:
        torch.manual_seed(SEED)
        self.path, self.budget, self.device = output / "checkpoint.pt", minutes * 60, device
        self.network = NucleiNet().to(device, memory_format=torch.channels_last)
        self.average = Average(self.network)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), PEAK_RATE, weight_decay=WEIGHT_DECAY)
        self.step, self.seconds = 0, 0.0
        self.history: dict[str, list[list[float]]] = {"loss": [], "ap": []}

    @property
    def progress(self) -> float:
        """Share of the planned time that is spent, 0..1."""
        return self.seconds / self.budget

    def save(self) -> None:
        """Write the checkpoint beside its place, then move it there: no half-written file is ever seen."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "history": self.history,
        }
        temporary = self.path.with_suffix(".tmp")
        torch.save(state, temporary)
        os.replace(temporary, self.path)
        self.path.with_name("history.json").write_text(json.dumps(self.history))

    def resume(self) -> None:
        """Continue from the checkpoint, if there is one."""
        if not self.path.exists():
            return
        state = torch.load(self.path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds, self.history = state["step"], state["seconds"], state["history"]

    def learn(self, images: Tensor, targets: Tensor) -> float:
        """Take one step on images, N1YX, and targets, N3YX; return the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate(self.progress)
        images = images.to(self.device, memory_format=torch.channels_last)
        self.network.train()
        value = loss_of(self.network(images), targets.to(self.device))
        self.optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self.average.update(self.network, self.step)
        return float(value.detach())


def validate(run: Run, fields: list[Field]) -> None:
    """Note the AP of the averaged weights on some validation fields: for the curve, never for a choice."""
    matches = compare(torch_predictor(run.average.network), fields, Settings())
    run.history["ap"].append([run.step, score(pool(matches)).ap])
    print(f"step {run.step} AP@0.5 {run.history['ap'][-1][1]:.4f} on {len(fields)} images", flush=True)


def train(run: Run, data: Path) -> None:
    """Train until the planned time is spent, with checkpoints and a few evaluations on the way."""
    held_out = read_fields(data, validation=True)[::EVERY]
    # The seed moves with the step, so that a resumed run does not see the same patches again.
    sampler = Sampler(read_fields(data, validation=False), PATCH, SEED + run.step)
    saved = started = time.monotonic()
    losses: list[float] = []
    while run.progress < 1:
        losses.append(run.learn(*sampler.batch(BATCH)))
        now = time.monotonic()
        run.seconds += now - started
        started = now
        if run.progress * EVALUATIONS >= len(run.history["ap"]) + 1:
            validate(run, held_out)
        if len(losses) == 25:
            mean = sum(losses) / len(losses)
            run.history["loss"].append([run.step, mean])
            print(f"step {run.step} loss {mean:.4f} progress {run.progress:.3f}", flush=True)
            losses.clear()
        if now - saved > CHECKPOINT_SECONDS:
            run.save()
            saved = now
    run.save()


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/ and labels/")
    parser.add_argument("--output", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--minutes", type=float, default=100.0, help="time to spend on training")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    run = Run(arguments.output, arguments.minutes, "cuda" if torch.cuda.is_available() else "cpu")
    run.resume()
    train(run, arguments.data)
    draw_curve(run.history, Path(__file__).with_name("curve.png"))
    export(run.path, arguments.data)


if __name__ == "__main__":
    main()
