"""The pins of the plugin's own environment fit what the engine asks for, on every Python that it supports."""

from __future__ import annotations

from importlib.metadata import requires
from importlib.resources import files

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PINS = [Requirement(line) for line in files("drua").joinpath("constraints.txt").read_text().splitlines()]
BUILDS = ("cpu", "nvidia")


def _asked() -> list[Requirement]:
    asked = [Requirement(line) for line in requires("drua") or []]
    needed = [
        item
        for item in asked
        if item.marker is None or any(item.marker.evaluate({"extra": build}) for build in BUILDS)
    ]
    assert len(needed) > 10
    return needed


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("asked", _asked(), ids=lambda asked: asked.name)
def test_every_requirement_has_one_pin_within_its_range(asked: Requirement, python: str) -> None:
    here = {"python_version": python, "python_full_version": f"{python}.0"}
    pins = [
        pin
        for pin in PINS
        if canonicalize_name(pin.name) == canonicalize_name(asked.name)
        and (pin.marker is None or pin.marker.evaluate(here))
    ]
    assert len(pins) == 1
    (version,) = pins[0].specifier
    assert version.operator == "=="
    assert asked.specifier.contains(version.version)
