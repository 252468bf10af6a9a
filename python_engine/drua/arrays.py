"""Segmentation of numpy and xarray arrays: what `drua.fiji.segment` does without any Java."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drua import axes as axis
from drua.errors import AxesError, ImageError, SettingError
from drua.image import Image, letter_of
from drua.measure import Table
from drua.outlines import Outlines
from drua.pipeline import Model, Prediction, Progress, open_model, predict

if TYPE_CHECKING:
    import xarray

DEFAULT_MODEL = "nuclei-fluorescence"


@dataclass(frozen=True)
class Request:
    """What a segmentation is asked for, whatever the image is.

    Parameters
    ----------
    model : Model, str or path
        An opened model, or the id of an installed one, or the folder of a package.
    settings : mapping
        Overrides of the model's settings, by name.
    channel : int
        The channel to use, counted from 1; 0 stands for the only one.
    device : str
        'auto', 'cpu' or 'cuda:0'; an opened model has chosen its own.
    progress : callable, optional
        Called as (what, done, all) after every tile, and with 0, 0 before a step that is not counted; it may
        raise Cancelled.
    """

    model: Model | str | os.PathLike[str]
    settings: Mapping[str, Any]
    channel: int = 0
    device: str = "auto"
    progress: Progress | None = None


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
    prediction = _predict(image, request, str(getattr(array, "name", None) or ""))
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


def _predict(image: Image, request: Request, source: str) -> Prediction:
    model = request.model
    opened = nullcontext(model) if isinstance(model, Model) else open_model(model, request.device)
    with opened as loaded:
        if loaded.card.task != "segment":
            raise SettingError(
                f"model {loaded.card.id!r} is made to {loaded.card.task}, not to segment",
                remedy="choose a model that segments",
            )
        return predict(
            image,
            loaded,
            settings=request.settings,
            channel=request.channel,
            source=source,
            progress=request.progress,
        )


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
    return Image(array, axes or "YX")


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


def _is_xarray(image: object) -> bool:
    # Who has an xarray has imported it; it takes longer than the rest of the engine.
    library = sys.modules.get("xarray")
    return library is not None and isinstance(image, library.DataArray)
