"""ImageJ and Fiji in this Python process, with the engine in the same process.

The only importer of imagej, scyjava and jpype. The plugin finds the engine through its Java interface
``HostedEngine`` and speaks the same protocol with it as with a worker; only the carrier of the lines differs.
How to use it is told in docs/python.md.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from drua import arrays, embedded_fiji
from drua.arrays import DEFAULT_DENOISER, DEFAULT_MODEL, Denoised, NetworkRun, Request, Segmentation, Stained
from drua.embedded_fiji import java
from drua.errors import (
    AxesError,
    BridgeError,
    Cancelled,
    DeviceError,
    ImageError,
    RequestError,
    SettingError,
)
from drua.measure import Table
from drua.pipeline import Model
from drua.progress import Progress
from drua.selection import Choice

MODES = ("headless", "interactive")
ROUTES = ("inprocess", "worker")

Result = TypeVar("Result")


class MacroError(RequestError):
    """A macro that did not reach its end; `told` if the plugin has already written why to stderr."""

    def __init__(self, message: str, *, remedy: str = "", code: str = "REQUEST", told: bool = False) -> None:
        super().__init__(message, remedy=remedy)
        self.code = code
        self.told = told


@dataclass(frozen=True)
class Gateway:
    """The ImageJ of this process.

    Parameters
    ----------
    folder : Path, optional
        The Fiji or ImageJ2 it comes from; None for plain ImageJ.
    mode : str
        'headless' or 'interactive'.
    ij : net.imagej.ImageJ, optional
        pyimagej's gateway; None for plain ImageJ, and where somebody else started the JVM.
    """

    folder: Path | None
    mode: str
    ij: Any = field(default=None, repr=False)

    def open(self, path: str | os.PathLike[str]) -> Any:
        """Return the image of a file as an ij.ImagePlus, without showing it; ImageError if it is none."""
        image = java("ij.IJ").openImage(os.fspath(path))
        if image is None:
            raise ImageError(f"{path} cannot be opened by ImageJ", remedy="check the path and the format")
        return image

    def run_macro(self, macro: str | os.PathLike[str], argument: str = "", route: str = "inprocess") -> None:
        """Run a macro file; returns when it has reached its end.

        Parameters
        ----------
        macro : path
            An ImageJ macro (.ijm).
        argument : str
            What the macro gets from getArgument().
        route : str
            'inprocess': the plugin uses this process as its engine; 'worker': it starts a worker.

        Raises
        ------
        MacroError
            If the macro stopped before its end, with code, message and remedy of the cause.
        Cancelled
            If somebody cancelled a command of Drua in it.
        """
        if not Path(macro).is_file():
            raise ImageError(f"{macro} is not a file", remedy="check the path of the macro")
        host_class = java("io.github.drua.command.MacroHost")
        with _engine(route):
            try:
                embedded_fiji.interruptible(
                    lambda: host_class.run(os.fspath(macro), argument), host_class.stop
                )
            except embedded_fiji.java_exception() as error:
                raise _macro_error(error, told=bool(host_class.wasTold())) from error

    def segment(self, image: Any, model: str = DEFAULT_MODEL, **options: Any) -> Segmentation:
        """Segment an image; see `drua.fiji.segment`."""
        return segment(self, image, model, **options)

    def denoise(self, image: Any, model: str = DEFAULT_DENOISER, **options: Any) -> Denoised:
        """Denoise an image; see `drua.fiji.denoise`."""
        return denoise(self, image, model, **options)

    def stain(self, image: Any, model: str, **options: Any) -> Stained:
        """Predict a stain; see `drua.fiji.stain`."""
        return stain(self, image, model, **options)

    def run(self, image: Any, model: str, **options: Any) -> NetworkRun:
        """Run a model on an image; see `drua.fiji.run`."""
        return run(self, image, model, **options)

    def show(self) -> None:
        """Open ImageJ's window; DeviceError in mode 'headless'."""
        if self.mode != "interactive":
            raise DeviceError("an ImageJ in mode 'headless' has no window", remedy="use mode='interactive'")
        if self.ij is not None:
            self.ij.ui().showUI()
        elif java("ij.IJ").getInstance() is None:
            java("ij.ImageJ")()


def start(folder: str | os.PathLike[str] | None = None, mode: str = "headless") -> Gateway:
    """Start ImageJ in this process, or return the one that is there; never uses the network for a folder.

    The plugin in it uses this process as its engine from now on, and Python leaves without waiting for
    ImageJ's threads.

    Parameters
    ----------
    folder : path, optional
        The folder of a Fiji or ImageJ2; without one it is plain ImageJ.
    mode : str
        'headless', or 'interactive' for an ImageJ that can open windows.

    Raises
    ------
    BackendMissingError
        If Python packages, Java or the plugin's jar are missing.
    BridgeError
        If this process has another ImageJ already: there can be only one.
    RequestError, BackendError
        If the folder is no Fiji, the mode is unknown, or there is no display for it.
    """
    if mode not in MODES:
        raise SettingError(f"mode is {mode!r}, but must be of {', '.join(MODES)}")
    return _PROCESS.start(None if folder is None else Path(folder).expanduser().resolve(), mode)


def host() -> None:
    """Make this process the engine of the ImageJ that runs in it, for its menus, macros and scripts, too.

    `start` and `segment` do so by themselves. In Fiji's Python mode a script calls it once.

    Raises
    ------
    BridgeError
        If no ImageJ runs in this process, or its plugin does not fit this engine.
    """
    _PROCESS.adopt()


def segment(
    ij: Any,
    image: Any,
    model: Model | str | os.PathLike[str] = DEFAULT_MODEL,
    *,
    axes: str | None = None,
    channel: Choice = 0,
    inputs: Mapping[str, Any] | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    **settings: Any,
) -> Segmentation:
    """Find the objects of an image, with the same result as `Drua Segment...` in ImageJ.

    Parameters
    ----------
    ij : Gateway or net.imagej.ImageJ
        What `start` or pyimagej's `init` returned; None will do for arrays, which need no Java.
    image : ij.ImagePlus, net.imagej.Dataset, xarray.DataArray or ndarray
        Only read. A selection of an ImagePlus restricts the work to its bounds; an xarray names its axes.
    model, channel, inputs, device, progress
        See `drua.arrays.Request`; only arrays can be segmented by an opened model.
    axes : str, optional
        The axes of an ndarray, letters of TCZYX, slowest first; may only be left out for two sides (YX).
    **settings
        The model's settings, such as mask_threshold=0.4.

    Returns
    -------
    Segmentation
        Its label image is of the kind of the image.

    Raises
    ------
    RequestError, ModelError, BackendError, BridgeError, Cancelled
        With code, message and remedy, also where Java raised it.
    """
    request = Request(model, settings, channel, device, progress, inputs or {})
    if arrays.is_array(image):
        return arrays.segment(image, axes, request)
    _check_kind(image, axes)
    if _is_a(image, "net.imagej.Dataset"):
        plus, request = _from_dataset(ij, image, request)
        done = _by_plugin(_segment_by_plugin, plus, request)
        return replace(done, labels=_to_dataset(ij, done.labels))
    return _by_plugin(_segment_by_plugin, image, request)


def denoise(
    ij: Any,
    image: Any,
    model: Model | str | os.PathLike[str] = DEFAULT_DENOISER,
    *,
    axes: str | None = None,
    type: str = "32-bit",
    difference: bool = False,
    report: bool = False,
    channel: Choice = 0,
    inputs: Mapping[str, Any] | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    **settings: Any,
) -> Denoised:
    """Remove noise from an image, with the same result as `Drua Denoise...` in ImageJ.

    Parameters
    ----------
    ij, image, model, axes, inputs, device, progress, **settings
        As of `segment`.
    channel : int or str
        As of `segment`; a model of one channel takes every chosen channel by itself, 0: all of them.
    type : str
        '32-bit', or 'input' for the type of the image: rounded, and limited to its range.
    difference : bool
        Whether to return what was removed, too: input minus result.
    report : bool
        Whether to say, in `run["report"]`, if only noise was removed.

    Returns
    -------
    Denoised
        Its images are of the kind of the image.

    Raises
    ------
    RequestError, ModelError, BackendError, BridgeError, Cancelled
        With code, message and remedy, also where Java raised it.
    """
    request = Request(model, settings, channel, device, progress, inputs or {})
    outputs = ("denoised", *(["difference"] if difference else []), *(["report"] if report else []))
    if arrays.is_array(image):
        made = arrays.denoise(image, axes, request, outputs, type)
    else:
        made = _translated("denoise", ij, image, axes, request, {"output": ",".join(outputs), "type": type})
    return Denoised(made.maps["denoised"], made.maps.get("difference"), made.run)


def stain(
    ij: Any,
    image: Any,
    model: Model | str | os.PathLike[str],
    *,
    axes: str | None = None,
    append: bool = False,
    channel: Choice = 0,
    inputs: Mapping[str, Any] | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    **settings: Any,
) -> Stained:
    """Predict the channels of a stain, with the same result as `Drua Virtual Stain...` in ImageJ.

    Parameters
    ----------
    ij, image, model, axes, channel, inputs, device, progress, **settings
        As of `segment`.
    append : bool
        Whether to return the channels of the image and the stain together, too.

    Returns
    -------
    Stained
        Its images are of the kind of the image.

    Raises
    ------
    RequestError, ModelError, BackendError, BridgeError, Cancelled
        With code, message and remedy, also where Java raised it.
    """
    request = Request(model, settings, channel, device, progress, inputs or {})
    outputs = ("stained", "appended") if append else ("stained",)
    if arrays.is_array(image):
        made = arrays.stain(image, axes, request, outputs)
    else:
        made = _translated("stain", ij, image, axes, request, {"output": ",".join(outputs)})
    return Stained(made.maps["stained"], made.maps.get("appended"), made.run)


def run(
    ij: Any,
    image: Any,
    model: Model | str | os.PathLike[str],
    *,
    axes: str | None = None,
    channel: Choice = 0,
    inputs: Mapping[str, Any] | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    **settings: Any,
) -> NetworkRun:
    """Run a network of any task and return what it gives, as `Drua Run Model...` in ImageJ.

    Parameters
    ----------
    ij, image, model, axes, channel, inputs, device, progress, **settings
        As of `segment`.

    Returns
    -------
    NetworkRun
        Its maps are of the kind of the image.

    Raises
    ------
    RequestError, ModelError, BackendError, BridgeError, Cancelled
        With code, message and remedy, also where Java raised it.
    """
    request = Request(model, settings, channel, device, progress, inputs or {})
    if arrays.is_array(image):
        return arrays.run(image, axes, request)
    return _maps_by_plugin(_run_by_plugin, ij, image, axes, request)


def run_macro(macro: Path, argument: str = "", fiji: Path | None = None, route: str = "inprocess") -> None:
    """Run a macro file in a headless ImageJ; see `start` and `Gateway.run_macro`."""
    if not macro.is_file():
        raise ImageError(f"{macro} is not a file", remedy="check the path of the macro")
    start(fiji).run_macro(macro, argument, route)


class _Process:
    """The one ImageJ that a process can have: the only state of this module."""

    def __init__(self) -> None:
        self.one_at_a_time = threading.Lock()
        """Held while a segmentation crosses: so does the engine work, and JPype 1.7.1 crashes now and then
        where several threads use a Java class for the first time."""
        self._lock = threading.RLock()
        self._gateway: Gateway | None = None
        self._adopted = False

    def start(self, folder: Path | None, mode: str) -> Gateway:
        """Return the gateway of the process; starts it if there is none."""
        with self._lock:
            if not embedded_fiji.jvm_started():
                self._gateway = self._welcome(Gateway(folder, mode, _start(folder, mode)))
            gateway = self.adopt()
            same_folder = folder == gateway.folder or (self._adopted and folder is None)
            if not same_folder or mode != gateway.mode:
                raise BridgeError(
                    f"this process runs {_told(gateway.folder, gateway.mode)} already,"
                    f" so that {_told(folder, mode)} cannot be started",
                    remedy="start it in another process",
                )
            return gateway

    def adopt(self) -> Gateway:
        """Return the gateway of the JVM that runs, whoever started it, and host its plugin's engine."""
        with self._lock:
            if self._gateway is None:
                if not embedded_fiji.jvm_started():
                    raise BridgeError("no ImageJ runs in this process", remedy="call drua.fiji.start() first")
                self._adopted = True
                folder, mode = embedded_fiji.current_folder(), embedded_fiji.current_mode()
                self._gateway = self._welcome(Gateway(folder, mode))
            engines = java("io.github.drua.engine.Engines")
            if str(engines.get().route()) != "inprocess":
                engines.host(embedded_fiji.hosted_engine())
            return self._gateway

    @staticmethod
    def _welcome(gateway: Gateway) -> Gateway:
        import scyjava

        scyjava.when_jvm_stops(embedded_fiji.leave)
        # Where somebody else started the JVM without scyjava; a second call does nothing.
        atexit.register(scyjava.shutdown_jvm)
        # Before all that others do at the end, such as pyimagej's dispose.
        atexit.register(embedded_fiji.close)
        embedded_fiji.check_plugin()
        return gateway


_PROCESS = _Process()


def _start(folder: Path | None, mode: str) -> Any:
    if folder is not None:
        return embedded_fiji.start_fiji(folder, mode)
    embedded_fiji.start_plain(mode)
    return None


def _told(folder: Path | None, mode: str) -> str:
    return f"{'plain ImageJ' if folder is None else folder} in mode {mode!r}"


@contextmanager
def _engine(route: str) -> Iterator[None]:
    """Let the plugin use this process, or a worker while the context lasts."""
    if route not in ROUTES:
        raise SettingError(f"route is {route!r}, but must be of {', '.join(ROUTES)}")
    if route == "inprocess":
        host()
        yield
        return
    java("io.github.drua.engine.Engines").unhost()
    try:
        yield
    finally:
        host()


def _check_kind(image: Any, axes: str | None) -> None:
    """Make sure that an image, which is no array, is one of ImageJ."""
    if axes is not None:
        raise SettingError(f"axes={axes!r} was given, but only an ndarray needs it", remedy="leave it out")
    if not (_is_a(image, "ij.ImagePlus") or _is_a(image, "net.imagej.Dataset")):
        raise ImageError(
            f"the image is of {type(image)}, but must be an ImagePlus, Dataset, xarray.DataArray or ndarray",
            remedy="convert it, for example with ij.py.to_dataset",
        )


def _from_dataset(ij: Any, dataset: Any, request: Request) -> tuple[Any, Request]:
    """Return a Dataset as an ImagePlus, and the request with its further images likewise."""
    others = {name: _to_image_plus(ij, each) for name, each in request.inputs.items()}
    return _to_image_plus(ij, dataset), replace(request, inputs=others)


def _to_image_plus(ij: Any, dataset: Any) -> Any:
    if not _is_a(dataset, "net.imagej.Dataset"):
        return dataset  # a further image, which is checked with the others
    gateway = _converter(ij)
    known = {"X", "Y", "Z", "Channel", "Time"}
    for number in range(dataset.numDimensions()):
        label = str(dataset.axis(number).type().getLabel())
        if label not in known:
            raise AxesError(
                f"the Dataset has an axis {label!r}, but only {', '.join(sorted(known))} can be segmented",
                remedy="choose one position of it first",
            )
    # Not by ij.py.to_dataset, which makes a Dataset without axes of an ImagePlus.
    return _converted(gateway, dataset, "ij.ImagePlus")


def _to_dataset(ij: Any, image: Any) -> Any:
    return _converted(_converter(ij), image, "net.imagej.Dataset")


def _converter(ij: Any) -> Any:
    gateway = ij.ij if isinstance(ij, Gateway) else ij
    if gateway is None:
        raise SettingError(
            "a Dataset needs the gateway that converts it", remedy="give what imagej.init or start returned"
        )
    return gateway


def _converted(gateway: Any, image: Any, name: str) -> Any:
    converted = gateway.convert().convert(image, java(name))
    if converted is None:
        raise ImageError(
            f"ImageJ cannot convert {image} to {name}", remedy="start ImageJ2 with imagej-legacy"
        )
    return converted


def _by_plugin(how: Callable[[Any, dict[str, str], Request], Result], image: Any, request: Request) -> Result:
    """Let the plugin work on an ij.ImagePlus, one at a time."""
    if isinstance(request.model, Model):
        raise SettingError(
            "an opened model was given, but the plugin's engine opens models itself", remedy="give its id"
        )
    for name, other in request.inputs.items():
        if not _is_a(other, "ij.ImagePlus"):
            raise ImageError(
                f"the image for {name!r} is of {type(other)}, but must be an ImagePlus as the first one",
                remedy="give images of one kind",
            )
    options = {name: _text(value) for name, value in request.settings.items()} | {
        "model": os.fspath(request.model),
        "channel": str(request.channel),
        "device": request.device,
    }
    _PROCESS.adopt()
    with _PROCESS.one_at_a_time:
        return how(image, options, request)


def _maps_by_plugin(
    how: Callable[[Any, dict[str, str], Request], NetworkRun],
    ij: Any,
    image: Any,
    axes: str | None,
    request: Request,
) -> NetworkRun:
    """Return the images that the plugin makes of one of ImageJ, of its kind."""
    _check_kind(image, axes)
    if _is_a(image, "net.imagej.Dataset"):
        plus, request = _from_dataset(ij, image, request)
        done = _by_plugin(how, plus, request)
        return replace(done, maps={name: _to_dataset(ij, each) for name, each in done.maps.items()})
    return _by_plugin(how, image, request)


def _translated(
    task: str, ij: Any, image: Any, axes: str | None, request: Request, options: Mapping[str, str]
) -> NetworkRun:
    """Denoise or stain an image of ImageJ by the plugin."""

    def how(plus: Any, common: dict[str, str], request: Request) -> NetworkRun:
        host = java("io.github.drua.command.RunHost")

        def translate(*arguments: Any) -> Any:
            return host.translate(task, *arguments)

        return _network_run(_told_of_errors(translate, plus, {**common, **options}, request))

    return _maps_by_plugin(how, ij, image, axes, request)


def _segment_by_plugin(image: Any, options: dict[str, str], request: Request) -> Segmentation:
    host = java("io.github.drua.command.SegmentHost")
    done = _told_of_errors(host.segment, image, options | {"output": "labels,rois,table"}, request)
    return Segmentation(
        labels=done.labels(),
        table=_table(done.table()),
        run=json.loads(str(done.run())),
        rois=tuple(done.rois()),
    )


def _run_by_plugin(image: Any, options: dict[str, str], request: Request) -> NetworkRun:
    return _network_run(_told_of_errors(java("io.github.drua.command.RunHost").run, image, options, request))


def _network_run(done: Any) -> NetworkRun:
    maps = {str(entry.getKey()): entry.getValue() for entry in done.maps().entrySet()}
    return NetworkRun(maps, json.loads(str(done.run())))


def _told_of_errors(method: Callable[..., Any], image: Any, options: dict[str, str], request: Request) -> Any:
    """Return what a method of a host in Java returns; its errors are raised as ours."""
    watcher = embedded_fiji.watcher(request.progress)
    try:
        return embedded_fiji.interruptible(
            lambda: method(image, options, dict(request.inputs), watcher), watcher.stop
        )
    except embedded_fiji.java_exception() as error:
        if watcher.error is not None:
            raise watcher.error from None
        raise embedded_fiji.drua_error(error) from error


def _table(results: Any) -> Table:
    columns = tuple(map(str, results.getHeadings()))
    rows = np.empty((results.size(), len(columns)))
    for number, name in enumerate(columns if len(rows) else ()):
        rows[:, number] = results.getColumnAsDoubles(results.getColumnIndex(name))
    return Table(columns, rows)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_a(image: object, name: str) -> bool:
    if "jpype" not in sys.modules or not embedded_fiji.jvm_started() or not embedded_fiji.has_java(name):
        return False
    return isinstance(image, java(name))


def _macro_error(error: Any, *, told: bool) -> BaseException:
    if isinstance(error, java("io.github.drua.engine.CancelledException")):
        return Cancelled()
    if isinstance(error, java("io.github.drua.engine.EngineException")):
        code = str(error.code().name())
        return MacroError(str(error.message()), remedy=str(error.remedy()), code=code, told=told)
    return MacroError(str(error.getMessage() or error), told=told)
