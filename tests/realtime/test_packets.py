"""What a packet from a client may be. C2, C6 and the malformed lines of the socket attacks."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.errors import Invalid
from pingback.realtime.packets import EVENTS, BadPacket, Packet, encode_event
from pingback.realtime.payloads import Fields


def test_an_event_on_the_list_is_taken() -> None:
    packet = Packet(encoded_packet='27["typing",{"is_typing":true}]')

    assert (packet.id, packet.data) == (7, ["typing", {"is_typing": True}])


@pytest.mark.parametrize("text", ["\\ud800", "\\uDFFF", "\\ude00\\ud83d", "\\ud83d\\ud83d\\ude00", "\\u0000"])
@pytest.mark.parametrize("payload", ['{"content":"Hi %s"}', '{"customer":{"name":"%s"}}', '{"%s":1}'])
def test_S2_what_cannot_be_stored_is_refused_in_the_ack(payload: str, text: str) -> None:
    packet = Packet(encoded_packet=f'27["client_message",{payload % text}]')

    with pytest.raises(Invalid):
        Fields.of(tuple(packet.data[1:]))


def test_an_emoji_in_escapes_and_a_backslash_are_words_like_others() -> None:
    """Beside a lone surrogate, too, which alone is not as it was sent."""
    packet = Packet(encoded_packet='2["typing",["\\ud83d\\ude00","C:\\\\ud800","\\ud800"]]')

    assert packet.data[1] == ["\U0001f600", "C:\\ud800", "\0"]


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
        '2["typing",{"a":"\\ud800","b":NaN}]',
        '0{"business_id":"\\udfff"}',
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


# The protocol's letters in any order, long runs of them, and anything else; the empty one never gets here.
PROTOCOL = st.text(alphabet='0123456789-/,[]{}":\\u_eE+. typingconnect\x00\ud800\x1e', min_size=1, max_size=200)
LONG = st.builds(
    lambda start, part, times: (start + part * times)[:16_384],
    st.sampled_from(["2", "0", "5", "51-", "2/", '2["typing",', "27"]),
    st.text(alphabet='0123456789-/,[]{}":\\', min_size=1, max_size=8),
    st.integers(1, 16_384),
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(PROTOCOL, LONG, st.text(min_size=1, max_size=100), st.binary(min_size=1, max_size=50)))
def test_S4_whatever_comes_is_one_of_our_packets_or_a_bad_one(sent: str | bytes) -> None:
    try:
        packet = Packet(encoded_packet=sent)
    except BadPacket:
        return
    assert packet.attachment_count == 0
    assert packet.namespace in {None, "/"}
    assert packet.packet_type != 2 or packet.data[0] in EVENTS
