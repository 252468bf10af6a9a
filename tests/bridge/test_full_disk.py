"""Result files on real file systems that are full or read-only: an error with a remedy, nothing half-made."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from drua.errors import OutputError
from drua.image import Image
from drua.pipeline import Prediction, predict
from drua.results import check_folder, save

from tests.bridge.client import Client

Disk = Callable[[str], Path]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Return what mounts a small file system with some options."""
    mounted = []

    def mount(options: str) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=False)
        if done.returncode:
            pytest.skip("this user may not mount a file system, which the test needs")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", place], check=True)


@pytest.fixture
def large(tiny_package: Path) -> Prediction:
    field = np.random.default_rng(5).integers(0, 60_000, (700, 900)).astype(np.uint16)
    return predict(Image(field, "YX"), str(tiny_package))


def test_a_full_disk_gets_no_part_of_a_result(disk: Disk, large: Prediction) -> None:
    place = disk("size=512k")
    earlier = place / "mine.txt"
    earlier.write_text("earlier work")
    with pytest.raises((OutputError, OSError), match="No space left"):
        save(large, place, "field")
    assert list(place.iterdir()) == [earlier]
    assert earlier.read_text() == "earlier work"


def test_a_read_only_folder_is_refused_before_any_work(disk: Disk) -> None:
    place = disk("size=512k,ro")
    with pytest.raises(OutputError, match="cannot be written"):
        check_folder(place / "out", "field", ["-labels.tif"])


def test_a_full_disk_costs_only_the_files_and_not_the_result(
    disk: Disk, tiny_package: Path, tmp_path: Path
) -> None:
    place = disk("size=256k")
    field = np.random.default_rng(5).integers(0, 60_000, (700, 900)).astype(np.uint16)
    with Client(tmp_path) as client:
        inputs = {
            "model": str(tiny_package),
            "image": client.put(field) | {"axes": "YX"},
            "save": {"folder": str(place), "stem": "field"},
        }
        outputs = client.call("segment", inputs)
    assert outputs["save_error"]["code"] == "OUTPUT"
    assert "No space left" in outputs["save_error"]["message"]
    assert list(place.iterdir()) == []
