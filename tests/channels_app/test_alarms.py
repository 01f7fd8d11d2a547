"""Owners hear of a channel that has not answered for long, and of a token that is about to end, without looking."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import checking, connecting, mailboxes
from channels_app.health import health_of, silent_since
from channels_app.models import Channel, Mailbox
from channels_app.services import create_channel
from conversations.models import ChannelType
from tests import builders
from tests.channels_app.mailing import config
from tests.fakes.meta import NUMBER, Meta
from tests.fakes.telegram import Telegram, error
from tests.services import free_port

pytestmark = pytest.mark.django_db(transaction=True)
DOT = "a channel does not work"


def asked(channel: Channel) -> tuple[str, str]:
    """The worker asks about it once more: its light and words then."""
    Channel.objects.update(checked_at=None, last_error_at=None)
    connecting.connect_waiting(threading.Event())
    checking.check_due(threading.Event())
    channel.refresh_from_db()
    health = health_of(channel)
    return health.light, health.words


def test_a_provider_that_does_not_answer_is_told_of_then_red_and_its_owner_gets_one_mail(
    ada: User, ben: User, channel: Channel, telegram: Telegram, settings: Any, mailoutbox: list[Any]
) -> None:
    connecting.connect(channel)
    begun = timezone.now()
    good, settings.TELEGRAM_API_BASE_URL = settings.TELEGRAM_API_BASE_URL, f"http://127.0.0.1:{free_port()}"

    with time_machine.travel(begun, tick=False) as clock:
        assert asked(channel)[0] == "brand"  # a bad moment
        for minutes in (10, 20):
            clock.move_to(begun + timedelta(minutes=minutes))
            light, words = asked(channel)
        assert (light, words.startswith("Not reached since")) == ("warn", True)
        assert "The provider does not answer. We go on trying by ourselves." in words
        assert DOT not in builders.browser(ada).get("/inbox/").content.decode()
        connecting.connect(channel)  # the button ends no alarm
        for minutes in (30, 40, 50, 60, 70, 80, 90):
            clock.move_to(begun + timedelta(minutes=minutes))
            light = asked(channel)[0]
        assert light == "bad"

        (mail,) = mailoutbox
        assert (mail.to, mail.subject) == (
            ["ada@example.com"],
            "Telegram (@acme_help_bot) has not answered for an hour",
        )
        assert "The provider does not answer." in mail.body
        assert f"/settings/channels/{channel.pk}/" in mail.body
        assert DOT in builders.browser(ada).get("/inbox/").content.decode()
        assert DOT not in builders.browser(ben).get("/inbox/").content.decode()  # who cannot mend it

        settings.TELEGRAM_API_BASE_URL = good
        assert asked(channel)[0] == "brand"
        assert DOT not in builders.browser(ada).get("/inbox/").content.decode()
    assert len(mailoutbox) == 1


def test_a_mailbox_that_is_not_read_says_since_when_and_its_owner_gets_one_mail(
    ada: User, acme: Business, smtp: Any, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    fetched = {"imap_host": "127.0.0.1", "imap_port": free_port(), "imap_password": "right", "imap_use_tls": False}
    channel = create_channel(actor=ada, type=ChannelType.EMAIL, config=config(smtp[1]) | fetched)
    Channel.objects.update(state="connected")
    # The worker was away for a day: nobody asked, so nobody was silent.
    box = Mailbox.objects.create(channel=channel, looked_at=timezone.now() - timedelta(days=1))
    begun, seen = timezone.now(), []

    with time_machine.travel(begun, tick=False) as clock:
        for minutes in range(0, 90, 10):
            clock.move_to(begun + timedelta(minutes=minutes))
            Mailbox.objects.update(due_at=channel.created_at)
            mailboxes.look(box.pk)
            channel.refresh_from_db()
            seen.append((health_of(channel).light, len(mailoutbox)))

    assert [mails for _light, mails in seen] == [0] * 7 + [1, 1]
    assert [light for light, _mails in seen[2:]] == ["warn"] * 4 + ["bad"] * 3
    assert mailoutbox[0].subject == "E-mail (help@acme.example) has not answered for an hour"
    assert "because you own Acme" in mailoutbox[0].body


def test_who_answers_something_else_or_was_not_asked_for_long_was_not_silent(
    channel: Channel, telegram: Telegram, settings: Any, mailoutbox: list[Any]
) -> None:
    connecting.connect(channel)
    good, away = settings.TELEGRAM_API_BASE_URL, f"http://127.0.0.1:{free_port()}"
    begun = timezone.now()

    with time_machine.travel(begun, tick=False) as clock:
        settings.TELEGRAM_API_BASE_URL = away
        asked(channel)
        settings.TELEGRAM_API_BASE_URL = good
        telegram.says["getWebhookInfo"] = error(429, "Too Many Requests: retry after 7", retry_after=7)
        asked(channel)
        assert silent_since(channel) is None
        settings.TELEGRAM_API_BASE_URL = away
        asked(channel)
        clock.move_to(begun + timedelta(hours=3))  # the worker was down
        asked(channel)
        assert silent_since(channel) == timezone.now()
    assert mailoutbox == []


def test_the_owner_is_told_a_week_and_a_day_before_a_token_ends_each_once(
    ada: User, acme: Business, settings: Any, mailoutbox: list[Any]
) -> None:
    with Meta() as meta, time_machine.travel("2026-12-22T12:00:00Z", tick=False) as clock:
        settings.OUTBOUND_ALLOW, settings.META_GRAPH_BASE_URL = ["127.0.0.1"], meta.url
        access = {"phone_number_id": NUMBER, "access_token": meta.token, "app_secret": "s"}
        channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=access)
        connecting.connect(channel)

        told = []
        for day in ("24", "25", "26", "31", "31"):
            clock.move_to(f"2026-12-{day}T12:00:00Z")
            asked(channel)
            connecting.connect(channel)  # the button changes nothing about it
            told.append(len(mailoutbox))

    assert told == [0, 1, 1, 2, 2]
    named = "WhatsApp (+1 555-000-9999 Acme)"
    assert {mail.subject for mail in mailoutbox} == {f"{named} needs a new access token before 1 January"}
    assert "ends on 1 January" in mailoutbox[0].body
