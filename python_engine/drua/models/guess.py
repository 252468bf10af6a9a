"""What Drua needs to know of a model and the description does not say: its task, its decoder, its settings.

Only cards of Drua have them, under ``config.drua``. For all others they are derived from the tags and the
channels of the outputs, by the habits of the bioimage.io collection, and remain settings for the user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drua.models.tensor import Tensor

_LATER = {"stardist_postprocessing": "star", "cellpose_flow_dynamics": "flow"}
"""Operations that are decoders: the format has them among the postprocessing."""

_TASKS = (
    ("denoise", ("denoising", "restoration", "image-restoration", "deblurring", "super-resolution")),
    ("stain", ("virtual-staining", "image-translation", "in-silico-labeling", "label-free")),
    ("segment", ("segmentation", "instance-segmentation", "semantic-segmentation", "nuclei", "cells")),
)  # fmt: skip

_ROLES = {
    "foreground": ("foreground", "fg", "nuclei", "cell", "mask", "interior", "probability", "object"),
    "boundary": ("boundary", "boundaries", "border", "contour", "edge", "membrane", "outline"),
    "distance": ("distance", "edt", "dist"),
}
"""Words in the names of channels, and the parts they play in the watershed."""

_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "mask_threshold": {
        "label": "Probability threshold", "type": "number", "default": 0.5, "min": 0.01, "max": 0.99,
        "help": "Lower finds dimmer objects and makes all of them larger.",
    },
    "marker_threshold": {
        "label": "Marker threshold", "type": "number", "default": 0.5, "min": 0.01, "max": 0.99,
        "help": "Foreground minus boundary above this begins an object; higher splits more.",
    },
    "marker_height": {
        "label": "Splitting threshold (pixels)", "type": "number", "default": 1.0, "min": 0.1, "max": 50.0,
        "help": "Lower splits touching objects more readily, and single ones, too.",
    },
    "smoothing": {
        "label": "Smoothing (pixels)", "type": "number", "default": 1.0, "min": 0.0, "max": 20.0,
        "help": "Higher splits less.",
    },
    "min_size": {
        "label": "Smallest object (pixels)", "type": "integer", "default": 20, "min": 0, "max": 100000,
        "help": "Smaller objects are dropped.",
    },
}  # fmt: skip


def config(description: Mapping[str, Any], outputs: Sequence[Tensor]) -> dict[str, Any]:
    """Return `task`, `decoder` and `settings` as ``config.drua`` would have them."""
    task = _task(description)
    later = next(
        (operation.name for tensor in outputs for operation in tensor.operations if operation.name in _LATER),
        None,
    )
    if later:
        return {"task": "segment", "decoder": {"id": _LATER[later]}, "settings": []}
    if task != "segment":
        return {"task": task, "decoder": {"id": "image"}, "settings": []}
    decoder = _decoder(next((tensor for tensor in outputs if tensor.is_image), outputs[0]))
    names = ["mask_threshold", *_MARKER_SETTINGS.get(decoder.get("marker", ""), ()), "min_size"]
    if decoder["id"] == "classes":
        names = ["min_size"]
    return {
        "task": task,
        "decoder": decoder,
        "settings": [{"name": name, **_SETTINGS[name]} for name in names],
    }


_MARKER_SETTINGS = {
    "foreground_minus_boundary": ("marker_threshold",),
    "distance": ("marker_height", "smoothing"),
}


def _task(description: Mapping[str, Any]) -> str:
    tags = {str(tag).lower() for tag in description.get("tags") or ()}
    return next((task for task, words in _TASKS if tags & set(words)), "segment")


def _decoder(output: Tensor) -> dict[str, Any]:
    """Return the decoder for what the channels of an output seem to be.

    One channel is a probability, two are foreground and boundary (the commonest kind in the collection), and
    more are classes of which the first is the background.
    """
    roles = _roles(output.channels)
    if len(output.channels) == 1:
        only = output.channels[0]
        return {"id": "watershed", "marker": "distance", "foreground": only}
    if "distance" in roles and "foreground" in roles:
        named = {"foreground": roles["foreground"], "distance": roles["distance"]}
        return {"id": "watershed", "marker": "distance", **named}
    if len(output.channels) == 2:
        first, second = output.channels
        named = {"foreground": roles.get("foreground", first), "boundary": roles.get("boundary", second)}
        return {"id": "watershed", "marker": "foreground_minus_boundary", **named}
    return {"id": "classes", "background": 0}


def _roles(channels: Sequence[str]) -> dict[str, str]:
    """Return the part and the name of every channel that names one; what is special goes first."""
    roles: dict[str, str] = {}
    for role in ("distance", "boundary", "foreground"):
        words = _ROLES[role]
        for name in channels:
            if (
                name not in roles.values()
                and role not in roles
                and any(word in name.lower() for word in words)
            ):
                roles[role] = name
    return roles
