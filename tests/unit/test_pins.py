"""The pins of the plugin's own environment fit what the engine asks for, on every Python that it supports."""

from __future__ import annotations

from importlib.metadata import requires
from importlib.resources import files

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BUILDS = ("cpu", "nvidia")


def _pins(build: str) -> list[Requirement]:
    text = files("drua").joinpath(f"pins/{build}.txt").read_text(encoding="utf-8")
    return [Requirement(line) for line in text.splitlines()]


def _asked(build: str) -> list[Requirement]:
    asked = [Requirement(line) for line in requires("drua") or []]
    return [item for item in asked if item.marker is None or item.marker.evaluate({"extra": build})]


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("build", [*BUILDS, "torch"])
def test_every_requirement_has_one_pin_within_its_range(build: str, python: str) -> None:
    here = {"python_version": python, "python_full_version": f"{python}.0"}
    asked = _asked(build)
    assert len(asked) > 10
    for item in asked:
        pins = [
            pin
            for pin in _pins(build)
            if canonicalize_name(pin.name) == canonicalize_name(item.name)
            and (pin.marker is None or pin.marker.evaluate(here))
        ]
        assert len(pins) == 1, f"{item}: run `make lock`"
        (version,) = pins[0].specifier
        assert version.operator == "=="
        assert item.specifier.contains(version.version), item


def test_with_torch_there_is_all_that_the_cpu_needs() -> None:
    versions = [{(pin.name, str(pin.specifier)) for pin in _pins(build)} for build in ("cpu", "torch")]
    assert versions[0] <= versions[1]


def test_the_builds_differ_in_the_runtime_alone() -> None:
    names = [{pin.name for pin in _pins(build)} for build in BUILDS]
    assert names[0] - names[1] == {"onnxruntime"}
    assert all(name.startswith(("onnxruntime-gpu", "nvidia-")) for name in names[1] - names[0])
