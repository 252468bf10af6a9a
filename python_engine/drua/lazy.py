"""LazyArray: pixels that stay in their file until a part of them is looked at.

It answers to what the pipeline does with an image before it cuts tiles: choosing positions and parts,
ordering axes, adding axes of length 1. Only `numpy.asarray` reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pick = int | slice


class LazyArray:
    """A view of an array in a file.

    Parameters
    ----------
    source : array
        Anything with shape and dtype that is sliced as numpy's arrays are, for example of zarr.
    picks : tuple of int or slice, optional
        What is chosen along each axis of the source; slices with start and stop.
    sides : tuple of int or None, optional
        The axis of the source that each axis of the view is; None is an axis of length 1.
    """

    def __init__(
        self, source: Any, picks: Sequence[Pick] | None = None, sides: Sequence[int | None] | None = None
    ) -> None:
        self._source = source
        self._picks = tuple(slice(0, length) for length in source.shape) if picks is None else tuple(picks)
        self._sides = tuple(range(len(source.shape))) if sides is None else tuple(sides)
        self.dtype = np.dtype(source.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sides in pixels."""
        return tuple(1 if side is None else _length(self._picks[side]) for side in self._sides)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._sides)

    @property
    def size(self) -> int:
        """The number of pixels."""
        return int(np.prod(self.shape, dtype=np.int64))

    def transpose(self, order: Sequence[int]) -> LazyArray:
        """Return a view with its axes in another order."""
        return LazyArray(self._source, self._picks, [self._sides[axis] for axis in order])

    def __getitem__(self, index: Any) -> LazyArray:
        """Return a view of positions and parts; None adds an axis of length 1."""
        picks = list(self._picks)
        sides: list[int | None] = []
        remaining = list(self._sides)
        for each in _without_ellipsis(index, self.ndim):
            if each is None:
                sides.append(None)
                continue
            side = remaining.pop(0)
            if isinstance(each, slice):
                sides.append(side)
                if side is not None:
                    picks[side] = _within(picks[side], each)
                elif each.indices(1)[:2] != (0, 1):
                    raise IndexError(f"{each} of an axis of length 1")
            elif side is not None:
                start = picks[side].start if isinstance(picks[side], slice) else 0  # type: ignore[union-attr]
                picks[side] = start + range(self._length_of(side))[int(each)]
        return LazyArray(self._source, picks, [*sides, *remaining])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        read = np.asarray(self._source[self._picks])
        kept = [axis for axis, pick in enumerate(self._picks) if isinstance(pick, slice)]
        order = [kept.index(side) for side in self._sides if side is not None]
        pixels = read.transpose(order)
        pixels = pixels[tuple(None if side is None else slice(None) for side in self._sides)]
        return pixels if dtype is None else pixels.astype(dtype)

    def _length_of(self, side: int) -> int:
        return _length(self._picks[side])


def _length(pick: Pick) -> int:
    return pick.stop - pick.start if isinstance(pick, slice) else 1


def _within(pick: Pick, part: slice) -> slice:
    """Return a part of a part."""
    if not isinstance(pick, slice):
        raise IndexError("a position has no parts")
    start, stop, step = part.indices(_length(pick))
    if step != 1:
        raise IndexError(f"a step of {step}, but pixels that are not read yet can only be cut")
    return slice(pick.start + start, pick.start + max(start, stop))


def _without_ellipsis(index: Any, axes: int) -> list[Any]:
    """Return an index with one entry for each of its axes, and None for new ones."""
    entries = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis not in entries:
        return entries
    at = entries.index(Ellipsis)
    named = sum(1 for each in entries if each is not None) - 1
    return entries[:at] + [slice(None)] * (axes - named) + entries[at + 1 :]
