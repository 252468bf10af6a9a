"""Memory: what a prediction needs of it is compared with what there is, and a full one is got along with.

A prediction that cannot fit is refused before it starts. When the memory of a device is full all the same,
a tile is predicted in smaller pieces, and when the smallest piece is too large, on the CPU. Finished tiles
stay, and the result is the same: a piece sees as much context as the network looks at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from drua import axes, platform, tiling
from drua.backends import Backend, open_backend
from drua.errors import DeviceMemoryError
from drua.models.card import ModelCard

BYTES_PER_PLANE_PIXEL = 100
"""Least memory while one plane is predicted and decoded, for each of its pixels: measured with three maps."""

BYTES_PER_PIXEL = 16
"""Least memory for label images, outlines and what is handed over, for each pixel of all planes: measured."""


def check(shape: tuple[int, ...]) -> None:
    """Refuse a prediction that would not fit into the memory of this machine.

    Parameters
    ----------
    shape : tuple of int, (T, Z, Y, X)
        Sides of what is to be predicted, in pixels.

    Raises
    ------
    DeviceMemoryError
        If it needs more bytes than are free.
    """
    times, slices, rows, columns = shape
    plane = rows * columns
    needed = BYTES_PER_PLANE_PIXEL * plane + BYTES_PER_PIXEL * plane * times * slices
    free = platform.free_memory()
    if needed > free:
        raise DeviceMemoryError(
            f"{columns} x {rows} x {times * slices} pixels need about {_gigabytes(needed)} of memory,"
            f" but {_gigabytes(free)} are free",
            remedy="close other programs, select a part of the image, or process fewer planes at once",
        )


class FrugalBackend:
    """A backend that goes on with smaller pieces, then on the CPU, where another gives up for lack of memory.

    Parameters
    ----------
    backend : Backend
        The network; it stays the caller's to close.
    card : ModelCard
        Its card.
    """

    def __init__(self, backend: Backend, card: ModelCard) -> None:
        self.notes: list[str] = []
        """What had to be done differently, in words for the user."""
        self._card = card
        self._backend = backend
        self._given = backend
        self._side: int | None = None
        self._context = _round_up(card.receptive_field, card.stride)

    @property
    def device(self) -> str:
        """The device that is used; both, if it changed on the way."""
        first, now = self._given.device, self._backend.device
        return first if first == now else f"{first}, then {now}"

    @property
    def provider(self) -> str:
        """What executes the network now."""
        return self._backend.provider

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return the network's output for its input, both float32 in the network's own axes.

        Raises
        ------
        DeviceMemoryError
            If not even a small piece fits into the computer's memory.
        """
        while True:
            try:
                return [self._predict(inputs[0])]
            except DeviceMemoryError as error:
                self._get_along(self._sides(inputs[0]), error)

    def close(self) -> None:
        """Give back what was loaded besides the given backend."""
        if self._backend is not self._given:
            self._backend.close()

    def _sides(self, tiles: NDArray[Any]) -> tuple[int, ...]:
        return tuple(tiles.shape[1 + self._card.input.axes.index(letter)] for letter in "YX")

    def _predict(self, tiles: NDArray[Any]) -> NDArray[Any]:
        sides = self._sides(tiles)
        if self._side is None or max(sides) <= self._side:
            return self._backend.run([tiles])[0]
        card = self._card
        grid = tiling.TileGrid(sides, (self._side,) * 2, (self._context,) * 2, (card.stride,) * 2)
        pieces = tiling.split(axes.permute(tiles[0], card.input.axes, "CYX"), grid)
        whole = tiling.stitch(((piece, self._predict_piece(view)) for piece, view in pieces), grid)
        return axes.permute(whole, "CYX", card.output.axes)[None]

    def _predict_piece(self, view: NDArray[Any]) -> NDArray[Any]:
        output = self._backend.run([axes.permute(view, "CYX", self._card.input.axes)[None]])[0]
        return axes.permute(output[0], self._card.output.axes, "CYX")

    def _get_along(self, sides: tuple[int, ...], error: DeviceMemoryError) -> None:
        now = min(max(sides), self._side or max(sides))
        smaller = self._smaller(now)
        device = self._backend.device
        if smaller < now:
            self._side = smaller
            self.notes.append(f"the memory of {device} was full: tiles of {smaller} pixels instead of {now}")
        elif device != "cpu":
            self._backend, self._side = open_backend(self._card, "cpu"), None
            self.notes.append(f"the memory of {device} was full: the rest was predicted on the CPU")
        else:
            raise DeviceMemoryError(
                f"not even a tile of {now} x {now} pixels fits into the memory:"
                f" {_gigabytes(platform.free_memory())} are free",
                remedy="close other programs",
            ) from error

    def _smaller(self, side: int) -> int:
        """Return the next smaller side; the same if more of a piece would be context than is worth it."""
        stride = self._card.stride
        least = 2 * self._context + max(self._context, stride)
        return min(side, max(side // 2 // stride * stride, least))


def _round_up(length: int, step: int) -> int:
    return -(-length // step) * step


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
