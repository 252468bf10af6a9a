"""Axes strings: the letters of TCZYX in numpy's order, slowest first.

This is the only axis arithmetic in the engine: no other module moves, inserts or drops an axis by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from drua.errors import AxesError, ShapeError

LETTERS = "TCZYX"
"""Every letter an axes string may have, in the engine's canonical order."""

_RULE = f"axes are letters of {LETTERS}, each at most once, with Y and X"


def validate(axes: str) -> str:
    """Return `axes` if it is a valid axes string.

    Parameters
    ----------
    axes : str
        Letters of TCZYX, slowest first.

    Returns
    -------
    str
        The same string.

    Raises
    ------
    AxesError
        If a letter is unknown or repeated, or Y or X is missing.
    """
    unknown = sorted(set(axes) - set(LETTERS))
    if unknown:
        raise AxesError(f"axes {axes!r} has the unknown letter {unknown[0]!r}, but {_RULE}")
    repeated = [letter for letter in LETTERS if axes.count(letter) > 1]
    if repeated:
        raise AxesError(f"axes {axes!r} repeats {repeated[0]}, but {_RULE}")
    missing = [letter for letter in "YX" if letter not in axes]
    if missing:
        raise AxesError(f"axes {axes!r} has no {missing[0]}, but {_RULE}")
    return axes


def check_shape(axes: str, shape: Sequence[int]) -> None:
    """Check that a shape has one side for each letter.

    Parameters
    ----------
    axes : str
        A valid axes string.
    shape : sequence of int
        Sides in the order of `axes`, in pixels.

    Raises
    ------
    AxesError
        If the numbers of letters and sides differ.
    ShapeError
        If a side is empty.
    """
    if len(axes) != len(shape):
        raise AxesError(
            f"axes {axes!r} has {len(axes)} letters, but the array has {len(shape)} sides, {tuple(shape)}",
            remedy="give one letter for each side",
        )
    for letter, length in zip(axes, shape, strict=True):
        if length < 1:
            raise ShapeError(
                f"axis {letter} of {axes!r} has length {length}, but every axis needs at least 1"
            )


def position(axes: str, letter: str) -> int:
    """Return the number of the side that `letter` names.

    Raises
    ------
    AxesError
        If `axes` does not have the letter.
    """
    if letter not in axes:
        raise AxesError(f"axes {axes!r} has no {letter}")
    return axes.index(letter)


def permute(array: NDArray[Any], source: str, target: str) -> NDArray[Any]:
    """Return a view of `array` with its axes in another order.

    Parameters
    ----------
    array : ndarray, axes `source`
        Any pixels.
    source, target : str
        Valid axes strings with the same letters.

    Returns
    -------
    ndarray, axes `target`
        A view: it shares memory with `array`.

    Raises
    ------
    AxesError
        If the letters differ, or do not fit the array.
    """
    check_shape(validate(source), array.shape)
    if set(source) != set(validate(target)):
        raise AxesError(
            f"axes {source!r} and {target!r} differ in their letters, but only the order may change"
        )
    return array.transpose([source.index(letter) for letter in target])


def to(array: NDArray[Any], source: str, target: str) -> NDArray[Any]:
    """Return a view of `array` with the axes of `target`.

    Letters only in `target` become axes of length 1; letters only in `source` are dropped.

    Parameters
    ----------
    array : ndarray, axes `source`
        Any pixels.
    source, target : str
        Valid axes strings.

    Returns
    -------
    ndarray, axes `target`
        A view: it shares memory with `array`.

    Raises
    ------
    AxesError
        If an axis to drop is longer than 1.
    """
    check_shape(validate(source), array.shape)
    validate(target)
    kept = array[
        tuple(
            _drop(letter, length, source, target) for letter, length in zip(source, array.shape, strict=True)
        )
    ]
    common = "".join(letter for letter in source if letter in target)
    ordered = permute(kept, common, "".join(letter for letter in target if letter in source))
    added = tuple(slice(None) if letter in source else None for letter in target)
    view: NDArray[Any] = ordered[added]
    return view


def _drop(letter: str, length: int, source: str, target: str) -> int | slice:
    if letter in target:
        return slice(None)
    if length != 1:
        raise AxesError(
            f"axes {source!r} has {letter} of length {length}, but {target!r} has no {letter}",
            remedy=f"choose one position of {letter} first",
        )
    return 0
