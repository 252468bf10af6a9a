"""The ten plain pre- and postprocessing operations of the bioimage.io format 0.5.

An operation that takes statistics is fitted to the whole image first and then applied to any part of it, so
that no tile is ever normalised by itself. Statistics are float64, pixels float32.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import axes as letters
from drua.errors import CardError
from drua.statistics import check_finite, moments, percentiles
from drua.tiling import continued

Pixels = NDArray[Any]

_FORMAT_AXES = {"batch": "", "b": "", "B": "", "channel": "C", "I": "C", "time": "T"}
"""The format's names of axes, where they are not one of our letters; one request is one batch."""


@dataclass(frozen=True)
class Operation:
    """One step of a model's pre- or postprocessing.

    Parameters
    ----------
    name : str
        The format's id, a key of `OPERATIONS` or `FITS`.
    kwargs : mapping
        The format's parameters under the format's names. Axes are letters of TCZYX, B for the batch, or the
        format's names. In an operation that is fitted, a parameter may be an array with as many sides as the
        image.
    """

    name: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Pixels that statistics are taken from.

    `pixels` may also be something that is read from a file only where it is sliced. The letters `outer` of
    `axes` come first and are always taken together: they number the planes of a stack.
    """

    pixels: Any
    axes: str
    outer: str = ""

    def sides(self, operation: Operation) -> tuple[int, ...] | None:
        """Return the numbers of the sides that an operation looks at together; None stands for all."""
        over = operation.kwargs.get("axes")
        if over is None:
            return None
        chosen = {_letter(name, operation) for name in over} | set(self.outer)
        return tuple(side for side, letter in enumerate(self.axes) if letter in chosen)

    def percentiles(self, operation: Operation, *ranks: float, interpolated: bool = True) -> list[Pixels]:
        """Return percentiles with the sides of the image, of length 1 where they were taken over."""
        sides = self.sides(operation)
        found = percentiles(self.pixels, ranks, sides, self.axes, interpolated=interpolated)
        return [self._of_a_plane(each) for each in found]

    def moments(self, operation: Operation) -> list[Pixels]:
        """Return mean and standard deviation, with sides like `percentiles`."""
        return [self._of_a_plane(each) for each in moments(self.pixels, self.sides(operation), self.axes)]

    def _of_a_plane(self, statistic: Pixels) -> Pixels:
        return statistic.reshape(statistic.shape[len(self.outer) :])


def apply(
    operations: Sequence[Operation],
    array: Pixels,
    axes: str,
    references: Mapping[str, Source] = MappingProxyType({}),
) -> Pixels:
    """Return the array after every operation in turn, with statistics of this array.

    Parameters
    ----------
    operations : sequence of Operation
        The steps in order.
    array : ndarray, axes `axes`
        Any real type; never changed.
    axes : str
        Letters of TCZYX.
    references : mapping
        The unprocessed inputs by name, for operations that take statistics of a `reference_tensor`.

    Returns
    -------
    ndarray, float32, axes `axes`
        Of another type only where `ensure_dtype` comes last.

    Raises
    ------
    CardError
        If an operation or one of its parameters is unknown, or its reference is missing.
    ImageError
        If statistics are asked of pixels that are not finite.
    """
    letters.check_shape(letters.validate(axes), array.shape)
    if not operations:
        return array.astype(np.float32, copy=False)
    for operation in operations:
        for step in fit([operation], Source(array, axes), references=references):
            array = _apply_one(step, array, axes)
    return array


def fit(
    operations: Sequence[Operation],
    plane: Source,
    *,
    stack: Source | None = None,
    statistics: str = "plane",
    references: Mapping[str, Source] = MappingProxyType({}),
) -> tuple[Operation, ...]:
    """Return the operations with their statistics taken, so that they can be applied to any part of an image.

    Parameters
    ----------
    operations : sequence of Operation
        The steps in order.
    plane : Source
        The plane or volume that they are for.
    stack : Source, optional
        All planes or volumes: what an operation over the batch looks at.
    statistics : str
        'plane', or 'stack' for every operation to look at the stack.
    references : mapping
        The unprocessed inputs by name, for operations that take statistics of a `reference_tensor`.

    Raises
    ------
    CardError, ImageError
        As `apply`.
    """
    fitted: list[Operation] = []
    for operation in operations:
        if not takes_statistics(operation):
            fitted.append(operation)
            continue
        of_batch = "B" in (operation.kwargs.get("axes") or ())
        source = stack if stack is not None and (of_batch or statistics == "stack") else plane
        kwargs = {name: value for name, value in operation.kwargs.items() if value is not None}
        reference = _reference(operation, kwargs, references)
        if operation.name != "scale_range" or reference is None:
            source = _after(fitted, source)
        _check_parameters(operation)
        fitted += FITS[operation.name](operation, kwargs, source, reference)
    return tuple(fitted)


def apply_fitted(operations: Sequence[Operation], array: Pixels, axes: str) -> Pixels:
    """Return the array after operations that take no statistics, or that were fitted before."""
    if not operations:
        return array.astype(np.float32, copy=False)
    for operation in operations:
        array = _apply_one(operation, array, axes)
    return array


def inverse(operations: Sequence[Operation], channels: int, axes: str) -> tuple[Operation, ...] | None:
    """Return what brings normalised values back to those of the image, or None where nothing can.

    Limits are left out: what they cut off is lost.

    Parameters
    ----------
    operations : sequence of Operation
        Fitted.
    channels : int
        How many there are.
    axes : str
        Of the pixels that they are for, C and others.
    """
    gain: Any = np.float64(1.0)
    offset: Any = np.float64(0.0)
    shape = tuple(channels if letter == "C" else 1 for letter in axes)
    for operation in operations:
        if operation.name in ("clip", "ensure_dtype"):
            continue
        if operation.name not in ("scale_linear", "fixed_zero_mean_unit_variance"):
            return None
        kwargs = {
            name: np.asarray(value, np.float64) for name, value in _translate(operation, axes, shape).items()
        }
        if operation.name == "scale_linear":
            own, shift = kwargs.get("gain", np.float64(1.0)), kwargs.get("offset", np.float64(0.0))
        else:
            own, shift = 1 / kwargs["std"], -kwargs["mean"] / kwargs["std"]
        gain, offset = gain * own, offset * own + shift
    whole = all(side == 1 for side in (*np.shape(gain)[1:], *np.shape(offset)[1:]))
    if not whole or np.any(gain == 0):
        return None
    return (Operation("scale_linear", {"gain": 1 / gain, "offset": -offset / gain}),)


def takes_statistics(operation: Operation) -> bool:
    """Return whether an operation looks at more than the pixel that it changes."""
    if operation.name == "clip":
        return any(operation.kwargs.get(name) is not None for name in ("min_percentile", "max_percentile"))
    return operation.name in FITS


def at(
    operations: Sequence[Operation], part: Sequence[slice], sides: Sequence[int], padding: str
) -> tuple[Operation, ...]:
    """Return fitted operations for a part of their image that may reach over its edges.

    Parameters
    ----------
    part : sequence of slice
        One for each of the last axes.
    sides : sequence of int
        The image's lengths along them.
    padding : str
        How the image goes on beyond its edges: see `tiling.continued`.
    """

    def cut(value: Any) -> Any:
        if not isinstance(value, np.ndarray) or value.ndim < len(part):
            return value
        for axis, (each, side) in enumerate(zip(part, sides, strict=True), start=-len(part)):
            if value.shape[axis] > 1:
                value = value.take(continued(each, side, padding), axis=axis)
        return value

    return tuple(
        Operation(operation.name, {name: cut(value) for name, value in operation.kwargs.items()})
        for operation in operations
    )


def binarize(array: Pixels, *, threshold: float | Pixels) -> Pixels:
    """Return 1 where a pixel is above the threshold, else 0."""
    return (array > threshold).astype(np.float32)


def clip(array: Pixels, *, min: float | Pixels | None = None, max: float | Pixels | None = None) -> Pixels:
    """Return the pixels limited to values."""
    if min is None and max is None:
        raise CardError("operation clip has neither a minimum nor a maximum, but needs one of them")
    limited = array if min is None else _compute(np.maximum, array, min)
    return limited if max is None else _compute(np.minimum, limited, max)


def ensure_dtype(array: Pixels, *, dtype: str) -> Pixels:
    """Return the pixels as another type, limited to its range and without fractions it cannot hold."""
    target = np.dtype(dtype)
    if target.kind in "iu" and array.dtype.kind == "f":
        limits = np.iinfo(target)
        # float64 cannot hold the largest 64-bit integers: the nearest one below is the last that fits
        highest = np.nextafter(limits.max, 0) if float(limits.max) > limits.max else limits.max
        array = np.clip(array.astype(np.float64), limits.min, highest)
    return array.astype(target)


def fixed_zero_mean_unit_variance(array: Pixels, *, mean: float | Pixels, std: float | Pixels) -> Pixels:
    """Return (x - mean) / std."""
    return _compute(np.divide, _compute(np.subtract, array, mean), std)


def scale_linear(array: Pixels, *, gain: float | Pixels = 1.0, offset: float | Pixels = 0.0) -> Pixels:
    """Return x * gain + offset."""
    return _compute(np.add, _compute(np.multiply, array, gain), offset)


def sigmoid(array: Pixels) -> Pixels:
    """Return 1 / (1 + exp(-x))."""
    with np.errstate(over="ignore"):  # 1 / (1 + infinity) is the 0 that it should be
        return np.asarray(1 / (1 + np.exp(-array.astype(np.float32, copy=False))))


def softmax(array: Pixels, *, axis: int) -> Pixels:
    """Return exp(x) divided by its sum along the axis."""
    powers = np.exp(_compute(np.subtract, array, array.max(axis=axis, keepdims=True)))
    return _compute(np.divide, powers, powers.sum(axis=axis, keepdims=True))


OPERATIONS: dict[str, Callable[..., Pixels]] = {
    "binarize": binarize,
    "clip": clip,
    "ensure_dtype": ensure_dtype,
    "fixed_zero_mean_unit_variance": fixed_zero_mean_unit_variance,
    "scale_linear": scale_linear,
    "sigmoid": sigmoid,
    "softmax": softmax,
}
"""The operations that look at a pixel, or at its channels. In them axes are numbers of sides."""

Kwargs = Mapping[str, Any]


def _fit_clip(
    operation: Operation, kwargs: Kwargs, source: Source, _reference: Source | None
) -> list[Operation]:
    """Limit to percentiles.

    The format does not say how they are interpolated; bioimageio.core takes pixels as they are within one
    sample, and interpolates over a batch.
    """
    over = kwargs.get("axes")
    interpolated = over is None or bool({"B", "batch"} & set(over))
    limits = {name: kwargs[name] for name in ("min", "max") if name in kwargs}
    for name in ("min", "max"):
        if f"{name}_percentile" in kwargs:
            rank = float(kwargs[f"{name}_percentile"])
            limits[name] = source.percentiles(operation, rank, interpolated=interpolated)[0]
    return [Operation("clip", limits)]


def _fit_scale_range(
    operation: Operation, kwargs: Kwargs, source: Source, reference: Source | None
) -> list[Operation]:
    """(x - low) / (high - low + eps) of two percentiles; values may lie outside 0 to 1."""
    base = reference or source
    ranks = float(kwargs.get("min_percentile", 0.0)), float(kwargs.get("max_percentile", 100.0))
    low, high = base.percentiles(operation, *ranks)
    return [Operation("fixed_zero_mean_unit_variance", {"mean": low, "std": high - low + _eps(kwargs)})]


def _fit_zero_mean_unit_variance(
    operation: Operation, kwargs: Kwargs, source: Source, _reference: Source | None
) -> list[Operation]:
    """(x - mean) / (std + eps)."""
    mean, std = source.moments(operation)
    return [Operation("fixed_zero_mean_unit_variance", {"mean": mean, "std": std + _eps(kwargs)})]


def _fit_scale_mean_variance(
    operation: Operation, kwargs: Kwargs, source: Source, reference: Source | None
) -> list[Operation]:
    """The mean and standard deviation of the reference."""
    if reference is None:
        raise CardError(f"operation {operation.name} has no reference_tensor, but needs one")
    mean, std = reference.moments(operation)
    normalised = _fit_zero_mean_unit_variance(operation, kwargs, source, None)
    return [*normalised, Operation("scale_linear", {"gain": std + _eps(kwargs), "offset": mean})]


FITS: dict[str, Callable[[Operation, Kwargs, Source, Source | None], list[Operation]]] = {
    "clip": _fit_clip,
    "scale_mean_variance": _fit_scale_mean_variance,
    "scale_range": _fit_scale_range,
    "zero_mean_unit_variance": _fit_zero_mean_unit_variance,
}
"""The operations that take statistics -> what they do to pixels once these are known."""

_PARAMETERS = {
    "clip": {"min", "max", "min_percentile", "max_percentile", "axes"},
    "scale_mean_variance": {"reference_tensor", "axes", "eps"},
    "scale_range": {"min_percentile", "max_percentile", "axes", "eps", "reference_tensor"},
    "zero_mean_unit_variance": {"axes", "eps"},
}


def _eps(kwargs: Kwargs) -> float:
    return float(kwargs.get("eps", 1e-6))


def _reference(operation: Operation, kwargs: Kwargs, references: Mapping[str, Source]) -> Source | None:
    name = kwargs.get("reference_tensor")
    if name is not None and name not in references:
        raise CardError(
            f"operation {operation.name} needs the input {name!r} as its reference, but it is not there"
        )
    return None if name is None else references[name]


def _check_parameters(operation: Operation) -> None:
    unknown = sorted(set(operation.kwargs) - _PARAMETERS[operation.name])
    if unknown:
        raise CardError(f"operation {operation.name} cannot take {', '.join(unknown)}")


def _after(operations: Sequence[Operation], source: Source) -> Source:
    """Return a source after operations; itself where they only change its type to a float."""
    if all(each.name == "ensure_dtype" and "float" in str(each.kwargs.get("dtype")) for each in operations):
        return source
    pixels = apply_fitted(operations, np.asarray(source.pixels), source.axes)
    return Source(pixels, source.axes, source.outer)


def _compute(ufunc: np.ufunc, array: Pixels, operand: float | Pixels) -> Pixels:
    """Return `ufunc(array, operand)`, computed in float64 and kept in float32; no float64 copy is made."""
    result = np.empty(array.shape, np.float32)
    ufunc(array, operand, out=result, dtype=np.float64, casting="same_kind")
    return result


def _apply_one(operation: Operation, array: Pixels, axes: str) -> Pixels:
    function = OPERATIONS.get(operation.name)
    if function is None:
        raise CardError(
            f"operation {operation.name!r} is none of {', '.join(sorted({*OPERATIONS, *FITS}))}",
            remedy="choose a model without it, or have it inside the network",
        )
    kwargs = _translate(operation, axes, array.shape)
    if operation.name == "ensure_dtype" and "int" in str(kwargs.get("dtype")):
        check_finite(array, axes)
    try:
        inspect.signature(function).bind(array, **kwargs)
    except TypeError as error:
        raise CardError(
            f"operation {operation.name} cannot take {dict(operation.kwargs)}: {error}"
        ) from error
    return function(array, **kwargs)


def _translate(operation: Operation, axes: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return the parameters with numbers of sides for axes."""
    kwargs = {name: value for name, value in operation.kwargs.items() if value is not None}
    if operation.name == "clip":
        kwargs.pop("axes", None)  # of percentiles, which are numbers by now
    if operation.name == "softmax":
        kwargs["axis"] = _side(kwargs.get("axis", "channel"), operation, axes)
    elif "axis" in kwargs:
        side = _side(kwargs.pop("axis"), operation, axes)
        kwargs = {name: _along(value, side, shape, operation) for name, value in kwargs.items()}
    return kwargs


def _letter(name: str, operation: Operation) -> str:
    letter = _FORMAT_AXES.get(name, name.upper())
    if letter not in letters.LETTERS:
        raise CardError(f"operation {operation.name} has the axis {name!r}, which is no letter of TCZYX")
    return letter


def _side(name: str, operation: Operation, axes: str) -> int:
    letter = _letter(name, operation)
    if not letter or letter not in axes:
        raise CardError(f"operation {operation.name} works along {name!r}, but the image has axes {axes!r}")
    return letters.position(axes, letter)


def _along(value: Any, side: int, shape: tuple[int, ...], operation: Operation) -> Any:
    """Return a list of values as an array along one side; a single value stays."""
    if np.ndim(value) == 0:
        return value
    if len(value) != shape[side]:
        raise CardError(
            f"operation {operation.name} has {len(value)} values for an axis of length {shape[side]}"
        )
    return np.reshape(value, [-1 if number == side else 1 for number in range(len(shape))])
