"""Captions: what is written on an image, which a result of the same planes keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from drua.errors import ProtocolError


@dataclass(frozen=True)
class Captions:
    """The labels of an image's planes, and the text that came with it.

    Parameters
    ----------
    labels : tuple of str
        One for each plane in the order of T, Z and C, C fastest; '' for a plane without. Empty if no plane
        has one.
    info : str
        What a microscope or a program wrote about the image.
    """

    labels: tuple[str, ...] = ()
    info: str = ""

    def over(self, planes: int, channels: int) -> Captions:
        """Return them for an image of so many planes in all, without labels if those are of other planes.

        One label for all channels of a plane, as of red, green and blue, is repeated.
        """
        if len(self.labels) * channels == planes:
            return replace(self, labels=tuple(label for label in self.labels for _ in range(channels)))
        return self if len(self.labels) == planes else replace(self, labels=())

    def of(self, picked: Sequence[int], channels: int) -> Captions:
        """Return those of some channels, counted from 0, of an image with so many."""
        rows = _rows(self.labels, channels)
        return replace(self, labels=tuple(row[number] for row in rows for number in picked))

    def with_channels(self, names: Sequence[str], channels: int) -> Captions:
        """Return them for an image that has so many channels, and then those of some names."""
        rows = _rows(self.labels, channels)
        return replace(self, labels=tuple(label for row in rows for label in (*row, *names)))

    def to_message(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"labels": list(self.labels), "info": self.info}

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Captions:
        """Return the captions that a message describes; ProtocolError if they are no texts."""
        labels, info = message.get("labels", []), message.get("info", "")
        texts = isinstance(labels, list) and all(isinstance(each, str) for each in (*labels, info))
        if not texts:
            raise ProtocolError(f"captions are {dict(message)!r:.80}, but texts are expected")
        return cls(tuple(labels), info)


def _rows(labels: Sequence[str], channels: int) -> list[Sequence[str]]:
    return [labels[first : first + channels] for first in range(0, len(labels), channels)]
