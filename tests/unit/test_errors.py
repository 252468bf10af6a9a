from __future__ import annotations

import re
from pathlib import Path

from drua import errors

JAVA = Path(__file__).parents[2] / "fiji_plugin/src/main/java/io/github/drua/engine/ErrorCode.java"


def test_the_drawn_tree_is_the_tree() -> None:
    drawn = set(re.findall(r"\b\w+Error\b", errors.__doc__ or ""))
    built = {
        name for name, value in vars(errors).items() if isinstance(value, type) and name.endswith("Error")
    }
    assert drawn == built


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.DruaError)
    ]
    assert len(errors.codes()) == len(kinds)


def test_java_has_the_same_codes() -> None:
    constants = set(re.findall(r"^\s+([A-Z_]+)[,;(]", JAVA.read_text(encoding="utf-8"), re.MULTILINE))
    assert constants == errors.codes() | {"INTERNAL"}


def test_text_is_message_and_remedy() -> None:
    error = errors.AxesError("axes 'YX' has no Z", remedy="choose a stack")
    assert str(error) == "axes 'YX' has no Z; choose a stack"
    assert error.message == "axes 'YX' has no Z"


def test_the_error_of_a_code_is_the_one_that_has_it() -> None:
    for code in errors.codes():
        assert errors.error_of(code, "why", "do this").code == code
    assert type(errors.error_of("AXES", "why")) is errors.AxesError
    assert str(errors.error_of("INTERNAL", "why", "do this")) == "why; do this"
