"""The golden messages, which JUnit reads too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from drua import protocol
from drua.errors import ProtocolError

GOLDEN = json.loads((Path(__file__).parent / "messages.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("message", GOLDEN["requests"], ids=lambda message: message["requestType"])
def test_golden_request_is_decoded_and_encoded_to_the_same(message: dict) -> None:
    assert json.loads(protocol.encode(protocol.decode_request(json.dumps(message)))) == message


@pytest.mark.parametrize("message", GOLDEN["responses"], ids=lambda message: message["responseType"])
def test_golden_response_is_decoded_and_encoded_to_the_same(message: dict) -> None:
    assert json.loads(protocol.encode(protocol.decode_response(json.dumps(message)))) == message


def test_every_kind_of_message_has_a_golden_example() -> None:
    assert {message["requestType"] for message in GOLDEN["requests"]} == set(protocol.REQUESTS)
    assert {message["responseType"] for message in GOLDEN["responses"]} == set(protocol.RESPONSES)


def test_a_line_is_ascii_without_line_feed() -> None:
    line = protocol.encode(protocol.Update("1", "Kacheln: ü\n", 1, 2))
    assert line.isascii()
    assert "\n" not in line


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ('{"requestType": "EXPLODE"}', "requestType is 'EXPLODE'"),
        ('{"requestType": ["PING"]}', "must be one of"),
        ('{"requestType": "CANCEL"}', "CANCEL has task=None"),
        ('{"requestType": "PING", "id": true}', "PING has id=True"),
        ('{"requestType": "RELEASE", "segments": [1]}', "names are expected"),
        ('{"requestType": "ATTACH", "segments": [{"name": "a"}]}', "name, path and bytes"),
    ],
)
def test_a_broken_line_is_refused_with_its_reason(line: str, part: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        protocol.decode_request(line)
    assert part in str(caught.value)


def test_a_line_that_is_too_long_is_refused() -> None:
    with pytest.raises(ProtocolError, match="bytes, but"):
        protocol.decode_request(" " * (protocol.LONGEST_LINE + 1))


def test_the_task_of_a_broken_line_is_found() -> None:
    assert protocol.task_of('{"requestType": "EXECUTE", "task": "9"}') == "9"
    assert protocol.task_of("nonsense") is None
