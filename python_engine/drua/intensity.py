"""The ten pre- and postprocessing operations of the bioimage.io format 0.5, and a test for empty images.

Statistics are taken over the whole array that is given: the pipeline normalises the whole image first and
cuts it into tiles afterwards, so that no tile is ever normalised by itself. They are float64, pixels float32.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import axes as letters
from drua.errors import CardError, ImageError

Pixels = NDArray[Any]
Plane = NDArray[np.float32]
Sides = tuple[int, ...] | None
"""Numbers of the sides to take statistics over; None means all."""

_FORMAT_AXES = {"batch": "", "b": "", "channel": "C", "time": "T"}
"""The format's names of axes, where they are not one of our letters; one request is one batch."""


@dataclass(frozen=True)
class Operation:
    """One step of a model's pre- or postprocessing.

    Parameters
    ----------
    name : str
        The format's id, a key of `OPERATIONS`.
    kwargs : mapping
        The format's parameters under the format's names. Axes are letters of TCZYX or the format's names.
    """

    name: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def apply(
    operations: Sequence[Operation], array: Pixels, axes: str, reference: Pixels | None = None
) -> Pixels:
    """Return the array after every operation in turn.

    Parameters
    ----------
    operations : sequence of Operation
        The steps in order.
    array : ndarray, axes `axes`
        Any real type; never changed.
    axes : str
        Letters of TCZYX.
    reference : ndarray, axes `axes`, optional
        The unprocessed input, for operations that take their statistics from a `reference_tensor`.

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
        array = _apply_one(operation, array, axes, reference)
    return array


def check_finite(array: Pixels, axes: str) -> None:
    """Check that every pixel is a finite number.

    Raises
    ------
    ImageError
        If not; it tells how many are not, and where the first is.
    """
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    wrong = np.argwhere(~np.isfinite(array))
    where = ", ".join(f"{letter} {index}" for letter, index in zip(axes, wrong[0], strict=True))
    raise ImageError(
        f"{len(wrong)} of {array.size} pixels are NaN or infinite, the first at {where} (counted from 0)",
        remedy="replace them, in ImageJ with Process > Noise > Remove NaNs... or Process > Math > Macro...",
    )


def binarize(array: Pixels, *, threshold: float | Pixels) -> Pixels:
    """Return 1 where a pixel is above the threshold, else 0."""
    return (array > threshold).astype(np.float32)


def clip(
    array: Pixels,
    *,
    min: float | None = None,
    max: float | None = None,
    min_percentile: float | None = None,
    max_percentile: float | None = None,
    axes: Sides = None,
) -> Pixels:
    """Return the pixels limited to values, or to percentiles over `axes`."""
    low: Any = min if min_percentile is None else percentiles(array, [min_percentile], axes)[0]
    high: Any = max if max_percentile is None else percentiles(array, [max_percentile], axes)[0]
    if low is None and high is None:
        raise CardError("operation clip has neither a minimum nor a maximum, but needs one of them")
    limited = array if low is None else _compute(np.maximum, array, low)
    return limited if high is None else _compute(np.minimum, limited, high)


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


def scale_mean_variance(array: Pixels, *, reference: Pixels, axes: Sides = None, eps: float = 1e-6) -> Pixels:
    """Return the pixels with the mean and standard deviation of the reference."""
    mean, std = moments(reference, axes)
    normalised = zero_mean_unit_variance(array, axes=axes, eps=eps)
    return scale_linear(normalised, gain=std + eps, offset=mean)


def scale_range(
    array: Pixels,
    *,
    min_percentile: float = 0.0,
    max_percentile: float = 100.0,
    axes: Sides = None,
    eps: float = 1e-6,
    reference: Pixels | None = None,
) -> Pixels:
    """Return (x - low) / (high - low + eps) of two percentiles; values may lie outside 0 to 1."""
    source = array if reference is None else reference
    low, high = percentiles(source, [min_percentile, max_percentile], axes)
    return _compute(np.divide, _compute(np.subtract, array, low), high - low + eps)


def sigmoid(array: Pixels) -> Pixels:
    """Return 1 / (1 + exp(-x))."""
    small = np.exp(-np.abs(array.astype(np.float32)))  # never overflows
    return _compute(np.divide, np.where(array >= 0, 1, small), 1 + small)


def softmax(array: Pixels, *, axis: int) -> Pixels:
    """Return exp(x) divided by its sum along the axis."""
    powers = np.exp(_compute(np.subtract, array, array.max(axis=axis, keepdims=True)))
    return _compute(np.divide, powers, powers.sum(axis=axis, keepdims=True))


def zero_mean_unit_variance(array: Pixels, *, axes: Sides = None, eps: float = 1e-6) -> Pixels:
    """Return (x - mean) / (std + eps) with statistics over `axes`."""
    mean, std = moments(array, axes)
    return _compute(np.divide, _compute(np.subtract, array, mean), std + eps)


OPERATIONS: dict[str, Callable[..., Pixels]] = {
    "binarize": binarize,
    "clip": clip,
    "ensure_dtype": ensure_dtype,
    "fixed_zero_mean_unit_variance": fixed_zero_mean_unit_variance,
    "scale_linear": scale_linear,
    "scale_mean_variance": scale_mean_variance,
    "scale_range": scale_range,
    "sigmoid": sigmoid,
    "softmax": softmax,
    "zero_mean_unit_variance": zero_mean_unit_variance,
}
"""Every operation that Drua has. In them axes are numbers of sides: `apply` translates."""


def percentiles(array: Pixels, ranks: Sequence[float], axes: Sides = None) -> NDArray[np.float64]:
    """Return percentiles, interpolated linearly between pixels.

    Parameters
    ----------
    array : ndarray
        Finite pixels of any real type.
    ranks : sequence of float
        0 to 100.
    axes : tuple of int, optional
        The sides to take them over; all if absent.

    Returns
    -------
    ndarray, float64, (len(ranks), ...)
        With sides of length 1 where `axes` were, so that it can be combined with the array.
    """
    copy = array.astype(np.float64)
    return np.asarray(np.percentile(copy, ranks, axis=axes, keepdims=True, overwrite_input=True))


def moments(array: Pixels, axes: Sides = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation over `axes` (all if absent), with sides of length 1 there."""
    mean = array.mean(axis=axes, dtype=np.float64, keepdims=True)
    return mean, array.std(axis=axes, dtype=np.float64, keepdims=True)


def is_flat(array: Pixels, axes: str) -> bool:
    """Tell whether an image has no content: it is constant, or noise around a constant.

    In noise without content neighbours know nothing of each other, and shuffling its pixels changes nothing.
    So the means of blocks of neighbours vary no more, and deviate no more, than after a shuffle. What a
    microscope images is wider than a pixel: it breaks the first rule if it fills the image, and the second if
    it is a single object. Neither supposes a kind of noise, be it Gaussian, Poisson or hot pixels. A rule on
    values alone could not tell dim from empty.

    Parameters
    ----------
    array : ndarray, axes `axes`
        Finite pixels as acquired: interpolation makes neighbours of noise alike.
    axes : str
        Letters of TCZYX. The image is flat if every plane of it is.

    Returns
    -------
    bool
        False for sides below 32 pixels that are not constant, too few to tell. Vignetting counts as content.
    """
    height, width = (array.shape[letters.position(axes, letter)] for letter in "YX")
    planes = letters.permute(array, axes, axes.translate({ord("Y"): None, ord("X"): None}) + "YX")
    return all(_is_flat_plane(plane) for plane in planes.reshape(-1, height, width))


_LARGEST_BLOCK = 16
_FEWEST_BLOCKS = 64
_TOLERANCE = 1.5
"""Factor in the first rule, beyond chance: cameras correlate neighbours a little."""
_CHANCE = 5.0
"""Standard deviations that count as chance in the first rule."""
_CLEAR = 20.0
"""Factor in the first rule that needs no shuffle, and so a fifth of the time; most images exceed it."""
_EXTREME = 4.0
"""Factor in the second rule: a few deviating pixels can meet in one block."""


def _is_flat_plane(plane: Pixels) -> bool:
    if plane.min() == plane.max():
        return True
    if min(plane.shape) < 2 * _LARGEST_BLOCK:
        return False
    centred = plane - plane.mean(dtype=np.float64)
    centred = (centred / np.abs(centred).max()).astype(np.float32)
    coarse = _block_means(centred)
    if coarse[-1].var() * 4 ** len(coarse) > _CLEAR * centred.var():
        return False
    # the seed is fixed: the same image must get the same answer
    shuffled = np.random.default_rng(0).permutation(centred.ravel()).reshape(centred.shape)
    near, far = _without_hot_pixels(centred), _without_hot_pixels(shuffled)
    levels = enumerate(zip(_block_means(near), _block_means(far), strict=True), start=1)
    return all(_is_as_shuffled(means, reference, near, 4**level) for level, (means, reference) in levels)


def _is_as_shuffled(means: Plane, reference: Plane, plane: Plane, pixels: int) -> bool:
    """Tell whether the means of blocks of `pixels` neighbours in `plane` keep both rules."""
    squares = np.square(plane, dtype=np.float64)
    variance = squares.mean()
    if variance == 0:
        return True
    excess = max(np.square(squares).mean() / variance**2 - 3, 0)
    chance = np.sqrt((2 + excess / pixels) / means.size)
    # a shuffle of few deviating pixels may lose them: the plane itself tells the least to expect
    expected = max(reference.var(), variance / pixels)
    extreme = max(np.abs(reference).max(), np.abs(plane).max() / pixels)
    varies = means.var() > (_TOLERANCE + _CHANCE * chance) * expected
    return not (varies or np.abs(means).max() > _EXTREME * extreme)


def _without_hot_pixels(plane: Plane) -> Plane:
    """Return the plane with every pixel limited to the range of its eight neighbours."""
    padded = np.pad(plane, 1, mode="reflect")
    limited = plane
    for extreme, limit in ((np.maximum, np.minimum), (np.minimum, np.maximum)):
        sides = extreme(padded[:, :-2], padded[:, 2:])
        rows = extreme(sides, padded[:, 1:-1])
        limited = limit(limited, extreme(extreme(rows[:-2], rows[2:]), sides[1:-1]))
    return limited


def _block_means(plane: Plane) -> list[Plane]:
    """Return the means of blocks of 2 x 2 pixels, 4 x 4 and so on; an odd last row or column is left out."""
    means = []
    for _ in range(int(np.log2(_LARGEST_BLOCK))):
        even = plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]
        rows = even[0::2] + even[1::2]
        plane = np.asarray((rows[:, 0::2] + rows[:, 1::2]) / 4, np.float32)
        if plane.size >= _FEWEST_BLOCKS:
            means.append(plane)
    return means


def _compute(ufunc: np.ufunc, array: Pixels, operand: float | Pixels) -> Pixels:
    """Return `ufunc(array, operand)`, computed in float64 and kept in float32; no float64 copy is made."""
    result = np.empty(array.shape, np.float32)
    ufunc(array, operand, out=result, dtype=np.float64, casting="same_kind")
    return result


def _apply_one(operation: Operation, array: Pixels, axes: str, reference: Pixels | None) -> Pixels:
    function = OPERATIONS.get(operation.name)
    if function is None:
        raise CardError(
            f"operation {operation.name!r} is none of {', '.join(OPERATIONS)}",
            remedy="choose a model without it, or have it inside the network",
        )
    kwargs = _translate(operation, axes, array.shape, reference)
    if _needs_finite_pixels(operation):
        check_finite(kwargs.get("reference", array), axes)
        check_finite(array, axes)
    try:
        inspect.signature(function).bind(array, **kwargs)
    except TypeError as error:
        raise CardError(
            f"operation {operation.name} cannot take {dict(operation.kwargs)}: {error}"
        ) from error
    return function(array, **kwargs)


def _needs_finite_pixels(operation: Operation) -> bool:
    if operation.name == "ensure_dtype":
        return "int" in operation.kwargs.get("dtype", "")
    by_name = operation.name in ("scale_mean_variance", "scale_range", "zero_mean_unit_variance")
    return by_name or any(name.endswith("_percentile") for name in operation.kwargs)


def _translate(
    operation: Operation, axes: str, shape: tuple[int, ...], reference: Pixels | None
) -> dict[str, Any]:
    """Return the parameters with numbers of sides for axes and pixels for a reference tensor."""
    kwargs = {name: value for name, value in operation.kwargs.items() if value is not None}
    if kwargs.pop("reference_tensor", None) is not None:
        if reference is None:
            raise CardError(f"operation {operation.name} needs its reference tensor, but there is none")
        kwargs["reference"] = reference
    if "axes" in kwargs:
        chosen = {_letter(name, operation) for name in kwargs["axes"]}
        kwargs["axes"] = tuple(side for side, letter in enumerate(axes) if letter in chosen)
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
