"""Mails as they come are read into what the inbox shows, and none breaks its reader."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from channels_app.adapters.email.bodies import safe_html
from channels_app.adapters.email.noise import Kind
from channels_app.adapters.email.quotes import fold
from channels_app.adapters.email.reading import MAX_BYTES, Mail, envelope, read
from channels_app.adapters.email.threading import conversation_in, reply_address
from channels_app.adapters.errors import Unreadable
from foundation.ids import new_id
from foundation.text import is_clean
from tests.channels_app.mails.corpus import CASES, MARK

OWN = {"help@acme.example"}


def fact(mail: Mail, name: str) -> Any:
    if name == "files":
        return [(file.name, file.content_type, file.inline) for file in mail.files]
    if name == "cc.emails":
        return [address.email for address in mail.cc]
    if name == "sent_at.iso":
        return mail.sent_at.isoformat() if mail.sent_at else None
    value: Any = mail
    for step in name.split("."):
        value = getattr(value, step)
    return value


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_awkward_mail_is_read(raw: bytes, expected: dict[str, Any]) -> None:
    mail = read(raw, own=OWN, mark=MARK)

    for name, wanted in expected.items():
        if name.endswith("^"):
            assert fact(mail, name[:-1]).startswith(wanted)
        elif name.endswith("~"):
            assert not [word for word in wanted if word in fact(mail, name[:-1])]
        elif name.endswith("#"):
            assert len(fact(mail, name[:-1])) == wanted
        else:
            assert fact(mail, name) == wanted, name


def test_the_same_mail_has_the_same_key_whichever_way_it_comes() -> None:
    raw = b"From: a@b.example\r\nMessage-ID: <1@b.example>\r\n\r\nHi"
    assert read(raw).dedup_key == read(b"Delivered-To: help@acme.example\r\n" + raw).dedup_key
    without = b"From: a@b.example\r\nSubject: x\r\n\r\nHi"
    assert read(without).dedup_key == read(b"Received: by mx\r\n" + without + b"\r\n").dedup_key
    assert read(without).dedup_key != read(without + b"!").dedup_key


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"x" * (MAX_BYTES + 1),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n\r\n" * 2_000,
    ],
    ids=["empty", "too big", "too many parts"],
)
def test_what_would_break_the_reader_is_set_aside(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read(raw)


@pytest.mark.parametrize("depth", [40, 300, 900])
def test_of_parts_nested_without_end_no_word_is_lost_the_mail_is_set_aside(depth: int) -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    with pytest.raises(Unreadable):
        read(raw + b"\r\nHi")


def cost_of(body: str, kind: str = "text/plain") -> float:
    """What it takes to read it, in seconds of this thread's own."""
    raw = f"From: cleo@example.net\r\nContent-Type: {kind}\r\n\r\n{body}".encode()
    costs = []
    for _time in range(2):
        began = time.thread_time()
        read(raw, own=OWN)
        costs.append(time.thread_time() - began)
    return min(costs)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ("a" + "\n" * 12_000 + "b", "text/plain"),
        ("a" + " \n" * 12_000 + "b", "text/plain"),
        ("On " + "a " * 18_000, "text/plain"),
        ("Am 1 " * 8_000, "text/plain"),
        ("On a a a a a a a\n" * 2_000, "text/plain"),
        ("a \n" * 1_000_000, "text/plain; format=flowed"),
        ("&" * 1_000_000, "text/html"),
    ],
    ids=["blank lines", "lines of a space", "one long heading", "headings in one line", "headings", "flowed", "ands"],
)
def test_a_mail_that_is_built_to_be_slow_costs_little_more_than_a_plain_one_of_its_size(shape: str, kind: str) -> None:
    line = "Dear people, my parcel is late.\n"
    plain = line * (max(len(shape), 40_000) // len(line))

    assert cost_of(shape, kind) < 60 * cost_of(plain)


def test_far_below_many_blank_lines_a_quote_is_still_folded() -> None:
    folded = fold(
        "Thanks!" + "\n" * 20_000 + "On Wed, Jan 7, 2026 at 9:14 AM Acme <help@acme.example> wrote:\n> It left."
    )
    assert (folded.shown, folded.rest[:6]) == ("Thanks!", "On Wed")


def test_fields_that_nest_without_end_are_read_by_their_letters() -> None:
    raw = b"From: cleo@example.net\r\nTo: help@acme.example, " + b"(" * 7_000 + b")" * 7_000 + b"\r\n\r\nHi"
    assert envelope(raw)[1] == ("help@acme.example",)
    assert read(raw, own=OWN).text == "Hi"


def test_pictures_that_came_along_are_shown_and_others_are_not_asked_for() -> None:
    html = safe_html('<img src="cid:a@1"><img src="https://t.example/p.gif"><img src="cid:b@1">')

    shown = safe_html(html, pictures={"a@1": "/files/1/a.png"})

    assert shown.count("src=") == 1
    assert 'src="/files/1/a.png"' in shown
    assert "https://t.example/p.gif" in safe_html(html, pictures={}, remote=True)


def test_a_reply_address_names_its_conversation_and_a_changed_one_names_none() -> None:
    conversation_id = new_id()
    address = reply_address("help@acme.example", conversation_id)

    assert conversation_in(["else@acme.example", address.lower()]) == conversation_id
    assert len(address.partition("@")[0]) <= 64
    token = address.partition("+")[2].partition("@")[0]
    for at in range(len(token)):
        changed = token[:at] + ("b" if token[at] == "a" else "a") + token[at + 1 :]
        assert conversation_in([f"help+{changed}@acme.example"]) != conversation_id


def test_a_charset_that_is_none_breaks_nothing() -> None:
    mail = read(b'From: cleo@example.com\r\nContent-Type: text/plain; charset="a\x00b"\r\n\r\nGr\xfc\xdfe', own=OWN)
    assert mail.text.startswith("Gr")


@settings(max_examples=150, deadline=None, database=None)
@given(some.sampled_from(CASES), some.binary(max_size=40), some.integers(0, 2_000), some.integers(0, 60))
def test_whatever_is_broken_in_a_mail_it_is_read_or_set_aside(
    case: tuple[str, bytes, dict[str, Any]], noise: bytes, at: int, less: int
) -> None:
    raw = case[1][:at] + noise + case[1][at + less :]
    try:
        mail = read(raw, own=OWN)
    except Unreadable:
        return
    words = [mail.subject, mail.text, mail.quoted, mail.html, mail.sender.email, *(file.name for file in mail.files)]
    assert all(is_clean(text) for text in words)
    assert mail.dedup_key
    assert mail.kind in Kind
    assert envelope(raw) == (mail.dedup_key, mail.recipients)


@settings(max_examples=150, deadline=None, database=None)
@given(
    some.lists(
        some.sampled_from(
            ["> a", "b", "", "-- ", "On Mon, Jan 5, 2026 at 1:00 PM A <a@b.c> wrote:", "_" * 40, "From: A"]
        )
    )
)
def test_folding_loses_no_line(lines: list[str]) -> None:
    text = "\n".join(lines)

    folded = fold(text)

    assert lines_of(f"{folded.shown}\n{folded.rest}") == lines_of(text)


def lines_of(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n") if line.strip()]
