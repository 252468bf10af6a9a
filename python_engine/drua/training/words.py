"""What people read of a model that was trained: its name, and a README with origin, figures and limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drua.training.loop import Outcome
from drua.training.network import Design
from drua.training.package import Words
from drua.training.plan import Plan

ENDED = {
    "finished": "The planned time was used.",
    "no progress": "It was ended early, because the validation loss did not fall any more.",
    "nothing left to do": "The planned time was used.",
    "cancelled": "It was cancelled; these are the best weights until then.",
}
LOSSES = {
    "mse": "mean squared error",
    "l1": "mean absolute error",
    "l1+structure": "mean absolute error of values and of the differences of neighbours",
}


def of(
    id_: str,
    plan: Plan,
    design: Design,
    outcome: Outcome,
    notes: Sequence[str],
    trained_on: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    names: Any,
) -> Words:
    """Return the words of a model.

    Parameters
    ----------
    id_ : str
        The model's id.
    plan, design, outcome
        What was planned, built and came out.
    notes : sequence of str
        What was found about the images.
    trained_on : str
        Which images these were.
    inputs, outputs : tuple of str
        Names of channels.
    names : drua.training.tasks.Names
        What the user calls it; what is empty is made up here.
    """
    is_stain = plan.task == "stain"
    title = names.name or (f"Virtual stain {id_}" if is_stain else f"Denoiser {id_}")
    said = f"Predicts {', '.join(outputs)} from {', '.join(inputs)}." if is_stain else (
        "Removes noise; trained on noisy images alone."
        if plan.method == "blind_spot"
        else "Removes noise; trained on pairs of noisy and clean images."
    )  # fmt: skip
    description = names.description or said
    readme = "\n".join(
        [
            f"# {title}",
            "",
            description,
            "",
            "## What it was trained on",
            "",
            trained_on + ".",
            "",
            *[f"- {note}" for note in notes],
            "",
            "## How",
            "",
            f"{_network(plan, design)} {outcome.step} steps of {plan.batch} patches in"
            f" {outcome.seconds / 60:.1f} minutes on {outcome.device}, in {outcome.precision}."
            f" {ENDED[outcome.ended]} Loss: {LOSSES[plan.loss]}.",
            "",
            *_figures(plan, outcome, outputs),
            "",
            "## Limits",
            "",
            *_limits(plan),
            "",
        ]
    )
    return Words(
        id_,
        title,
        description,
        readme,
        names.authors or ("unknown",),
        names.licence,
        (),
        inputs,
        outputs,
    )


def _network(plan: Plan, design: Design) -> str:
    kind = (
        f"A U-Net in {len(design.axes)}D with {design.levels + 1} levels"
        f" and {design.width} channels at the top"
    )
    if design.equivariant:
        kind += (
            ", without biases, on the difference from the local mean:"
            " gain and offset of an image stay as they are"
        )
    if plan.method == "blind_spot":
        hidden = "" if plan.structure == "none" else f", with their neighbours along {plan.structure}"
        kind += f"; it learnt to tell pixels that were hidden from it{hidden} (Noise2Void 2)"
    return kind + "."


def _figures(plan: Plan, outcome: Outcome, outputs: Sequence[str]) -> list[str]:
    """Return what was measured on images or rows that were not learnt from, and what it means."""
    before, after = outcome.before, outcome.best
    unit = (
        "in units of the spread of the images" if plan.task == "denoise" else "in units of the targets' range"
    )
    without = "for an image of one value" if plan.task == "stain" else "before training"
    lines = [
        f"Validation loss {after:.4g} ({unit}), {before:.4g} {without}, on patches that were not learnt from."
    ]
    if plan.method == "blind_spot":
        lines.append(
            "The truth is not known, so this loss contains the noise itself and cannot fall to 0: it tells"
            " when to stop, not how good the result is."
        )
    elif outcome.pearson is not None:
        each = (f"{name} {r:.2f}" for name, r in zip(outputs, outcome.pearson, strict=True))
        lines.append(f"Pearson's r with the targets there: {', '.join(each)}.")
    elif outcome.gain is not None:
        lines.append(f"On these the PSNR is {outcome.gain:+.1f} dB against the noisy input.")
    return lines


def _limits(plan: Plan) -> list[str]:
    if plan.task == "stain":
        return [
            "- The result is a prediction. Do not measure intensities on it unless you have validated that.",
            "- It knows only what the training images showed: other cells, stains, microscopes or focus need"
            " others.",
        ]
    lines = [
        "- The result is a prediction. Do not measure intensities on it unless you have validated that.",
        "- It is made for images of the same microscope, settings and sample as those above.",
    ]
    if plan.method == "blind_spot":
        lines.append(
            "- Noise that is alike in neighbouring pixels may stay; single bright pixels that are real may"
            " go."
        )
    return lines
