"""The documented wire, sample by sample, and what is nearly it: the right events, and no error."""

import copy
from typing import Any

import orjson
import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter, split
from channels_app.adapters.events import (
    AccountTold,
    ContactChanged,
    EchoReceived,
    InboundEvent,
    Incoming,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ReactionChanged,
    StatusChanged,
)
from channels_app.adapters.telegram import TelegramAdapter
from channels_app.models import Channel
from conversations.models import ChannelType
from tests.channels_app import samples


def events(type: ChannelType, payload: Any) -> list[InboundEvent]:
    adapter = adapter_of(type)
    return [event for item in adapter.route(incoming(payload)) for event in adapter.parse(item.payload)]


def adapter_of(type: ChannelType) -> ChannelAdapter:
    return ADAPTERS[type](Channel(type=type), {"bot_token": "1:x", "access_token": "x"})


def incoming(payload: Any) -> Incoming:
    return Incoming(method="POST", url="https://desk.example", headers={}, query={}, body=orjson.dumps(payload))


def test_whatsapps_message() -> None:
    event, told = events(ChannelType.WHATSAPP, samples.WHATSAPP_MESSAGE)

    assert told == AccountTold(name="waba_id", value="300000000000001")
    assert isinstance(event, MessageReceived)
    assert event.contact.keys == ("bsuid:GB.4410020030040050", "tel:+447700900123")
    assert (event.contact.name, event.text) == ("Cleo Marsh", "Where is my parcel?")
    assert (event.external_id, event.reply_to) == ("wamid.UEJURVNUMDAwMQ==", "wamid.UEJURVNUMDAwMA==")


SHIRT = {"product_retailer_id": "sku1", "quantity": 2, "item_price": 4.5, "currency": "GBP"}
ANSWERS = {
    "order": "1009",
    "extras": ["card", "ribbon"],
    "gift": True,
    "news": False,
    "note": None,
    "floor": 0,
    "colour": {"id": "7", "title": "Blue"},
    "address": {"street": "Quay 1", "town": "Leith", "flat": None},
    "more": [],
}
FORM = {"body": "Sent", "response_json": orjson.dumps({"flow_token": "t", **ANSWERS}).decode()}
BOB = {
    "name": {"formatted_name": "Bob Hill"},
    "phones": [{"phone": "+44 1"}, {"phone": "+44 2"}],
    "emails": [{"email": "bob@x.example"}],
}


@pytest.mark.parametrize(
    ("message", "text", "kinds"),
    [
        (
            {"type": "text", "text": {"body": "Hi"}, "referral": {"headline": "Sale", "source_url": "https://fb.me/1"}},
            "Hi\n(Came by an ad: Sale https://fb.me/1)",
            [],
        ),
        (samples.WHATSAPP_IMAGE, "The label", ["image"]),
        ({"type": "audio", "audio": {"id": "1", "voice": True, "mime_type": "audio/ogg"}}, "", ["voice"]),
        ({"type": "location", "location": {"latitude": 51.5, "longitude": -0.12, "name": "Depot"}}, "Place: Depot", []),
        ({"type": "button", "button": {"payload": "yes", "text": "Yes please"}}, "Yes please", []),
        ({"type": "interactive", "interactive": {"list_reply": {"id": "1", "title": "Blue"}}}, "Blue", []),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, "(A kind of message", []),
        ({"type": "order", "order": {"product_items": [{}]}}, "(An order of 1 product)", []),
        (
            {"type": "order", "order": {"text": "Please", "product_items": [SHIRT, {"product_retailer_id": "sku9"}]}},
            "Please\n(An order of 2 products)\n2 × sku1, 4.5 GBP\n1 × sku9",
            [],
        ),
        (
            {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": FORM}},
            "Sent\norder: 1009\nextras: card, ribbon\ngift: yes\nnews: no\nfloor: 0\ncolour: Blue\n"
            "address: Quay 1 Leith",
            [],
        ),
        ({"type": "interactive", "interactive": {"nfm_reply": {"body": "Sent", "response_json": "{"}}}, "Sent", []),
        (
            {"type": "contacts", "contacts": [BOB, {"name": {"formatted_name": "Al"}, "phones": [{"wa_id": "443"}]}]},
            "Contact: Bob Hill, +44 1, +44 2, bob@x.example\nContact: Al, 443",
            [],
        ),
    ],
)
def test_whatsapps_kinds_of_messages(message: dict[str, Any], text: str, kinds: list[str]) -> None:
    (event,) = events(ChannelType.WHATSAPP, samples.whatsapp({"from": "44", "id": "wamid.1", **message}))

    assert isinstance(event, MessageReceived)
    assert event.text.startswith(text)
    assert [media.kind for media in event.media] == kinds


def test_what_metas_own_agent_or_another_app_is_at_gets_no_answer_of_a_machine() -> None:
    here = samples.whatsapp({"from": "44", "id": "wamid.1", "type": "text", "text": {"body": "Hi"}})
    there = copy.deepcopy(here)
    there["entry"][0]["changes"][0]["field"] = "standby"
    assert [event.automated for told in (here, there) for event in events(ChannelType.WHATSAPP, told)] == [False, True]  # type: ignore[attr-defined]

    for item in ({"message": {"mid": "m", "text": "Hi"}}, {"postback": {"mid": "p", "title": "Start"}}):
        told = samples.instagram(item)
        told["entry"][0]["standby"] = told["entry"][0].pop("messaging")
        assert {event.automated for event in events(ChannelType.INSTAGRAM, told)} == {True}  # type: ignore[attr-defined]
        assert {event.automated for event in events(ChannelType.INSTAGRAM, samples.instagram(item))} == {False}  # type: ignore[attr-defined]


def test_a_sender_without_a_number_is_known_by_the_users_id() -> None:
    message = {"from_user_id": "GB.44", "id": "wamid.1", "type": "text", "text": {"body": "Hi"}}

    (event,) = events(ChannelType.WHATSAPP, samples.whatsapp(message))

    assert isinstance(event, MessageReceived)
    assert (event.contact.keys, event.contact.proven, event.thread_key) == (("bsuid:GB.44",), (), "GB.44")


@pytest.mark.parametrize("name", [["L"], {"L": 1}, 7, None])
def test_a_name_that_is_no_text_is_none(name: Any) -> None:
    message = {"from": "44", "id": "wamid.1", "type": "text", "text": {"body": "Hi"}}
    contact = {"wa_id": "44", "profile": {"name": name, "username": name}}

    (event,) = ADAPTERS[ChannelType.WHATSAPP](Channel(), {}).parse({"message": message, "contacts": [contact]})

    assert isinstance(event, MessageReceived)
    assert (event.contact.name, event.contact.handle) == ("", "+44")


@pytest.mark.parametrize(
    ("kind", "about", "event"),
    [
        ("edit", {"message": {"type": "text", "text": {"body": "Nine"}}}, MessageEdited(external_id="w", text="Nine")),
        ("revoke", {}, MessageDeleted(external_id="w")),
    ],
)
def test_whatsapps_changes_are_those_of_the_customer_and_those_made_on_the_teams_phone(
    kind: str, about: dict[str, Any], event: InboundEvent
) -> None:
    changed = {"from": "44", "to": "45", "id": "wamid.2", "type": kind, kind: {"original_message_id": "w", **about}}

    assert events(ChannelType.WHATSAPP, samples.whatsapp(changed)) == [event]
    assert list(ADAPTERS[ChannelType.WHATSAPP](Channel(), {}).parse({"echo": changed})) == [event]


@pytest.mark.parametrize("said", ["sent", "delivered", "read", "failed"])
def test_whatsapps_statuses(said: str) -> None:
    (event,) = events(ChannelType.WHATSAPP, samples.whatsapp_status(said))

    assert isinstance(event, StatusChanged)
    assert (event.status, event.external_id, event.correlation) == (said, "wamid.UEJPVVQwMDAx", "msg-7c2d")


def test_instagrams_message() -> None:
    (event,) = {event.external_id: event for event in events(ChannelType.INSTAGRAM, samples.INSTAGRAM_MESSAGE)}.values()  # type: ignore[attr-defined]

    assert isinstance(event, MessageReceived)
    assert (event.text, event.reply_to, event.thread_key) == (
        "Is this in stock?",
        "aWdfZAG1faXRlbTow",
        "6100000000000001",
    )
    assert [media.kind for media in event.media] == ["image"]


def test_a_post_that_instagram_tells_twice_is_shown_once() -> None:
    post = {"id": "1", "title": "My post", "url": "https://www.instagram.com/p/1"}
    attachments = [
        {"type": "ig_post", "payload": post},
        {"type": "share", "payload": {"url": post["url"]}},
        {"type": "share", "payload": {"url": "https://www.instagram.com/p/2"}},
    ]

    event = events(ChannelType.INSTAGRAM, samples.instagram({"message": {"mid": "m", "attachments": attachments}}))[0]

    assert isinstance(event, MessageReceived)
    assert event.text == f"My post: {post['url']}\nShared a post: https://www.instagram.com/p/2"


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"message": {"mid": "m", "is_echo": True, "text": "Hi"}}, EchoReceived),
        ({"message": {"mid": "m", "is_deleted": True}}, MessageDeleted),
        ({"message_edit": {"mid": "m", "text": "New", "num_edit": "1"}}, MessageEdited),
        ({"read": {"mid": "m"}}, StatusChanged),
        ({"reaction": {"mid": "m", "action": "react", "emoji": "❤"}}, ReactionChanged),
        ({"postback": {"mid": "m", "title": "Start"}}, MessageReceived),
        ({"message": {"mid": "m", "attachments": [{"type": "ephemeral"}]}}, MessageReceived),
    ],
)
def test_instagrams_other_events(item: dict[str, Any], kind: type[InboundEvent]) -> None:
    found = events(ChannelType.INSTAGRAM, samples.instagram(item))

    assert {type(event) for event in found} == {kind}


@pytest.mark.parametrize(
    ("content", "text", "files"),
    [
        ({"location": {"latitude": 51.5, "longitude": -0.1}}, "Place: 51.5, -0.1", []),
        (
            {"location": {"latitude": 51.5, "longitude": -0.1}, "venue": {"title": "Depot", "address": "Quay 1"}},
            "Place: Depot Quay 1 (51.5, -0.1)",
            [],
        ),
        (
            {"venue": {"location": {"latitude": 51.5, "longitude": -0.1}, "title": "Depot", "address": "Quay 1"}},
            "Place: Depot Quay 1 (51.5, -0.1)",
            [],
        ),
        ({"sticker": {"file_id": "s", "emoji": "🎉"}}, "🎉", ["s"]),
        ({"sticker": {"file_id": "s", "emoji": "🎉", "is_animated": True, "thumbnail": {"file_id": "t"}}}, "🎉", ["t"]),
        ({"sticker": {"file_id": "s", "emoji": "🎉", "is_video": True}}, "🎉", []),
    ],
)
def test_telegrams_kinds_of_messages(content: dict[str, Any], text: str, files: list[str]) -> None:
    message = {"message_id": 1, "chat": {"id": 6, "type": "private"}, **content}

    (event,) = events(ChannelType.TELEGRAM, {"update_id": 1, "message": message})

    assert isinstance(event, MessageReceived)
    assert (event.text, [media.provider_ref for media in event.media]) == (text, files)


def test_telegrams_message() -> None:
    (event,) = events(ChannelType.TELEGRAM, samples.TELEGRAM_UPDATE)

    assert isinstance(event, MessageReceived)
    assert (event.contact.keys, event.contact.name) == (("tg:6000000123",), "Cleo")
    assert (event.external_id, event.reply_to) == ("6000000123:41", "6000000123:40")
    assert event.text == "Hi, order 1009?"


@pytest.mark.parametrize(
    ("update", "kind"),
    [
        ({"edited_message": {"message_id": 1, "chat": {"id": 1, "type": "private"}, "text": "New"}}, MessageEdited),
        ({"my_chat_member": {"chat": {"id": 1}, "new_chat_member": {"status": "kicked"}}}, ContactChanged),
        ({"message_reaction": {"chat": {"id": 1}, "message_id": 1, "new_reaction": []}}, ReactionChanged),
        ({"callback_query": {"id": "9", "data": "yes", "message": {"chat": {"id": 1}}}}, MessageReceived),
    ],
)
def test_telegrams_other_updates(update: dict[str, Any], kind: type[InboundEvent]) -> None:
    (event,) = events(ChannelType.TELEGRAM, {"update_id": 1, **update})

    assert isinstance(event, kind)


def test_a_group_is_left_alone_and_an_animation_is_one_file() -> None:
    chat = {"id": -100, "type": "supergroup"}
    assert not events(ChannelType.TELEGRAM, {"update_id": 1, "message": {"message_id": 1, "chat": chat, "text": "Hi"}})
    file = {"file_id": "f"}
    message = {"message_id": 1, "chat": {"id": 1}, "animation": file, "document": file}
    (event,) = events(ChannelType.TELEGRAM, {"update_id": 1, "message": message})
    assert isinstance(event, MessageReceived)
    assert [media.kind for media in event.media] == ["video"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**60) | st.text(max_size=12) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(samples.NAMES), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=120, deadline=None)
@given(type=st.sampled_from(sorted(ADAPTERS)), top=JSON, inside=JSON)
def test_no_parser_raises_whatever_comes(type: ChannelType, top: Any, inside: Any) -> None:
    for payload in (top, samples.around(type, inside)):
        try:
            events(type, payload)
        except SuspiciousOperation:
            continue


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=600), most=st.integers(8, 60), unit=st.sampled_from(["characters", "bytes"]))
def test_a_split_text_fits_and_loses_nothing_but_blanks(text: str, most: int, unit: str) -> None:
    capabilities = TelegramAdapter.capabilities.__class__(max_text=most, unit=unit)

    parts = split(text, capabilities)

    assert all(capabilities.length_of(part) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@pytest.mark.django_db
@pytest.mark.parametrize("sender", [["x"], {"a": 1}, None, 5])
def test_a_stranger_who_posts_nonsense_to_a_shared_path_is_refused_and_breaks_nothing(sender: object) -> None:
    message = {"from": sender, "from_user_id": sender, "id": "L1"}
    value = {"metadata": {"phone_number_id": "1"}, "contacts": [{"wa_id": "x"}], "messages": [message]}
    body = {"object": "whatsapp_business_account", "entry": [{"changes": [{"value": value}]}]}

    answer = Client().post("/api/v1/webhooks/whatsapp", body, content_type="application/json")

    assert answer.status_code in {200, 400}
