from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from drua.errors import SegmentError
from drua.protocol import SegmentFile
from drua.segments import Segments, bytes_needed


@pytest.fixture
def file(tmp_path: Path) -> SegmentFile:
    path = tmp_path / "s1"
    path.write_bytes(bytes(4096))
    return SegmentFile("s1", str(path), 4096)


@pytest.fixture
def segments(file: SegmentFile) -> Segments:
    segments = Segments()
    segments.attach([file])
    return segments


def test_a_view_shares_memory_with_the_file(segments: Segments, file: SegmentFile) -> None:
    segments.view({"segment": "s1", "offset": 64, "dtype": "uint16", "shape": [3, 5]})[2, 4] = 770
    assert Path(file.path).read_bytes()[64 + 28 : 64 + 30] == b"\x02\x03"


def test_a_view_outlives_the_unlinked_file_and_the_release(segments: Segments, file: SegmentFile) -> None:
    view = segments.view({"segment": "s1", "offset": 0, "dtype": "uint8", "shape": [4096]})
    os.unlink(file.path)
    segments.release(["s1"])
    view[:] = 7
    assert int(view.sum()) == 7 * 4096


def test_written_arrays_are_read_back_from_their_references(segments: Segments) -> None:
    arrays = [np.arange(7, dtype=np.uint16), np.zeros((0, 3)), np.arange(6.0).reshape(2, 3)]
    references = segments.write("s1", arrays)
    assert [reference["offset"] for reference in references] == [0, 64, 64]
    for array, reference in zip(arrays, references, strict=True):
        np.testing.assert_array_equal(segments.view(reference), array)
    assert bytes_needed(arrays) == 128


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"segment": "s2"}, "is not attached; attached are s1"),
        ({"dtype": "complex64"}, "dtype 'complex64' is none of"),
        ({"shape": [-1]}, "is not a list of sides"),
        ({"shape": [True]}, "is not a list of sides"),
        ({"shape": [2**40, 2**40]}, "does not lie in segment"),
        ({"offset": 4096}, "does not lie in segment"),
        ({"offset": -64}, "does not lie in segment"),
        ({"offset": 3}, "does not lie in segment"),
    ],
)
def test_a_wrong_reference_is_refused(segments: Segments, change: dict, part: str) -> None:
    reference = {"segment": "s1", "offset": 0, "dtype": "uint8", "shape": [16]} | change
    with pytest.raises(SegmentError) as caught:
        segments.view(reference)
    assert part in str(caught.value)


def test_a_file_shorter_than_it_says_is_refused_before_it_is_mapped(file: SegmentFile) -> None:
    with pytest.raises(SegmentError, match="has 4096 bytes, but 8192"):
        Segments().attach([SegmentFile("s1", file.path, 8192)])


def test_a_link_is_not_followed(file: SegmentFile, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file.path)
    with pytest.raises(SegmentError, match="cannot be opened"):
        Segments().attach([SegmentFile("s1", str(link), 4096)])


def test_a_name_is_attached_once(segments: Segments, file: SegmentFile) -> None:
    with pytest.raises(SegmentError, match="attached already"):
        segments.attach([file])
