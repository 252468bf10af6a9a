"""Examples: what a network learns from, cut into patches where they show something."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import intensity
from drua.errors import ImageError
from drua.intensity import Operation
from drua.training.blindspot import liveliness

Pixels = NDArray[Any]
Corrupt = Callable[[NDArray[np.float32], np.random.Generator], tuple[Pixels, Pixels]]
"""Makes an input and a target out of a clean patch, (C, ..., Y, X), in the units of the image."""

VALIDATION_SHARE = 0.1
FROM_IMAGES = 6
"""From so many images on some are kept for validation; of fewer a part of each is."""
CANDIDATES = 4


@dataclass(frozen=True, eq=False)
class Example:
    """A plane or volume, and what the network should make of it.

    Parameters
    ----------
    name : str
        The image's name; planes of one stack share it.
    input : array, (C, Y, X) or (C, Z, Y, X)
        Any real type; also something that stays in its file.
    target : array, like `input` with its own channels, or None
        What is wanted; None for blind spots, and where a target is made from the input.
    preprocessing : tuple of Operation
        What is done to the input, fitted.
    target_operations : tuple of Operation
        What is done to the target, fitted.
    """

    name: str
    input: Pixels
    target: Pixels | None = None
    preprocessing: tuple[Operation, ...] = ()
    target_operations: tuple[Operation, ...] = ()

    @property
    def sides(self) -> tuple[int, ...]:
        """The lengths along (Z,) Y and X."""
        return tuple(self.input.shape[1:])

    def rows(self, part: slice) -> Example:
        """Return a part of it, with the statistics of the whole."""
        target = None if self.target is None else self.target[..., part, :]
        return replace(self, input=self.input[..., part, :], target=target)

    def patch(self, place: tuple[slice, ...]) -> tuple[Pixels, Pixels | None]:
        """Return input and target of a part, as the network takes and gives them."""
        axes = "CYX" if self.input.ndim == 3 else "CZYX"
        given = np.asarray(self.input[(slice(None), *place)])
        wanted = None if self.target is None else np.asarray(self.target[(slice(None), *place)])
        return (
            intensity.apply_fitted(self.preprocessing, given, axes).astype(np.float32, copy=False),
            None
            if wanted is None
            else intensity.apply_fitted(self.target_operations, wanted, axes).astype(np.float32, copy=False),
        )


def fingerprint(examples: Sequence[Example]) -> str:
    """Return what tells examples from others, by their sides and some of their pixels: a name may change."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(str(example.sides).encode())
        for pixels in (example.input, example.target):
            if pixels is not None:
                digest.update(np.ascontiguousarray(pixels[..., pixels.shape[-2] // 2, :]).tobytes())
    return digest.hexdigest()


def split(
    examples: Sequence[Example], least: int, share: float = VALIDATION_SHARE
) -> tuple[list[Example], list[Example], str]:
    """Return examples to learn from, examples to judge by, and in words how they were told apart.

    Whole images are kept where there are several: neighbouring planes of one stack show the same. Of a few
    images the lowest rows are kept.

    Parameters
    ----------
    examples : sequence of Example
        At least one.
    least : int
        Rows that a part needs to be of use.
    share : float
        What to keep.
    """
    names = list(dict.fromkeys(example.name for example in examples))
    if len(names) >= FROM_IMAGES:
        every = max(round(1 / share), 2)
        kept = set(names[every // 2 :: every])
        learn = [each for each in examples if each.name not in kept]
        return learn, [each for each in examples if each.name in kept], f"{len(kept)} of {len(names)} images"
    learn, judge = [], []
    for each in examples:
        side = each.sides[-2]
        rows = max(round(side * share), least)
        if side - rows < least:
            raise ImageError(
                f"{each.name} has {side} rows, but {2 * least} are needed: some to learn from,"
                " some to judge by",
                remedy=f"use larger images, or at least {FROM_IMAGES} of them",
            )
        learn.append(each.rows(slice(0, side - rows)))
        judge.append(each.rows(slice(side - rows, side)))
    return learn, judge, f"the lowest {share:.0%} of the rows of every image"


class Sampler:
    """Draws patches at random, and more of them where there is something to see.

    Parameters
    ----------
    examples : sequence of Example
        What to draw from.
    sides : tuple of int
        The sides of a patch, (Z,) Y, X.
    random : Generator
        Draws.
    turns : bool
        Whether patches are turned by quarters; they are always mirrored.
    corrupt : callable, optional
        Makes input and target out of the input.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        sides: tuple[int, ...],
        random: np.random.Generator,
        *,
        turns: bool = True,
        corrupt: Corrupt | None = None,
    ) -> None:
        self._examples = examples
        self._sides = sides
        self._random = random
        self._turns = turns and sides[-1] == sides[-2]
        self._corrupt = corrupt
        sizes = np.array([float(np.prod(each.sides)) for each in examples])
        self._odds = sizes / sizes.sum()

    def batch(self, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return inputs and targets, (N, C, ..., Y, X); targets are the inputs where there are none."""
        pairs = [self._turned(*self.one()) for _ in range(count)]
        return np.stack([given for given, _ in pairs]), np.stack([wanted for _, wanted in pairs])

    def one(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return one patch with its target, neither turned nor mirrored."""
        example = self._examples[self._random.choice(len(self._examples), p=self._odds)]
        given, wanted = example.patch(self._place(example))
        if self._corrupt is not None:
            return _standardised(*self._corrupt(given, self._random))
        return given, given if wanted is None else wanted

    def _place(self, example: Example) -> tuple[slice, ...]:
        """Return where to cut: half of the time anywhere, else the liveliest of a few places."""
        places = [self._anywhere(example.sides) for _ in range(CANDIDATES)]
        if self._random.random() < 0.5:
            return places[0]
        return max(places, key=lambda place: liveliness(example.input[(slice(None), *place)]))

    def _anywhere(self, sides: tuple[int, ...]) -> tuple[slice, ...]:
        starts = [
            int(self._random.integers(side - own + 1)) for side, own in zip(sides, self._sides, strict=True)
        ]
        return tuple(slice(start, start + own) for start, own in zip(starts, self._sides, strict=True))

    def _turned(self, given: Pixels, wanted: Pixels) -> tuple[Pixels, Pixels]:
        rows, columns, quarters = (bool(each) for each in self._random.integers(2, size=3))
        both = []
        for each in (given, wanted):
            turned = each[..., :: -1 if rows else 1, :: -1 if columns else 1]
            both.append(turned.swapaxes(-1, -2) if quarters and self._turns else turned)
        return both[0], both[1]


def _standardised(given: Pixels, wanted: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return both in units of the noise, so that what is learnt from is the share of it that is left.

    In units of the image's spread, errors where there is little noise would hardly count.
    """
    mean, spread = given.mean(dtype=np.float64), (given - wanted).std(dtype=np.float64) + 1e-6
    return (
        ((given - mean) / spread).astype(np.float32),
        ((wanted - mean) / spread).astype(np.float32),
    )
