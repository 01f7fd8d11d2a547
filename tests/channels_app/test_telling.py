"""Open pages of the team hear that a channel stopped, is paused or works again, and look for themselves."""

import json
from typing import Any

import orjson
import pytest

from accounts.models import User
from businesses.models import Business
from channels_app import checking, connecting, intake
from channels_app.adapters import ADAPTERS
from channels_app.adapters.events import Incoming
from channels_app.models import Channel, RawEvent, Thread
from channels_app.reconnecting import needs_reconnecting
from channels_app.services import delete_channel, pause_channel, update_channel
from conversations.models import ChannelType
from pingback.realtime import rooms
from tests import builders
from tests.fakes.telegram import Telegram

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    envelopes: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish._hand_over", envelopes.extend)
    return envelopes


def told(heard: list[Any]) -> list[tuple[str, Any]]:
    """Room and payload of what was told of channels since the last look."""
    found = [(each["room"], each["packet"]) for each in heard if "channel_changed" in each.get("packet", "")]
    heard.clear()
    return [(room, json.loads(packet[packet.index("[") :])[1]) for room, packet in found]


def test_the_members_hear_of_each_change_and_of_none_that_is_no_change(
    ada: User, acme: Business, channel: Channel, telegram: Telegram, heard: list[Any]
) -> None:
    once = [(rooms.business(acme.pk), {"channel_id": str(channel.pk)})]
    heard.clear()

    connecting.connect(channel)
    assert told(heard) == once
    channel.refresh_from_db()
    checking.check(channel)
    assert told(heard) == []

    for paused in (True, False):
        pause_channel(actor=ada, channel=channel, paused=paused)
        assert told(heard) == once
    update_channel(actor=ada, channel=channel, is_active=False)
    assert told(heard) == once
    update_channel(actor=ada, channel=channel, is_active=True)
    assert told(heard) == once

    channel.refresh_from_db()
    for _time in range(2):
        needs_reconnecting(channel, "Telegram does not know it.")
    assert told(heard) == once
    delete_channel(actor=ada, channel=channel)
    assert told(heard) == once


def test_a_provider_that_does_not_answer_is_told_of_once(
    channel: Channel, telegram: Telegram, heard: list[Any], settings: Any
) -> None:
    settings.TELEGRAM_API_BASE_URL = "http://127.0.0.1:9"
    heard.clear()

    for _time in range(3):
        channel.refresh_from_db()
        connecting.connect(channel)

    assert len(told(heard)) == 1


def test_what_an_open_conversation_fetches_says_that_its_channel_keeps_answers(
    ada: User, ben: User, acme: Business, channel: Channel
) -> None:
    thread = builders.conversation(acme, type=channel.type, channel=channel)
    Channel.objects.update(state="connected")
    client = builders.browser(ben)

    def fetched() -> str:
        return client.get(f"/inbox/{thread.pk}/messages/?after=0").content.decode().split('id="channel-trouble"')[1]

    assert "What you send waits." not in fetched()
    pause_channel(actor=ada, channel=channel, paused=True)
    assert "What you send waits." in fetched()


def test_a_customer_who_writes_at_the_provider_is_seen_writing_while_it_is_so(
    acme: Business, whatsapp: Channel, heard: list[Any]
) -> None:
    talk = builders.conversation(acme, type=ChannelType.X, channel=whatsapp)
    Channel.objects.update(type=ChannelType.X, config={"account_id": "25"})
    whatsapp.refresh_from_db()
    Thread.objects.create(channel=whatsapp, conversation=talk, key="dm:22", address="dm:22")

    def told_of(writer: str) -> list[Any]:
        heard.clear()
        told = {"direct_message_indicate_typing_events": [{"sender_id": writer, "target": {"recipient_id": "25"}}]}
        for payload in (told, {"data": {"event_uuid": "1", "payload": told}}):
            post = Incoming(method="POST", url="", headers={}, query={}, body=orjson.dumps(payload))
            intake.store(whatsapp, ADAPTERS[ChannelType.X].route(post))
        return [(each["to"], each["typing"]["is_typing"]) for each in heard if "typing" in each]

    assert told_of("22") == [(rooms.conversation(talk.pk), True)] * 2
    assert told_of("25") == told_of("99") == []
    assert not RawEvent.objects.exists()  # it is over in a moment
