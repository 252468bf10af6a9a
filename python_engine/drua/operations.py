"""The operations of the protocol: what a plugin can ask for (see docs/protocol.md)."""

from __future__ import annotations

import platform as interpreter
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from drua import backends, labels, model_operations, results, training_operations, translation
from drua.backends import open_backend
from drua.captions import Captions
from drua.display import Display
from drua.errors import DruaError, OutputError, ProtocolError, SettingError
from drua.image import Image
from drua.models.card import ModelCard
from drua.models.catalog import find_model, list_models
from drua.pipeline import Model, Prediction, Region, predict, predict_maps
from drua.protocol import failure
from drua.segments import Segments, bytes_needed

MODELS_KEPT_OPEN = 2
BENCHMARK_SECONDS = 1.0
BENCHMARK_SIDE = 256


class TaskContext(Protocol):
    """What an operation may use of its task."""

    segments: Segments
    models: OpenModels
    cancelled: bool
    finishing: bool
    """Whether the plugin has asked for an early end with what there is."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Report progress; raises Cancelled when asked to stop."""

    def need(self, size: int) -> str:
        """Return the name of a segment for outputs of `size` bytes."""


class OpenModels:
    """The few networks that stay loaded between tasks, last used last."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, str], Model] = OrderedDict()
        self.loads = 0

    def get(self, card: ModelCard, device: str) -> Model:
        """Return the model, loaded on the device; closes the longest unused one if there are too many."""
        key = (card.sha256, device)
        if key not in self._open:
            self._open[key] = Model(card, open_backend(card, device))
            self.loads += 1
        self._open.move_to_end(key)
        while len(self._open) > MODELS_KEPT_OPEN:
            self._open.popitem(last=False)[1].close()
        return self._open[key]

    def close(self, model: str | None = None) -> None:
        """Close the networks of a model, by its id, or all."""
        for key in [key for key, opened in self._open.items() if model in (None, opened.card.id)]:
            self._open.pop(key).close()


def models(_task: TaskContext, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cards of the installed models, and the packages that cannot be used."""
    return model_operations.list_all()


def describe(_task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card of one model."""
    return model_operations.describe(_field(inputs, "model", str))


def inspect(task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a folder, an archive, a file or an address holds, without installing it."""
    return model_operations.inspect(_field(inputs, "source", str), task.progress)


def add(task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Install a package or a bare network; what may be replaced is closed first, as for `remove`."""
    replace = _field(inputs, "replace", bool, False)
    if replace:
        task.models.close()
    return model_operations.add(
        _field(inputs, "source", str),
        task.progress,
        answers=_optional(inputs, "answers", dict),
        allow_code=_optional(inputs, "allow_code", str),
        replace=replace,
    )


def remove(task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Delete an installed model; its network is closed first, because Windows keeps what is open."""
    model = _field(inputs, "model", str)
    task.models.close(model)
    return model_operations.remove(model)


def test(_task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Run a model on its own test tensors."""
    return model_operations.test(_field(inputs, "model", str), _field(inputs, "device", str, "auto"))


def segment(task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Segment an image and return labels, outlines and table, in the segment that the plugin grants."""
    card = find_model(_field(inputs, "model", str))
    if card.task != "segment":
        raise SettingError(f"model {card.id!r} is made to {card.task}", remedy="choose a model that segments")
    maps = _field(inputs, "maps", bool, False)
    save = _save_place(inputs)
    if save:
        results.check_folder(*save, results.suffixes(card, maps=maps))
    prediction = predict(*_request(task, inputs, card), maps=maps, **_options(task, inputs))
    return _hand_over(task, prediction, _field(inputs, "outlines", bool, True)) | _save(prediction, save)


def run(task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Run a network of any task and return its outputs as they are."""
    card = find_model(_field(inputs, "model", str))
    save = _save_place(inputs)
    if save:
        results.check_folder(*save, results.suffixes(card, objects=False, maps=True))
    prediction = predict_maps(*_request(task, inputs, card), **_options(task, inputs))
    return _hand_over_maps(task, prediction) | _save(prediction, save)


def denoise(task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Denoise an image and return what was asked for: the result, and what was removed."""
    card = find_model(_field(inputs, "model", str))
    outputs, kind = _outputs(inputs, "denoise"), _field(inputs, "type", str, "32-bit")
    translation.check_request(card, "denoise", outputs, kind)
    save = _checked_place(inputs, outputs)
    image, model = _request(task, inputs, card)
    prediction = translation.denoise(image, model, _asked(task, inputs), outputs=outputs, kind=kind)
    return _hand_over_maps(task, prediction) | _save(prediction, save)


def stain(task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Predict the channels of a stain, on their own or appended to the image."""
    card = find_model(_field(inputs, "model", str))
    outputs = _outputs(inputs, "stain")
    translation.check_request(card, "stain", outputs)
    save = _checked_place(inputs, outputs)
    image, model = _request(task, inputs, card)
    prediction = translation.stain(image, model, _asked(task, inputs), outputs=outputs)
    return _hand_over_maps(task, prediction) | _save(prediction, save)


def train_denoiser(task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Train a denoiser on an image or on files, and install it; see `drua.training_operations`."""
    image = _optional(inputs, "image", dict)
    region = _region(inputs)
    given = None if image is None else image_from(image, task.segments)
    if given is not None and region is not None:
        given = given.with_pixels(region.of(given.pixels), given.axes)
    replace, resume = (_field(inputs, name, bool, False) for name in ("replace", "resume"))
    if replace or resume:
        task.models.close()
    return training_operations.train_denoiser(
        training_operations.Request(
            given,
            _field(inputs, "source", str, ""),
            [_text(path, "images") for path in _field(inputs, "images", list, [])],
            _optional(inputs, "clean", str),
            _field(inputs, "output", str),
            _field(inputs, "axes", str, "YX"),
            float(str(_field(inputs, "minutes", (int, float), 5.0))),
            _field(inputs, "channel", (int, str), 0),
            _field(inputs, "structure", str, "auto"),
            _field(inputs, "device", str, "auto"),
            resume,
            replace,
            _field(inputs, "install", bool, True),
        ),
        task,
    )


def check(task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return which Python, libraries and devices there are, which of them work, and how fast."""
    report = report_of(_field(inputs, "benchmark", bool, True), task.progress)
    return {"report": report | {"model_loads": task.models.loads}, "text": text_of(report)}


OPERATIONS: dict[str, Callable[[Any, Mapping[str, Any]], dict[str, Any]]] = {
    "models": models,
    "describe": describe,
    "inspect": inspect,
    "add": add,
    "remove": remove,
    "test": test,
    "segment": segment,
    "run": run,
    "denoise": denoise,
    "stain": stain,
    "train_denoiser": train_denoiser,
    "check": check,
}


def image_from(message: Mapping[str, Any], segments: Segments) -> Image:
    """Return the image that a message describes, on the mapped memory."""
    pixels, axes = segments.view(dict(message)), _field(message, "axes", str)
    names = [str(name) for name in _field(message, "channel_names", list, [])]
    if message["dtype"] == "argb32":
        # One int32 a pixel is B, G, R, A in memory on every machine that Java runs on today.
        pixels = pixels.view(np.uint8).reshape(*pixels.shape, 4)[..., 2::-1]
        axes, names = f"{axes}C", ["Red", "Green", "Blue"]
    return Image(
        pixels,
        axes,
        _numbers(message, "pixel_size"),
        _field(message, "unit", str, "").strip() or "pixel",  # ImageJ has a blank where a TIFF names none
        _field(message, "time_unit", str, "") or "sec",
        _numbers(message, "origin"),
        tuple(names) or None,
    )


def report_of(benchmark: bool, progress: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Return the facts of `check` as JSON values."""
    names = backends.all_devices()
    cards = list_models()
    tried = []
    for number, device in enumerate(names):
        progress("devices", number, len(names))
        tried.append(_try_device(device, cards, benchmark))
    return {
        "python": sys.executable,
        "python_version": interpreter.python_version(),
        "system": interpreter.platform(),
        "versions": {
            **{name: version(name) for name in ("drua", "numpy", "scikit-image", "tifffile")},
            **backends.versions(),
        },
        "devices": tried,
        "models": [card.id for card in cards],
    }


def text_of(report: Mapping[str, Any]) -> str:
    """Return a report of `report_of` as text that a user can read and copy."""
    lines = [
        f"Python     {report['python_version']}  {report['python']}",
        f"System     {report['system']}",
        f"Versions   {', '.join(f'{name} {number}' for name, number in report['versions'].items())}",
        f"Models     {', '.join(report['models']) or 'none'}",
    ]
    return "\n".join(lines + [f"Device     {_device_text(device)}" for device in report["devices"]])


def _device_text(device: Mapping[str, Any]) -> str:
    if device["error"]:
        return f"{device['device']}: does not work: {device['error']}"
    speed = device["megapixels_per_second"]
    return f"{device['device']}: works ({device['provider']})" + (f", {speed} megapixels/s" if speed else "")


def _try_device(device: str, cards: list[ModelCard], benchmark: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {"device": device, "provider": None, "megapixels_per_second": None, "error": None}
    tried = next(filter(_takes_a_trial, cards), None)
    if tried is None:
        return facts | {"error": "no model is installed that could be tried on it"}
    try:
        backend = open_backend(tried, device)
        facts["provider"] = backend.provider
        facts["megapixels_per_second"] = _speed(backend, BENCHMARK_SECONDS if benchmark else 0.0)
        backend.close()
    except DruaError as error:
        return facts | {"error": str(error)}
    return facts


def _takes_a_trial(card: ModelCard) -> bool:
    """Return whether a network takes one plane of one channel, with the sides of a trial."""
    tensor = card.input
    return (
        len(card.inputs) == 1
        and (tensor.axes, len(tensor.channels)) == ("BCYX", 1)
        and all(letter in tensor.least and tensor.allows(letter, BENCHMARK_SIDE) for letter in "YX")
    )


def _speed(backend: backends.Backend, seconds: float) -> float | None:
    """Return the megapixels a second of a forward pass; one pass shows that it works, also without timing."""
    tile = np.zeros((1, 1, BENCHMARK_SIDE, BENCHMARK_SIDE), np.float32)
    backend.run([tile])
    passes, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        backend.run([tile])
        passes += 1
    if not passes:
        return None
    return round(passes * tile.size / (time.perf_counter() - started) / 1e6, 2)


def _request(task: TaskContext, inputs: Mapping[str, Any], card: ModelCard) -> tuple[Image, Model]:
    image = image_from(_field(inputs, "image", dict), task.segments)
    return image, task.models.get(card, _field(inputs, "device", str, "auto"))


def _options(task: TaskContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    others = _field(inputs, "inputs", dict, {})
    return {
        "settings": _field(inputs, "settings", dict, {}),
        "channel": _field(inputs, "channel", (int, str), 0),
        "inputs": {name: image_from(_field(others, name, dict), task.segments) for name in others},
        "region": _region(inputs),
        "source": _field(inputs, "source", str, ""),
        "progress": task.progress,
    }


def _asked(task: TaskContext, inputs: Mapping[str, Any]) -> translation.Request:
    shown = _optional(inputs, "display", dict)
    return translation.Request(
        **_options(task, inputs),
        display=None if shown is None else Display.from_message(shown),
        captions=Captions.from_message(_field(inputs, "captions", dict, {})),
    )


def _outputs(inputs: Mapping[str, Any], task: str) -> list[str]:
    """Return the outputs that are asked for, or the first that the task has."""
    outputs = _field(inputs, "outputs", list, [])
    return [str(output) for output in outputs] or [translation.OUTPUTS[task][0]]


def _checked_place(inputs: Mapping[str, Any], outputs: Sequence[str]) -> tuple[Path, str] | None:
    save = _save_place(inputs)
    if save:
        results.check_folder(*save, results.suffixes_of(outputs))
    return save


def _hand_over(task: TaskContext, prediction: Prediction, with_outlines: bool) -> dict[str, Any]:
    image, outlines, table = prediction.image, prediction.outlines, prediction.table
    if outlines is None or table is None:
        raise ProtocolError("the model's result is no label image")
    traced = outlines.arrays if with_outlines else {}
    arrays = [labels.to_imagej(image.pixels), table.rows, *traced.values()]
    last = len(arrays)
    arrays += [each.pixels for each in prediction.maps.values()]
    references = task.segments.write(task.need(bytes_needed(arrays)), arrays)
    return {
        "labels": references[0] | _calibration(image),
        "maps": _described(prediction, references[last:]),
        "table": {"columns": list(table.columns), "rows": references[1]},
        "outlines": dict(zip(traced, references[2:last], strict=True)) or None,
        "count": prediction.count,
        "run": prediction.run,
    }


def _hand_over_maps(task: TaskContext, prediction: Prediction) -> dict[str, Any]:
    arrays = [each.pixels for each in prediction.maps.values()]
    references = task.segments.write(task.need(bytes_needed(arrays)), arrays)
    return {"maps": _described(prediction, references), "run": prediction.run}


def _described(prediction: Prediction, references: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        name: reference | _calibration(image) | _displayed(prediction, name)
        for (name, image), reference in zip(prediction.maps.items(), references, strict=True)
    }


def _displayed(prediction: Prediction, name: str) -> dict[str, Any]:
    shown, written = prediction.displays.get(name), prediction.captions.get(name)
    return {
        "display": shown.to_message() if shown else None,
        "captions": written.to_message() if written else None,
    }


def _calibration(image: Image) -> dict[str, Any]:
    return {
        "axes": image.axes,
        "pixel_size": dict(image.pixel_size),
        "unit": image.unit,
        "time_unit": image.time_unit,
        "origin": dict(image.origin),
        "channel_names": list(image.channel_names) if image.channel_names else None,
    }


def _save(prediction: Prediction, place: tuple[Path, str] | None) -> dict[str, Any]:
    """Write the files; an error is handed over beside the finished result, which it must not cost."""
    if not place:
        return {"files": [], "save_error": None}
    try:
        files = results.save(prediction, *place)
    except (DruaError, OSError) as error:
        problem = (
            error if isinstance(error, DruaError) else OutputError(f"the files cannot be written: {error}")
        )
        return {"files": [], "save_error": failure(None, problem).error}
    return {"files": [str(path) for path in files], "save_error": None}


def _save_place(inputs: Mapping[str, Any]) -> tuple[Path, str] | None:
    save = _field(inputs, "save", dict, {})
    return (Path(_field(save, "folder", str)), _field(save, "stem", str)) if save else None


def _region(inputs: Mapping[str, Any]) -> Region | None:
    region = _field(inputs, "region", dict, {})
    return Region(*(_field(region, name, int) for name in ("x", "y", "width", "height"))) if region else None


def _numbers(message: Mapping[str, Any], name: str) -> dict[str, float]:
    """Return an object of numbers, which JSON does not tell from whole ones."""
    numbers = _field(message, name, dict, {})
    # By way of text: float() of a whole number that is too large is an exception, its text is infinity.
    return {letter: float(str(_field(numbers, letter, (int, float)))) for letter in numbers}


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ProtocolError(f"{name} holds {value!r:.80}, but texts are expected")
    return value


def _optional(inputs: Mapping[str, Any], name: str, kind: type) -> Any:
    """Return a value of a type, or None where there is none."""
    return None if inputs.get(name) is None else _field(inputs, name, kind)


def _field(inputs: Mapping[str, Any], name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
    """Return a value of a type; null and nothing stand for the default, if there is one."""
    value = inputs.get(name)
    if value is None and default is not None:
        return default
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if type(value) not in kinds:  # True is an int to isinstance
        expected = " or ".join(each.__name__ for each in kinds)
        raise ProtocolError(f"{name} is {value!r:.80}, but {expected} is expected")
    return value
