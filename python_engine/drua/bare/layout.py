"""Which axes, channels and sides a bare network takes: guessed by what it declares, and tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from drua.bare.network import Network, no_description
from drua.errors import CardError

LAYOUTS = {
    3: ("BYX",),
    4: ("BCYX", "BYXC", "BZYX", "BTYX"),
    5: ("BCZYX", "BZYXC", "BZCYX", "BTCYX", "BTZYX"),
    6: ("BTCZYX", "BTZCYX", "BTZYXC"),
}
"""Number of axes -> what they may be, the commonest first; a layout is axes behind the batch, B."""

FEW_CHANNELS = 4
"""A last side up to this length is taken for channels where the second is longer or free."""

CHANNEL_COUNTS = (1, 3, 2, 4)
"""Tried in this order where the file does not say how many channels the network takes."""


def find_layout(path: Path, network: Network, axes: str | None) -> tuple[str, int, dict[str, int]]:
    """Return axes, number of channels and sides on which the network runs."""
    ranks = [len(network.shape)] if network.shape else sorted(LAYOUTS, key=lambda rank: (rank != 4, rank))
    if not set(ranks) & set(LAYOUTS):
        raise no_description(path, f"takes {ranks[0]} axes")
    layouts = [axes] if axes else [layout for rank in ranks for layout in _ordered(rank, network.shape)]
    if axes and network.shape and len(axes) != len(network.shape):
        raise CardError(
            f"{axes.lower()!r} are {len(axes)} axes, but the input of {path.name} has {len(network.shape)}",
            remedy=f"choose {' or '.join(layout.lower() for layout in LAYOUTS[len(network.shape)])}",
        )
    for layout, channels, sides in _candidates(layouts, network.shape):
        if _takes(network, layout, channels, sides):
            return layout, channels, sides
    raise CardError(
        f"{path.name} runs on none of the images that were tried: {network.reason}",
        remedy="check that it was exported for images, with one batch axis in front",
    )


def _candidates(
    layouts: list[str], shape: tuple[int | None, ...] | None
) -> Iterator[tuple[str, int, dict[str, int]]]:
    """Yield axes, channels and sides to try: round sides first, then every remainder of a large stride.

    Where the file says nothing, odd sides are tried of the commonest layouts only: each try takes its time.
    """
    common = layouts if shape else [layout for layout in layouts if layout in ("BCYX", "BCZYX")]
    for some, sides_of in ((layouts, _round_sides), (common, _odd_sides)):
        for layout in some:
            for channels in _channel_counts(layout, shape):
                for plane, depth in sides_of(layout):
                    yield layout, channels, _with_fixed(layout, shape, plane, depth)


def _takes(network: Network, axes: str, channels: int, sides: Mapping[str, int]) -> bool:
    """Tell whether the network runs; if it does not say what it takes, its batch has to come back, too.

    Else an image without batch axis would pass, which PyTorch takes for one with channels first.
    """
    if network.attempt(shape_of(axes, channels, sides)) is None:
        return False
    if network.shape:
        return True
    batches = [network.attempt(shape_of(axes, channels, sides, batch)) for batch in (2, 3)]
    # a network that was made for single images takes no other batch
    return batches == [None, None] or [given[0] for given in batches if given] == [2, 3]


def _ordered(rank: int, shape: tuple[int | None, ...] | None) -> list[str]:
    """Return the layouts of a rank, likeliest first: by which of its sides is as short as channels are."""
    layouts = list(LAYOUTS[rank])
    if shape is None:
        return [layout for layout in layouts if layout.startswith("BC") or layout.endswith("C")] or layouts
    few = [side is not None and side <= FEW_CHANNELS for side in shape]
    last = few[-1] and not few[1]
    return sorted(layouts, key=lambda layout: layout.endswith("C") != last)


def _channel_counts(axes: str, shape: tuple[int | None, ...] | None) -> tuple[int, ...]:
    if "C" not in axes:
        return (1,)
    declared = shape[axes.index("C")] if shape else None
    return CHANNEL_COUNTS if declared is None else (declared,)


def _round_sides(axes: str) -> list[tuple[int, int]]:
    """Return sides of Y and X, and of Z and T, to begin with."""
    if set("ZT") & set(axes):
        return [(128, 32), (128, 16), (64, 16), (64, 64), (96, 96), (128, 128)]
    return [(side, side) for side in (128, 256, 64, 96, 512, 1024)]


def _odd_sides(axes: str) -> list[tuple[int, int]]:
    return [(side, side) for side in (range(100, 165) if set("ZT") & set(axes) else range(193, 322))]


def _with_fixed(axes: str, shape: tuple[int | None, ...] | None, plane: int, depth: int) -> dict[str, int]:
    """Return the sides that the file fixes, and for the others the wanted ones."""
    sides = {letter: plane if letter in "YX" else depth for letter in image_letters(axes)}
    fixed = {letter: shape[axes.index(letter)] for letter in sides} if shape else {}
    return {letter: fixed.get(letter) or side for letter, side in sides.items()}


def image_letters(axes: str) -> str:
    """Return the letters of the image's sides: without batch and channels."""
    return "".join(letter for letter in axes if letter not in "BC")


def shape_of(axes: str, channels: int, sides: Mapping[str, int], batch: int = 1) -> tuple[int, ...]:
    """Return the shape of an input with these axes."""
    return tuple({"B": batch, "C": channels, **sides}[letter] for letter in axes)
