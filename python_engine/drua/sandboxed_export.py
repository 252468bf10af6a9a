"""The child process of `drua.conversion`: builds a network from a package's own source, and exports it.

It is a script, run by itself in a folder of its own, and imports nothing of Drua. Before the foreign code
runs, it gives up what it does not need: the network and programs, as far as the system lets it, memory,
time, and, through Python's audit hooks, whatever a network has no use for. The hooks are a fence, not a wall:
they see what Python does and not what a library does by itself. The walls are the system's: a network
namespace without a network, and Landlock, which forbids to write outside of the folder and to start programs.

    python -I -B sandboxed_export.py request.json answer.json
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

NO_SUBJECT = (
    "socket.",
    "subprocess.",
    "ctypes.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "os.kill",
    "os.link",
    "os.symlink",
    "pty.",
    "resource.setrlimit",
    "signal.pthread_kill",
    "winreg.",
    "_winapi.",
)
"""Audit events that no network needs, by how they begin."""

CHANGING = (
    "os.chmod",
    "os.chown",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.truncate",
    "os.utime",
)
"""Audit events that change files; their first one or two values are paths."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
OPSET = 17
SEED = 0
GROWTH = (1, 2, 4, 8, 16, 32)
"""Steps by which sides are made larger until the network takes them: cards often allow more than it does."""


class RefusedError(PermissionError):
    """The code of the package did what a network has no need for."""


def main(request: Path, answer: Path) -> None:
    """Do what a request file says, and write an answer file."""
    asked = json.loads(request.read_text(encoding="utf-8"))
    folder = Path.cwd().resolve()
    walls = shut_in(folder)
    told: dict[str, Any] = {"walls": walls, "refused": [], "error": None}
    import torch  # before the limit of memory, which starts from here
    import torch.onnx

    torch.manual_seed(SEED)
    limit(asked["bytes"], asked["seconds"])
    sys.addaudithook(_fence(folder, told["refused"]))
    try:
        export(asked)
    except BaseException as error:  # what a stranger's code may raise
        told["error"] = f"{type(error).__name__}: {error}"[:2000]
    answer.write_text(json.dumps(told), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # no exit handlers of the package


def shut_in(folder: Path) -> list[str]:
    """Give up network and files for good; return which of the two the system has taken away."""
    if not sys.platform.startswith("linux"):
        return []
    system = ctypes.CDLL(None, use_errno=True)
    new_user, new_network, death_signal, no_new_privileges = 0x10000000, 0x40000000, 1, 38
    system.prctl(death_signal, 9, 0, 0, 0)
    walls = []
    if system.unshare(new_user | new_network) == 0 or system.unshare(new_network) == 0:
        walls.append("network")
    system.prctl(no_new_privileges, 1, 0, 0, 0)
    if _landlock(system, folder):
        walls.append("files")
    return walls


def _landlock(system: Any, folder: Path) -> bool:
    """Forbid this process to change files outside of a folder, and to execute any (Linux 5.13 and newer)."""
    create, add, restrict, version_flag, beneath = 444, 445, 446, 1, 1
    version = system.syscall(create, None, 0, version_flag)
    if version < 1:
        return False
    execute, read_file, read_folder, refer, truncate = 1 << 0, 1 << 2, 1 << 3, 1 << 13, 1 << 14
    handled = ((1 << 13) - 1) & ~(read_file | read_folder)
    handled |= (refer if version >= 2 else 0) | (truncate if version >= 3 else 0)

    class Ruleset(ctypes.Structure):
        _fields_ = (("files", ctypes.c_uint64),)

    class Beneath(ctypes.Structure):
        _pack_ = 1
        _layout_ = "ms"
        _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))

    rules = Ruleset(handled)
    ruleset = system.syscall(create, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    if ruleset < 0:
        return False
    parent = os.open(folder, os.O_RDONLY)
    rule = Beneath(handled & ~execute, parent)
    done = system.syscall(add, ruleset, beneath, ctypes.byref(rule), 0) == 0
    done = done and system.syscall(restrict, ruleset, 0) == 0
    os.close(parent)
    os.close(ruleset)
    return bool(done)


def limit(memory: int, seconds: int) -> None:
    """Limit what this process may still use: bytes of memory beside those it has, seconds of all CPUs."""
    try:
        import resource
    except ImportError:  # Windows: the time on the clock is what the parent watches
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory, memory))
    if sys.platform.startswith("linux"):  # macOS knows no such limit
        has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (has + memory, has + memory))


def _fence(folder: Path, refused: list[str]) -> Callable[[str, tuple[Any, ...]], None]:
    """Return an audit hook that refuses what no network needs, and notes it."""

    def outside(path: Any) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False  # a descriptor: what it stands for was looked at when it was opened
        found = os.path.realpath(os.fsdecode(path))
        return found != os.devnull and os.path.commonpath([found, folder]) != str(folder)

    def refuse(what: str) -> None:
        if what not in refused:
            refused.append(what[:200])
        raise RefusedError(f"a network has no need for this: {what}")

    def hook(event: str, values: tuple[Any, ...]) -> None:
        if event.startswith(NO_SUBJECT):
            refuse(event)
        elif event == "open" and _writes(values) and outside(values[0]):
            refuse(f"write {os.fsdecode(values[0])}")
        elif event.startswith(CHANGING) and any(outside(value) for value in values[:2]):
            refuse(f"{event} {values[0]}")

    return hook


def _writes(values: tuple[Any, ...]) -> bool:
    _, mode, flags = values
    return bool(set(mode) & set("wax+")) if isinstance(mode, str) else bool((flags or 0) & WRITING)


def export(asked: Mapping[str, Any]) -> None:
    """Build the network, load its tensors, and write it as ONNX, with a probe at sides of another size."""
    import torch

    network = _class(asked["source"], asked["callable"])(**asked["kwargs"])
    network.load_state_dict(_tensors(asked["weights"]), strict=asked["strict"])
    network.eval()
    inputs, outputs = asked["inputs"], asked["outputs"]
    example = tuple(torch.randn(*each["shape"]) for each in inputs)
    with torch.inference_mode():
        _probe(network, asked)
    with torch.no_grad():
        torch.onnx.export(
            network,
            example,
            asked["target"],
            input_names=[each["name"] for each in inputs],
            output_names=[each["name"] for each in outputs],
            dynamic_axes={
                each["name"]: {int(at): name for at, name in each["free"].items()}
                for each in inputs + outputs
            },
            opset_version=OPSET,
            dynamo=False,
        )


def _probe(network: Any, asked: Mapping[str, Any]) -> None:
    """Write what the network gives for larger sides than those of the example, if its sides are free."""
    import numpy
    import torch

    inputs, failure = asked["inputs"], None
    for steps in GROWTH:
        shapes = [[side + steps * more for side, more in zip(each["shape"], each["step"])] for each in inputs]  # noqa: B905
        given = [torch.randn(*shape) for shape in shapes]
        try:
            outputs = network(*given)
        except RuntimeError as error:
            failure = error
            continue
        listed = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        if len(listed) != len(asked["outputs"]):
            raise ValueError(f"the network has {len(listed)} outputs, its card {len(asked['outputs'])}")
        for name, tensors in (("given", given), ("got", listed)):
            for number, tensor in enumerate(tensors):
                numpy.save(f"{name}_{number}.npy", tensor.numpy())
        return
    raise RuntimeError(f"the network takes no larger sides than those of its test input: {failure}")


def _class(source: str, name: str) -> Any:
    spec = importlib.util.spec_from_file_location("architecture", source)
    if spec is None or spec.loader is None:
        raise ImportError(f"{source} is no Python source")
    module = importlib.util.module_from_spec(spec)
    sys.modules["architecture"] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


def _tensors(path: str) -> Any:
    import torch

    if path.endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
