"""Conversion: a package whose weights need its own Python source becomes one with ONNX weights, once.

A person has seen the source and confirms its SHA-256. It then runs in a process of its own, which is shut in
(see `sandboxed_export`) and only builds the network, loads its tensors and exports it. Nothing of it is
imported here, and what it has made is believed only after it has reproduced the package's test tensors.

Work on a package that nobody uses yet, such as one that is about to be installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from drua import platform, sandboxed_export
from drua.backends import onnx, pytorch
from drua.errors import (
    BackendMissingError,
    CardError,
    HashError,
    UntrustedModelError,
    WeightsMissingError,
    one_line,
)
from drua.models.card import Weights
from drua.models.description import description_file, load_model
from drua.selftest import TOLERANCE, apart, reproduce

Progress = Callable[[str, int, int], None]

NETWORK = "weights.onnx"
ANSWER = "answer.json"
LOG = "log.txt"
LARGEST_ANSWER = 2**20
LARGEST_NETWORK = 2**31
"""Bytes; the format of ONNX files ends there."""
SECONDS_BETWEEN_LOOKS = 0.1
WALLS = {
    "network": "this system cannot take the network away from a program; only Python's own ways were refused",
    "files": "this system cannot forbid a program to write files; only Python's own ways were refused",
}
"""What the child tells that the system does, and what is to be said where it does not."""


@dataclass(frozen=True)
class Limits:
    """What the code of a package may use: seconds on the clock, bytes beside those that torch has."""

    seconds: int = 600
    memory: int = 8 * 2**30


@dataclass(frozen=True)
class Conversion:
    """What a conversion found: the largest difference from the test tensors, and what people should know."""

    difference: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Tensor:
    """An input or output as the child needs it: sides of the test tensor, what they grow by, free axes."""

    name: str
    shape: list[int]
    step: list[int]
    free: dict[int, str]


def convert(
    folder: Path, confirmed_sha256: str, progress: Progress, limits: Limits | None = None
) -> Conversion:
    """Add ONNX weights to a package whose state dict needs the package's Python source.

    Parameters
    ----------
    folder : Path
        The package; only the description changes, and the weights are added.
    confirmed_sha256 : str
        SHA-256 of the source, as the person has confirmed it.
    progress : callable
        Called with what is done and the seconds it has taken; may raise Cancelled.
    limits : Limits, optional
        What the code may use.

    Raises
    ------
    UntrustedModelError
        If another source was confirmed, or it does what a network has no need for.
    HashError
        If source or weights are not those of the description.
    CardError
        If the package is invalid or has nothing to convert, the code fails or needs too much, or the result
        differs from the test tensors.
    BackendMissingError
        If torch or onnx is not installed, or torch too old to be safe.
    """
    pytorch.require()
    if find_spec("onnx") is None:
        raise BackendMissingError(
            "the Python package onnx is not installed, and torch needs it to export a network",
            remedy="pip install 'drua[torch]'",
        )
    card = description_file(folder)
    if card is None:
        raise CardError(f"{folder} holds no package", remedy="give a folder with a bioimage.io package")
    model = load_model(card)
    described = model.model_dump(mode="json", exclude_none=True)
    weights = described["weights"].get("pytorch_state_dict")
    if weights is None or "source" not in weights["architecture"]:
        raise CardError(f"{folder} has no state dict with a Python source that could be converted")
    architecture = weights["architecture"]
    source = _bytes(folder, architecture["source"], architecture.get("sha256"))
    confirmed = hashlib.sha256(source).hexdigest()
    if confirmed != confirmed_sha256:
        raise UntrustedModelError(
            f"{architecture['source']} has the SHA-256 {confirmed[:12]}..., but"
            f" {confirmed_sha256[:12] or 'nothing'}... was confirmed",
            remedy="look at the file again before you confirm it",
        )
    with tempfile.TemporaryDirectory(prefix="drua-conversion-") as place:
        inside = Path(place) / "inside"
        inside.mkdir(mode=0o700)
        (inside / "architecture.py").write_bytes(source)
        name = f"weights{Path(weights['source']).suffix}"
        (inside / name).write_bytes(_bytes(folder, weights["source"], weights.get("sha256")))
        inputs, outputs = _tensors(model, folder)
        request = {
            "source": "architecture.py",
            "callable": architecture["callable"],
            "kwargs": architecture.get("kwargs") or {},
            "weights": name,
            "strict": weights.get("strict", True),
            "inputs": [vars(each) for each in inputs],
            "outputs": [vars(each) for each in outputs],
            "target": NETWORK,
        }
        answer = _export(inside, request, limits or Limits(), progress)
        progress("checking", 0, 0)
        _check_probe(inside, len(inputs), len(outputs))
        difference = _install(model, card, _plain(inside / NETWORK), Path(place) / "package")
    notes = tuple(note for wall, note in WALLS.items() if wall not in answer["walls"])
    return Conversion(difference, notes)


def _bytes(folder: Path, name: str, sha256: str | None) -> bytes:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UntrustedModelError(f"{name} does not lie in the package {folder}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsMissingError(
            f"{path} cannot be read: {one_line(error)}", remedy="install the model again"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        raise HashError(
            f"{path} has the SHA-256 {found[:12]}..., but the card says {sha256[:12]}...",
            remedy="install the model again",
        )
    return content


def _tensors(model: Any, folder: Path) -> tuple[list[_Tensor], list[_Tensor]]:
    """Return the inputs at the sides of their test tensors, and the outputs."""
    sides, rules = {}, {}
    for tensor in model.inputs:
        for axis, side in zip(tensor.axes, _test_shape(tensor, folder), strict=True):
            sides[tensor.id, axis.id] = side
            if step := int(getattr(axis.size, "step", 0) or 0):
                rules[tensor.id, axis.id] = (side - int(axis.size.min)) // step
    now, larger = (
        model.get_axis_sizes({key: n + more for key, n in rules.items()}, batch_size=1) for more in (0, 1)
    )
    inputs = [
        _Tensor(
            str(tensor.id),
            [sides[tensor.id, axis.id] for axis in tensor.axes],
            [larger.inputs[tensor.id, axis.id] - now.inputs[tensor.id, axis.id] for axis in tensor.axes],
            _free(tensor, now.inputs, larger.inputs),
        )
        for tensor in model.inputs
    ]
    outputs = [
        _Tensor(str(tensor.id), [], [], _free(tensor, now.outputs, larger.outputs))
        for tensor in model.outputs
    ]
    return inputs, outputs


def _test_shape(tensor: Any, folder: Path) -> tuple[int, ...]:
    if tensor.test_tensor is None:
        raise CardError(f"tensor {tensor.id!r} has no test tensor, and no conversion is believed without one")
    path = folder / str(tensor.test_tensor.model_dump(mode="json")["source"])
    try:
        return tuple(np.load(path, mmap_mode="r", allow_pickle=False).shape)
    except (OSError, ValueError) as error:
        raise CardError(f"the test tensor {path} cannot be read: {one_line(error)}") from error


def _free(tensor: Any, now: Mapping[Any, Any], larger: Mapping[Any, Any]) -> dict[int, str]:
    """Return the axes whose sides are not fixed: the batch, and those that grow with the input."""
    return {
        number: f"{tensor.id}_{axis.id}"
        for number, axis in enumerate(tensor.axes)
        if axis.type == "batch" or now[tensor.id, axis.id] != larger[tensor.id, axis.id]
    }


def _export(inside: Path, request: dict[str, Any], limits: Limits, progress: Progress) -> dict[str, Any]:
    """Run the child and return its answer."""
    allowed = {"bytes": limits.memory, "seconds": limits.seconds * (os.cpu_count() or 1)}
    (inside / "request.json").write_text(json.dumps(request | allowed), encoding="utf-8")
    script = Path(sandboxed_export.__file__)
    command = [sys.executable, "-I", "-B", str(script), "request.json", ANSWER]
    with (inside / LOG).open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - the one place where foreign code runs; see the module
            command,
            cwd=inside,
            env=_environment(inside),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=platform.own_group(),
        )
        try:
            _wait(child, limits, progress)
        finally:
            platform.end_tree(child.pid)
            child.wait()
    return _answer(inside, child.returncode)


def _environment(inside: Path) -> dict[str, str]:
    """Return an environment that says nothing of the user."""
    own = {name: str(inside) for name in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP")}
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    return own | kept | {"USER": "nobody", "LANG": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}


def _wait(child: subprocess.Popen[bytes], limits: Limits, progress: Progress) -> None:
    started = time.monotonic()
    while child.poll() is None:
        seconds = time.monotonic() - started
        if seconds > limits.seconds:
            raise CardError(
                f"the code of the package ran for more than {limits.seconds} s and was ended",
                remedy="ask the author for ONNX weights",
            )
        progress("converting (seconds)", int(seconds), limits.seconds)
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _answer(inside: Path, code: int) -> dict[str, Any]:
    """Return the answer of the child if it has done its work; all of it may be a stranger's."""
    try:
        answer = json.loads(_plain(inside / ANSWER, LARGEST_ANSWER))
        refused, error = [str(each) for each in answer["refused"]], answer["error"]
        walls = [str(each) for each in answer["walls"]]
    except (CardError, ValueError, KeyError, TypeError) as problem:
        raise CardError(
            f"the code of the package ended its process (exit code {code}): {_last_words(inside)}",
            remedy="ask the author for ONNX weights",
        ) from problem
    if refused:
        raise UntrustedModelError(
            f"the code of the package tried what a network has no need for: {', '.join(refused):.1000}",
            remedy="do not use this model; tell whoever offers it",
        )
    if error is not None:
        raise CardError(
            f"the code of the package cannot be converted: {error!s:.800}",
            remedy="ask the author for ONNX weights",
        )
    return {"walls": walls}


def _last_words(inside: Path) -> str:
    try:
        return (
            " ".join(_plain(inside / LOG, LARGEST_ANSWER).decode("utf-8", "replace").split())[-500:]
            or "it said nothing"
        )
    except CardError:
        return "it said too much"


def _plain(path: Path, most: int = LARGEST_NETWORK) -> bytes:
    """Return the content of a file that the child has made: no link, no device, not too large."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            raise CardError(f"the code of the package has left no usable {path.name}")
        return path.read_bytes()
    except OSError as error:
        raise CardError(f"the code of the package has left no {path.name}: {one_line(error)}") from error


def _check_probe(inside: Path, inputs: int, outputs: int) -> None:
    """Compare the export with the network at sides that it was not exported with."""
    given, got = (
        [_array(inside / f"{name}_{number}.npy") for number in range(count)]
        for name, count in (("given", inputs), ("got", outputs))
    )
    backend = onnx.open_session(Weights("onnx", inside / NETWORK, None), "cpu")
    try:
        found = backend.run(given)
    except Exception as error:  # ONNX Runtime has no common class for what goes wrong in a network
        raise CardError(f"the exported network fails at other sides: {one_line(error):.500}") from error
    finally:
        backend.close()
    for one, other in zip(found, got, strict=True):
        if one.shape != other.shape or not (apart(one, other) <= TOLERANCE).all():
            raise CardError("the exported network gives other pixels than the network at other sides")


def _array(path: Path) -> Any:
    _plain(path)
    try:
        return np.load(path, allow_pickle=False)
    except ValueError as error:
        raise CardError(f"the code of the package has left no usable {path.name}") from error


def _install(model: Any, card: Path, network: bytes, trial: Path) -> float:
    """Try the weights in a copy of the package, then add them to it; return the difference."""
    folder = card.parent
    shutil.copytree(folder, trial)
    (trial / NETWORK).write_bytes(network)
    _describe(model, trial / card.name)
    outcome = reproduce(str(trial), "cpu")
    if not outcome["passed"]:
        raise CardError(
            f"the converted network differs from the test tensor by {outcome['difference']:.2g},"
            f" but {outcome['tolerance']:g} is allowed",
            remedy="ask the author for ONNX weights",
        )
    for name in (NETWORK, card.name):  # the description last: it names the other
        temporary = folder / f"{name}.new"
        shutil.copyfile(trial / name, temporary)
        temporary.replace(folder / name)
    return float(outcome["difference"])


def _describe(model: Any, card: Path) -> None:
    """Write a description with the ONNX weights that lie beside it."""
    from bioimageio.spec import ValidationContext, save_bioimageio_yaml_only
    from bioimageio.spec.model.v0_5 import OnnxWeightsDescr, Sha256

    with ValidationContext(root=card.parent, perform_io_checks=False, log_warnings=False):
        model.weights.onnx = OnnxWeightsDescr(
            source=Path(NETWORK),
            sha256=Sha256(hashlib.sha256((card.parent / NETWORK).read_bytes()).hexdigest()),
            opset_version=sandboxed_export.OPSET,
            parent="pytorch_state_dict",
        )
        save_bioimageio_yaml_only(model, card)
