from __future__ import annotations

import pytest
from drua.captions import Captions
from drua.errors import ProtocolError

LABELS = ("DAPI 1", "GFP 1", "DAPI 2", "GFP 2")


def test_labels_of_some_channels_are_those_of_their_planes() -> None:
    written = Captions(LABELS, "a note")
    assert written.of([1], 2) == Captions(("GFP 1", "GFP 2"), "a note")
    assert written.of([1, 0], 2).labels == ("GFP 1", "DAPI 1", "GFP 2", "DAPI 2")


def test_further_channels_come_after_those_of_each_plane() -> None:
    more = Captions(LABELS).with_channels(["nuclei"], 2)
    assert more.labels == ("DAPI 1", "GFP 1", "nuclei", "DAPI 2", "GFP 2", "nuclei")


def test_labels_of_other_planes_are_left_out_and_the_info_stays() -> None:
    assert Captions(LABELS, "a note").over(6, 2) == Captions((), "a note")


def test_colours_share_a_label() -> None:
    assert Captions(("t1", "t2")).over(6, 3).labels == ("t1", "t1", "t1", "t2", "t2", "t2")


def test_captions_that_are_no_texts_are_refused() -> None:
    written = Captions(LABELS, "a note")
    assert Captions.from_message(written.to_message()) == written
    with pytest.raises(ProtocolError, match="texts are expected"):
        Captions.from_message({"labels": [1]})
