"""Models on numpy and xarray arrays: what `drua.fiji` does without any Java."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drua import axes as axis
from drua import translation
from drua.errors import AxesError, ImageError, SettingError
from drua.image import Image, letter_of
from drua.measure import Table
from drua.outlines import Outlines
from drua.pipeline import Model, Prediction, open_model, predict, predict_maps
from drua.progress import Progress
from drua.selection import Choice

if TYPE_CHECKING:
    import xarray

DEFAULT_MODEL = "nuclei-fluorescence"
DEFAULT_DENOISER = "denoise-fluorescence"


@dataclass(frozen=True)
class Request:
    """What a run of a model is asked for, whatever the image is.

    Parameters
    ----------
    model : Model, str or path
        An opened model, or the id of an installed one, or the folder of a package.
    settings : mapping
        Overrides of the model's settings, by name.
    channel : int or str
        The channels to use, by number from 1 or by name, several with commas; 0 stands for all there are.
    device : str
        'auto', 'cpu' or 'cuda:0'; an opened model has chosen its own.
    progress : callable, optional
        Called as (what, done, all) after every tile, and with 0, 0 before a step that is not counted; it may
        raise Cancelled.
    inputs : mapping
        The images for the further inputs of a model with several, by name, of the kind of the first one.
    """

    model: Model | str | os.PathLike[str]
    settings: Mapping[str, Any]
    channel: Choice = 0
    device: str = "auto"
    progress: Progress | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The objects of an image.

    Parameters
    ----------
    labels : ndarray, DataArray, ImagePlus or Dataset
        The label image, 0 for the background and 1..n for the objects: of the kind, with the axes (but for C)
        and the calibration of the image. Arrays are uint32; in ImageJ it has 16 bits, or 32-bit float above
        65,535 objects.
    table : Table
        One row for each object, in order of label.
    run : dict
        The provenance: model, device, settings, seconds, ...
    outlines : Outlines, optional
        The outlines of the objects of an array; None for images of ImageJ, which have ROIs.
    rois : tuple of ij.gui.Roi, optional
        One for each object of an image of ImageJ, with its position; None for arrays.
    """

    labels: Any
    table: Table
    run: dict[str, Any]
    outlines: Outlines | None = None
    rois: tuple[Any, ...] | None = None

    @property
    def count(self) -> int:
        """The number of objects."""
        return int(self.run["objects"])


@dataclass(frozen=True, eq=False)
class NetworkRun:
    """What a network made of an image.

    Parameters
    ----------
    maps : dict of str to ndarray, DataArray, ImagePlus or Dataset
        The network's outputs by name, float32, of the kind of the image and with its calibration and axes:
        without C for an output of one channel, else with C where the image has it, or first. An output may
        have another pixel size than the image.
    run : dict
        The provenance: model, device, settings, seconds, ...
    """

    maps: dict[str, Any]
    run: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Denoised:
    """An image with less noise.

    Parameters
    ----------
    image : ndarray, DataArray, ImagePlus or Dataset
        Of the kind, with the axes and the calibration of the image.
    difference : the same, optional
        Input minus result, float32, if it was asked for.
    run : dict
        The provenance: model, device, settings, seconds, ..., `warning`, and `report` if it was asked for.
    """

    image: Any
    difference: Any
    run: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Stained:
    """The channels of a predicted stain.

    Parameters
    ----------
    image : ndarray, DataArray, ImagePlus or Dataset
        Of the kind and with the calibration of the image. Arrays are without C for a stain of one channel,
        else with C where the image has it, or first.
    appended : the same, optional
        The channels of the image and the stain, if it was asked for.
    run : dict
        The provenance: model, device, settings, seconds, ..., `warning`.
    """

    image: Any
    appended: Any
    run: dict[str, Any]


def is_array(image: object) -> bool:
    """Return whether the image is a numpy or xarray array."""
    return isinstance(image, np.ndarray) or _is_xarray(image)


def segment(array: Any, axes: str | None, request: Request) -> Segmentation:
    """Segment an array.

    Parameters
    ----------
    array : ndarray or DataArray
        Any real pixels; never changed.
    axes : str, optional
        The axes of an ndarray, letters of TCZYX, slowest first; may only be left out for two sides (YX).
    request : Request
        Everything else.

    Raises
    ------
    AxesError
        If nobody tells what the sides are.
    RequestError, ModelError, BackendError
        As `drua.predict`.
    """
    image = _image_of(array, axes)
    with _opened(request) as model:
        if model.card.task != "segment":
            raise SettingError(
                f"model {model.card.id!r} is made to {model.card.task}, not to segment",
                remedy="choose a model that segments",
            )
        prediction = predict(image, model, **_options(array, axes, request))
    labels, table = prediction.image, prediction.table
    if table is None:
        raise SettingError("the model's result is no label image", remedy="choose a model that segments")
    pixels = axis.to(labels.pixels, labels.axes, image.axes.replace("C", ""))
    return Segmentation(
        labels=_like(array, pixels) if _is_xarray(array) else pixels,
        table=table,
        run=prediction.run,
        outlines=prediction.outlines,
    )


def run(array: Any, axes: str | None, request: Request) -> NetworkRun:
    """Run a network of any task on an array and return what it gives.

    Parameters
    ----------
    array, axes, request
        As of `segment`.

    Raises
    ------
    AxesError
        If nobody tells what the sides are.
    RequestError, ModelError, BackendError
        As `drua.predict`.
    """
    image = _image_of(array, axes)
    with _opened(request) as model:
        prediction = predict_maps(image, model, **_options(array, axes, request))
    return NetworkRun(
        {name: _map_like(array, image.axes, each) for name, each in prediction.maps.items()}, prediction.run
    )


def denoise(array: Any, axes: str | None, request: Request, outputs: Sequence[str], kind: str) -> NetworkRun:
    """Denoise an array and return what was asked for.

    Parameters
    ----------
    array, axes, request
        As of `segment`.
    outputs, kind
        As of `drua.translation.denoise`.

    Raises
    ------
    AxesError
        If nobody tells what the sides are.
    RequestError, ModelError, BackendError
        As `drua.translation.denoise`.
    """
    image = _image_of(array, axes)
    with _opened(request) as model:
        asked = translation.Request(**_options(array, axes, request))
        made = translation.denoise(image, model, asked, outputs=outputs, kind=kind)
    return _translated(array, image, made)


def stain(array: Any, axes: str | None, request: Request, outputs: Sequence[str]) -> NetworkRun:
    """Predict the channels of a stain from an array and return what was asked for.

    Parameters
    ----------
    array, axes, request
        As of `segment`.
    outputs
        As of `drua.translation.stain`.

    Raises
    ------
    AxesError
        If nobody tells what the sides are.
    RequestError, ModelError, BackendError
        As `drua.translation.stain`.
    """
    image = _image_of(array, axes)
    with _opened(request) as model:
        asked = translation.Request(**_options(array, axes, request))
        made = translation.stain(image, model, asked, outputs=outputs)
    return _translated(array, image, made)


def _translated(array: Any, image: Image, made: Prediction) -> NetworkRun:
    def like(result: Image) -> Any:
        same = "C" in image.axes and result.size("C") == image.size("C")
        return _in_axes(array, image.axes, result) if same else _map_like(array, image.axes, result)

    return NetworkRun({name: like(each) for name, each in made.maps.items()}, made.run)


def _opened(request: Request) -> AbstractContextManager[Model]:
    """Return the model; one that was opened by somebody else stays open."""
    model = request.model
    return nullcontext(model) if isinstance(model, Model) else open_model(model, request.device)


def _options(array: Any, axes: str | None, request: Request) -> dict[str, Any]:
    return {
        "settings": request.settings,
        "channel": request.channel,
        "inputs": {name: _further(name, other, axes) for name, other in request.inputs.items()},
        "source": str(getattr(array, "name", None) or ""),
        "progress": request.progress,
    }


def _further(name: str, array: Any, axes: str | None) -> Image:
    """Return a further image; an ndarray has the axes of the first one if it has as many."""
    if not is_array(array):
        raise ImageError(
            f"the image for {name!r} is of {type(array)}, but must be an ndarray or DataArray",
            remedy="give images of one kind",
        )
    same = axes is not None and not _is_xarray(array) and array.ndim == len(axes)
    return _image_of(array, axes if same else None)


def _image_of(array: Any, axes: str | None) -> Image:
    image = _from_xarray(array, axes) if _is_xarray(array) else _from_numpy(array, axes)
    if image.pixels.dtype.kind not in "buif":
        raise ImageError(
            f"the pixels are {image.pixels.dtype}, but they must be real numbers", remedy="convert them first"
        )
    return image


def _from_numpy(array: NDArray[Any], axes: str | None) -> Image:
    if axes is None and array.ndim != 2:
        raise AxesError(
            f"an array of the sides {array.shape} does not tell its axes, and Drua never guesses them",
            remedy="name them, for example axes='ZYX'",
        )
    if np.ma.is_masked(array):
        masked = int(np.ma.getmaskarray(array).sum())
        raise ImageError(
            f"{masked} of {array.size} pixels are masked, but models take whole images",
            remedy="fill them first, for example with array.filled(0)",
        )
    return Image(np.asarray(array), axes or "YX")


def _from_xarray(array: xarray.DataArray, axes: str | None) -> Image:
    if axes is not None:
        raise AxesError(
            f"axes={axes!r} was given for an xarray, but its dimensions {tuple(array.dims)} tell its axes",
            remedy="leave axes out, or rename the dimensions",
        )
    return Image.from_xarray(array)


def _like(array: xarray.DataArray, labels: NDArray[Any]) -> xarray.DataArray:
    """Return labels with the dimensions (but for C), coordinates and calibration of an xarray."""
    import xarray

    dims = [name for name in array.dims if letter_of(str(name)) != "C"]
    coordinates = {name: array.coords[name] for name in dims if name in array.coords}
    kept = {name: array.attrs[name] for name in ("unit", "time_unit", "pixel_size") if name in array.attrs}
    return xarray.DataArray(labels, dims=dims, coords=coordinates, attrs=kept)


def _map_like(array: Any, axes: str, result: Image) -> Any:
    """Return a map as an array of the kind and the axes of another; see `NetworkRun`."""
    letters = axes.replace("C", "") if result.size("C") == 1 else axes if "C" in axes else f"C{axes}"
    return _in_axes(array, letters, result)


def _in_axes(array: Any, letters: str, result: Image) -> Any:
    """Return a result as an array of the kind of another, with some axes."""
    image = result.to(letters)
    if not _is_xarray(array):
        return image.pixels
    names = {letter_of(str(name)): str(name) for name in array.dims}
    own_names = any(letter != name.upper() for letter, name in names.items())
    names.setdefault("C", "ch" if own_names else "C")
    return image.to_xarray().rename({letter: names[letter] for letter in letters if letter != names[letter]})


def _is_xarray(image: object) -> bool:
    # Who has an xarray has imported it; it takes longer than the rest of the engine.
    library = sys.modules.get("xarray")
    return library is not None and isinstance(image, library.DataArray)
