"""What a packet from a client may be. C2, C6 and the malformed lines of the socket attacks."""

from typing import Any

import pytest

from foundation.errors import Invalid
from pingback.realtime.packets import EVENTS, BadPacket, Packet, encode_event
from pingback.realtime.payloads import Fields


def test_an_event_on_the_list_is_taken() -> None:
    packet = Packet(encoded_packet='27["typing",{"is_typing":true}]')

    assert (packet.id, packet.data) == (7, ["typing", {"is_typing": True}])


@pytest.mark.parametrize(
    "text",
    [
        '2["connect",{}]',
        '2["disconnect"]',
        '2["__proto__"]',
        '2["message"]',
        '2["*"]',
        '2["new_message",{}]',
        "2[7]",
        "2[{}]",
        "2[]",
        '2{"typing":1}',
        '2"typing"',
        "2",
        '2["typing"',
        '2["typing",NaN]',
        '2["typing","\\ud800"]',
        '0{"business_id":"\\u0000"}',
        '2["typing",' + "[" * 20_000 + "]" * 20_000 + "]",
        '2["typing",' + "9" * 50_000 + "]",
        "2" + "1" * 200 + '["typing"]',
        '451-["typing",{"_placeholder":true,"num":0}]',
        '55000-["typing",{"_placeholder":true,"num":0}]',
        '599999999999-["typing"]',
        '60-["typing"]',
        "3[]",
        "31[]",
        '4{"message":"no"}',
        "7",
        "9",
        "x",
        '2/admin,["typing"]',
        "0/admin,",
        '2["typing","' + "a" * 70_000 + '"]',
    ],
)
def test_C2_C6_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadPacket):
        Packet(encoded_packet=text)


DEEP: Any = []
for _level in range(40):
    DEEP = [DEEP]


@pytest.mark.parametrize("flawed", [{"content": "a\0"}, {"content": {"a": "b\0"}}, {"a\0": 1}, {"deep": DEEP}])
def test_what_cannot_be_stored_is_refused_in_words(flawed: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        Fields.of((flawed,))


def test_binary_is_refused() -> None:
    with pytest.raises(BadPacket):
        Packet(encoded_packet=b'2["typing"]')


def test_no_event_of_the_library_is_on_the_list() -> None:
    assert not EVENTS & {"connect", "disconnect", "message", "*"}


def test_an_event_is_encoded_as_clients_expect() -> None:
    assert encode_event("typing", {"is_typing": True}) == '2["typing",{"is_typing":true}]'
