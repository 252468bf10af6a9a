"""Statistics of images of any size: two passes over slabs, exact, and without a copy of the pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import ceil, floor, prod, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from drua.errors import ImageError

Pixels = NDArray[Any]
Sides = tuple[int, ...] | None
"""Numbers of the sides to take statistics over; None means all."""

SLAB = 1 << 22
"""Pixels that are looked at in one go: few enough for the memory, many enough for the speed."""

SMALL = 1 << 20
"""Pixels up to which sorting a copy is faster than counting."""

LARGEST = 1e30
"""What no pixel may exceed: networks multiply and add in float32, which ends at 3.4e38."""


def check_finite(array: Any, axes: str) -> None:
    """Check that every pixel is a finite number, and small enough for networks.

    Parameters
    ----------
    array : array, axes `axes`
        Also something that is read from a file only where it is sliced.

    Raises
    ------
    ImageError
        If not; it tells how many are not, and where the first is.
    """
    whole = _Part(array, (slice(None),) * array.ndim)
    if array.dtype.kind != "f":
        return
    limit = min(LARGEST, float(np.finfo(array.dtype).max))  # half precision ends at 65504
    if all((np.abs(slab) <= limit).all() for slab in whole.slabs()):
        return
    wrong = np.argwhere(~np.isfinite(np.asarray(array)))
    if not len(wrong):
        largest = np.abs(np.asarray(array)).max()
        raise ImageError(
            f"the largest pixel value is {largest:.3g}, but networks compute in 32-bit floats, which leave"
            f" room up to {LARGEST:g}",
            remedy="divide the image by a constant first, in ImageJ with Process > Math > Divide...",
        )
    where = ", ".join(f"{letter} {index}" for letter, index in zip(axes, wrong[0], strict=True))
    raise ImageError(
        f"{len(wrong)} of {array.size} pixels are NaN or infinite, the first at {where} (counted from 0)",
        remedy="replace them, in ImageJ with Process > Noise > Remove NaNs... or Process > Math > Macro...",
    )


def all_equal(channels: NDArray[Any]) -> bool:
    """Return whether channels, an array with C first, show all the same."""
    first, *others = channels
    return all(np.array_equal(first, other) for other in others)


def percentiles(
    array: Any,
    ranks: Sequence[float],
    sides: Sides = None,
    axes: str | None = None,
    *,
    interpolated: bool = True,
) -> NDArray[np.float64]:
    """Return percentiles: numpy's, without its copy of the array.

    Pixels are counted by their leading 16 bits, and then those around a percentile by the rest, so that an
    array of any size needs two passes and no memory.

    Parameters
    ----------
    array : array
        Finite pixels of any real type, compared as float32; also one that is read only where it is sliced.
    ranks : sequence of float
        0 to 100.
    sides : tuple of int, optional
        The sides to take them over; all if absent.
    axes : str, optional
        The array's letters, for the message of an error.
    interpolated : bool
        Whether to interpolate linearly between pixels, or to take the first pixel that at least the rank's
        part of all does not exceed (numpy's 'inverted_cdf').

    Returns
    -------
    ndarray, float64, (len(ranks), ...)
        With sides of length 1 where `sides` were, so that it can be combined with the array.

    Raises
    ------
    ImageError
        If a pixel is not finite.
    """
    return _reduce(array, sides, len(ranks), lambda part: _percentiles(part, ranks, axes, interpolated))


def moments(
    array: Any, sides: Sides = None, axes: str | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation over `sides` (all if absent), with sides of length 1 there."""
    both = _reduce(array, sides, 2, lambda part: _moments(part, axes))
    return both[0], both[1]


def _reduce(
    array: Any, sides: Sides, results: int, statistic: Callable[[Any], Sequence[float]]
) -> NDArray[np.float64]:
    """Return a statistic over some sides, for every position along the others."""
    over = set(range(array.ndim)) if sides is None else set(sides)
    kept = [1 if side in over else length for side, length in enumerate(array.shape)]
    reduced = np.empty((results, *kept))
    for index in np.ndindex(*kept):
        part = tuple(slice(None) if side in over else index[side] for side in range(array.ndim))
        reduced[(slice(None), *index)] = statistic(_Part(array, part))
    return reduced


class _Part:
    """A part of an array that is read in slabs."""

    def __init__(self, array: Any, index: tuple[Any, ...]) -> None:
        self._array = array
        self._index = index
        self.dtype = np.dtype(array.dtype)
        self.size = prod(
            length for length, each in zip(array.shape, index, strict=True) if isinstance(each, slice)
        )

    def all(self) -> Pixels:
        """Return all pixels."""
        return np.asarray(self._array[self._index])

    def slabs(self) -> Iterator[Pixels]:
        """Yield all pixels, each once."""
        free = [side for side, each in enumerate(self._index) if isinstance(each, slice)]
        yield from self._cut(self._index, free, self.size)

    def _cut(self, index: tuple[Any, ...], free: list[int], size: int) -> Iterator[Pixels]:
        if size <= SLAB or not free:
            yield np.asarray(self._array[index])
            return
        side, *rest = free
        length = self._array.shape[side]
        each = size // length
        step = max(SLAB // each, 1)
        for start in range(0, length, step):
            stop = min(start + step, length)
            inner = (*index[:side], slice(start, stop), *index[side + 1 :])
            yield from self._cut(inner, rest if step == 1 else [], each * (stop - start))


def _percentiles(part: _Part, ranks: Sequence[float], axes: str | None, interpolated: bool) -> list[float]:
    if part.size <= SMALL:
        pixels = part.all().astype(np.float64)
        check_finite(pixels, axes or "?" * pixels.ndim)
        method: Literal["linear", "inverted_cdf"] = "linear" if interpolated else "inverted_cdf"
        return [float(each) for each in np.percentile(pixels, ranks, overwrite_input=True, method=method)]
    places = [
        rank / 100 * (part.size - 1) if interpolated else max(ceil(rank / 100 * part.size) - 1, 0)
        for rank in ranks
    ]
    wanted = sorted({floor(place) for place in places} | {ceil(place) for place in places})
    values = dict(zip(wanted, _order_statistics(part, wanted, axes), strict=True))
    return [
        values[floor(place)] + (values[ceil(place)] - values[floor(place)]) * (place - floor(place))
        for place in places
    ]


def _order_statistics(part: _Part, wanted: Sequence[int], axes: str | None) -> list[float]:
    """Return the pixels at some positions, counted from 0, of all pixels in ascending order."""
    counts = np.zeros(1 << 16, np.int64)
    for slab in part.slabs():
        counts += np.bincount(_keys(slab, axes) >> 16, minlength=1 << 16)
    ends = np.cumsum(counts)
    buckets = [int(np.searchsorted(ends, place, side="right")) for place in wanted]
    fine = {bucket: np.zeros(1 << 16, np.int64) for bucket in buckets}
    for slab in part.slabs():
        keys = _keys(slab, axes)
        high = keys >> 16
        for bucket, tally in fine.items():
            tally += np.bincount(keys[high == bucket] & 0xFFFF, minlength=1 << 16)
    return [
        _value(
            bucket,
            int(
                np.searchsorted(
                    np.cumsum(fine[bucket]), place - (ends[bucket] - counts[bucket]), side="right"
                )
            ),
        )
        for place, bucket in zip(wanted, buckets, strict=True)
    ]


def _keys(slab: Pixels, axes: str | None) -> NDArray[np.uint32]:
    """Return whole numbers in the order of the pixels as float32."""
    check_finite(slab, axes or "?" * slab.ndim)
    bits = np.ascontiguousarray(slab, np.float32).ravel().view(np.uint32)
    negative = bits >> 31 == 1
    return np.where(negative, ~bits, bits | np.uint32(1 << 31))


def _value(high: int, low: int) -> float:
    key = np.uint32(high << 16 | low)
    bits = key & np.uint32(0x7FFFFFFF) if key >> 31 else ~key
    return float(np.asarray(bits, np.uint32).view(np.float32))


def _moments(part: _Part, axes: str | None) -> tuple[float, float]:
    total = 0.0
    for slab in part.slabs():
        check_finite(slab, axes or "?" * slab.ndim)
        total += float(slab.sum(dtype=np.float64))
    mean = total / part.size
    squares = 0.0
    for slab in part.slabs():
        centred = slab.ravel() - np.float64(mean)
        squares += float(centred @ centred)
    return mean, sqrt(squares / part.size)
