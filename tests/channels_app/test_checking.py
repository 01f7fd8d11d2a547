"""Asking by and by whether a channel still works, and whose an account is."""

import threading
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import checking, connecting
from channels_app.health import health_of
from channels_app.models import Channel, ChannelState
from channels_app.reconnecting import needs_reconnecting
from channels_app.services import create_channel, update_channel
from conversations.models import ChannelType
from tests import builders
from tests.fakes.meta import NUMBER, Meta
from tests.fakes.telegram import TOKEN, Telegram


def test_what_works_is_tested_without_connecting_it_anew_and_a_stolen_bot_is_taken_back(
    ada: User, channel: Channel, telegram: Telegram
) -> None:
    connecting.connect(channel)
    page = f"/settings/channels/{channel.pk}/"
    builders.browser(ada).post(f"{page}test/")
    assert [call.path.rpartition("/")[2] for call in telegram.calls].count("setWebhook") == 1

    telegram.hook["url"] = "https://staging.example/hook"
    Channel.objects.update(checked_at=None)
    checking.check_due(threading.Event())
    told = builders.browser(ada).get(page).content.decode()
    assert "Another system took over this bot." in told
    assert "dot-bad" in told
    builders.browser(ada).post(f"{page}test/")

    assert str(channel.pk) in telegram.hook["url"]
    assert "dot-bad" not in builders.browser(ada).get(page).content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_owner_is_told_once_when_another_system_takes_over_a_bot(
    channel: Channel, telegram: Telegram, mailoutbox: list[Any]
) -> None:
    connecting.connect(channel)
    telegram.hook["url"] = "https://staging.example/hook"

    for _hour in range(2):
        Channel.objects.update(checked_at=None)
        checking.check_due(threading.Event())

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["ada@example.com"], "No messages come in over Telegram")
    assert "Another system took over this bot." in mail.body
    assert f"/settings/channels/{channel.pk}/" in mail.body


def test_a_token_that_runs_out_soon_is_told_a_week_before(ada: User, acme: Business, settings: Any) -> None:
    with Meta() as meta, time_machine.travel("2026-12-28T12:00:00Z"):
        settings.OUTBOUND_ALLOW, settings.META_GRAPH_BASE_URL = ["127.0.0.1"], meta.url
        config = {"phone_number_id": NUMBER, "access_token": meta.token, "app_secret": "s"}
        channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
        connecting.connect(channel)
        channel.refresh_from_db()

        checking.check(channel)

        channel.refresh_from_db()
        assert health_of(channel).words == "Working. The access token ends on 1 January: renew it."


def test_a_bot_of_another_workspace_is_refused_in_words_until_it_is_free(
    ada: User, mallory: User, channel: Channel, telegram: Telegram
) -> None:
    connecting.connect(channel)
    theirs = create_channel(actor=mallory, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})

    told = connecting.connect(theirs)
    theirs.refresh_from_db()
    assert told.detail == "Another channel has this account, here or in another workspace. Switch it off there first."
    assert theirs.state == ChannelState.ERROR
    assert str(channel.pk) in telegram.hook["url"]

    update_channel(actor=ada, channel=channel, is_active=False)
    assert connecting.connect(theirs).ok


@pytest.mark.django_db(transaction=True)
def test_another_bots_token_lets_the_old_bot_go_and_a_new_token_of_the_same_does_not(
    ada: User, channel: Channel, telegram: Telegram
) -> None:
    connecting.connect(channel)
    channel.refresh_from_db()
    telegram.tokens |= {(renewed := f"{TOKEN}new"), (another := "6000000002:AAanotherBotsTokenThatIsLongEnough000")}

    update_channel(actor=ada, channel=channel, config={"bot_token": renewed})
    assert telegram.hook

    update_channel(actor=ada, channel=channel, config={"bot_token": another})
    assert not telegram.hook


@pytest.mark.django_db(transaction=True)
def test_what_worked_and_was_refused_goes_on_by_itself_once_its_provider_agrees_again(
    ada: User, channel: Channel, telegram: Telegram, mailoutbox: list[Any]
) -> None:
    never = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": f"7000000009:{'A' * 35}"})
    for each in (channel, never):
        connecting.connect(each)
    needs_reconnecting(channel, "Telegram does not know this bot token any more.")
    stop = threading.Event()

    connecting.connect_waiting(stop)
    assert set(Channel.objects.values_list("state", flat=True)) == {ChannelState.ERROR}

    telegram.tokens.add(f"7000000009:{'A' * 35}")
    Channel.objects.update(last_error_at=timezone.now() - 2 * connecting.AGAIN_AFTER_NO)
    connecting.connect_waiting(stop)
    channel.refresh_from_db()
    never.refresh_from_db()
    assert (channel.state, never.state) == (ChannelState.CONNECTED, ChannelState.ERROR)

    needs_reconnecting(channel, "Telegram does not know this bot token any more.")
    assert len(mailoutbox) == 1  # the owner knows, though it was asked and agreed in between
    assert [call.target.rsplit("/", 1)[1] for call in telegram.calls].count("setWebhook") == 1
