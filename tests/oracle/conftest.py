from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.oracle.reference import Reference


@pytest.fixture(scope="session")
def reference() -> Iterator[Reference]:
    """bioimageio.core, in a process of its own."""
    opened = Reference()
    yield opened
    opened.close()
