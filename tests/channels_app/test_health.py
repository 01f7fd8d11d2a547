"""Settings, a channel's page: what is known of its health, and what an owner does about it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from channels_app import deliveries, intake
from channels_app.models import Channel, ChannelState, Delivery, DeliveryState, RawEvent, RawState
from channels_app.services import create_channel
from conversations.models import ChannelType, Message
from tests import builders
from tests.fakes.telegram import TOKEN, Telegram


@pytest.fixture
def telegram(settings: Any) -> Iterator[Telegram]:
    with Telegram() as fake:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        settings.TELEGRAM_API_BASE_URL = fake.url
        yield fake


@pytest.fixture
def channel(ada: User, acme: Business) -> Channel:
    return create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_owner_tests_the_connection_and_reads_what_came_of_it(
    ada: User, channel: Channel, telegram: Telegram
) -> None:
    page = f"/settings/channels/{channel.pk}/"
    told = browser(ada).post(f"{page}test/", follow=True).content.decode()
    assert "The connection works." in told
    assert "@acme_help_bot" in told

    telegram.token = "another"
    told = browser(ada).post(f"{page}test/", follow=True).content.decode()

    assert "Telegram does not know this bot token any more." in told
    channel.refresh_from_db()
    assert channel.state == ChannelState.ERROR


def test_a_paused_channel_loses_nothing_and_goes_on_in_order(
    ada: User, acme: Business, channel: Channel, telegram: Telegram
) -> None:
    thread = builders.conversation(acme, type=channel.type, channel=channel)
    browser(ada).post(f"/settings/channels/{channel.pk}/pause/", {"paused": "true"})
    builders.answers(ada, thread, "It left today.")
    assert not deliveries.claim(16)
    assert Delivery.objects.get().state == DeliveryState.QUEUED

    browser(ada).post(f"/settings/channels/{channel.pk}/pause/", {"paused": "false"})

    assert len(deliveries.claim(16)) == 1


def test_what_could_not_be_taken_in_is_shown_with_its_reason_and_tried_again(
    ada: User, ben: User, channel: Channel
) -> None:
    chat = {"id": 6, "type": "private"}
    payload = {"update_id": 1, "message": {"message_id": 1, "chat": chat, "text": "Hello?"}}
    raw = RawEvent.objects.create(
        business=channel.business,
        channel=channel,
        dedup_key="tg:1",
        payload=payload,
        state=RawState.FAILED,
        last_error="KeyError while it was worked off.",
    )
    page = f"/settings/channels/{channel.pk}/"
    assert "KeyError while it was worked off." in browser(ada).get(page).content.decode()

    browser(ben).post(f"{page}events/{raw.pk}/replay/")
    assert intake.work() == 0
    browser(ada).post(f"{page}events/{raw.pk}/replay/")
    intake.work()

    assert Message.objects.get().content == "Hello?"
    raw.refresh_from_db()
    assert raw.state == RawState.DONE


def test_other_workspaces_reach_none_of_it(mallory: User, channel: Channel) -> None:
    for what in ("test", "pause"):
        assert browser(mallory).post(f"/settings/channels/{channel.pk}/{what}/").status_code == 404
