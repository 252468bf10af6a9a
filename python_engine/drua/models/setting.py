"""Setting: one value of a model that a user may change, and what it may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drua.errors import CardError, SettingError

TYPES = ("number", "integer", "choice", "flag")
"""Types of a model's settings; a question about a bare network may also be of the type 'text'."""


@dataclass(frozen=True)
class Setting:
    """A name, a label for dialogs, a type and a range."""

    name: str
    label: str
    type: str
    default: Any
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] | None = None
    help: str = ""

    @classmethod
    def from_description(cls, model: str, item: Mapping[str, Any]) -> Setting:
        """Return the setting that a card describes; CardError if its default breaks its own rule."""
        try:
            choices = tuple(item["choices"]) if item.get("choices") else None
            setting = cls(**{**item, "choices": choices})
            if setting.type not in TYPES:
                raise CardError(
                    f"a setting of model {model!r} has the type {setting.type!r}; use {', '.join(TYPES)}"
                )
            setting.parse(setting.default)
        except (TypeError, SettingError) as error:
            raise CardError(f"a setting of model {model!r} is wrong: {error}") from error
        return setting

    def parse(self, value: Any) -> Any:
        """Return the value, read from text where it is text, if it keeps the rule.

        Raises
        ------
        SettingError
            If the value has the wrong type or lies outside its range.
        """
        if self.type == "flag":
            return self._flag(value)
        if self.type == "choice":
            return self._choice(value)
        if self.type == "text":
            return self._text(value)
        return self._number(value)

    def _flag(self, value: Any) -> bool:
        known = {"true": True, "false": False}
        text = str(value).lower()
        if text not in known:
            raise SettingError(f"{self.name} is {value!r}, but must be true or false")
        return known[text]

    def _choice(self, value: Any) -> str:
        choices = self.choices or ()
        if value not in choices:
            raise SettingError(f"{self.name} is {value!r}, but must be one of {', '.join(choices)}")
        return str(value)

    def _text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise SettingError(f"{self.name} is {value!r}, but must be text")
        return value.strip()

    def _number(self, value: Any) -> float | int:
        kind = "a whole number" if self.type == "integer" else "a number"
        try:
            number = float(value) if not isinstance(value, bool) else math.nan
        except (TypeError, ValueError):
            number = math.nan
        whole = self.type == "integer"
        if not math.isfinite(number) or (whole and number != int(number)):
            raise SettingError(f"{self.name} is {value!r}, but must be {kind}")
        if (self.min is not None and number < self.min) or (self.max is not None and number > self.max):
            raise SettingError(
                f"{self.name} is {value}, but must lie between {self.min} and {self.max}",
                remedy="choose a value in that range",
            )
        return int(number) if whole else number
