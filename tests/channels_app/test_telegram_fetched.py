"""Telegram posts to https alone: where PingBack has no such address, what customers write is fetched."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from channels_app import checking, connecting, intake, polling
from channels_app.health import health_of, silent_since
from channels_app.models import Channel, ChannelState, Poll
from channels_app.services import update_channel
from conversations.models import Conversation, Message
from tests import builders
from tests.channels_app.mailing import send_all
from tests.fakes.telegram import TOKEN, Telegram, error

pytestmark = pytest.mark.django_db(transaction=True)
ANOTHER = "6000000002:AAanotherBotsTokenThatIsLongEnough000"


@pytest.fixture
def bot(channel: Channel, telegram: Telegram, settings: Any) -> Channel:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:8000"
    telegram.only_https = True
    assert connecting.connect(channel).ok
    return channel


def written(number: int, text: str) -> dict[str, Any]:
    chat = {"id": 7, "type": "private"}
    return {"update_id": number, "message": {"message_id": number, "chat": chat, "from": {"id": 7}, "text": text}}


def fetch() -> None:
    Poll.objects.update(due_at=timezone.now() - timedelta(days=1))
    polling.fetch_due(threading.Event())
    intake.work()


def asked_for_updates(telegram: Telegram) -> int:
    return sum(call.path.endswith("/getUpdates") for call in telegram.calls)


def test_without_https_messages_are_fetched_once_and_answered(ada: User, bot: Channel, telegram: Telegram) -> None:
    assert telegram.hook == {}
    page = builders.browser(ada).get(f"/settings/channels/{bot.pk}/").content.decode()
    assert "messages are fetched every few seconds" in page

    telegram.updates = [written(41, "Hello?"), written(42, "Anybody?")]
    fetch()
    assert len(telegram.updates) == 2  # until it is told that we have them
    fetch()

    assert list(Message.objects.order_by("seq").values_list("content", flat=True)) == ["Hello?", "Anybody?"]
    assert telegram.updates == []
    builders.answers(ada, Conversation.objects.get(), "Yes!")
    send_all()
    assert telegram.sent[-1].fields["text"] == "Yes!"
    assert telegram.broken == []


def test_a_bot_that_another_program_has_posted_to_it_is_told_and_taken_back(
    ada: User, bot: Channel, telegram: Telegram, mailoutbox: list[Any]
) -> None:
    telegram.hook = {"url": "https://staging.example/hook"}
    telegram.updates = [written(41, "Hello?")]
    fetch()
    assert not Message.objects.exists()

    checking.check_due(threading.Event())
    bot.refresh_from_db()
    assert "Another system took over this bot." in health_of(bot).words
    assert [mail.subject for mail in mailoutbox] == ["No messages come in over Telegram (@acme_help_bot)"]
    before = asked_for_updates(telegram)
    fetch()
    assert asked_for_updates(telegram) == before

    builders.browser(ada).post(f"/settings/channels/{bot.pk}/test/")
    fetch()
    assert Message.objects.get().content == "Hello?"


def test_a_bot_whose_messages_another_program_fetches_says_so_and_stays_so_until_they_come_again(
    ada: User, bot: Channel, telegram: Telegram
) -> None:
    conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    telegram.says["getUpdates"] = error(409, conflict)
    begun = timezone.now()
    with time_machine.travel(begun, tick=False) as clock:
        for minutes in (0, 10, 20):
            clock.move_to(begun + timedelta(minutes=minutes))
            fetch()
            checking.check_due(threading.Event())
        bot.refresh_from_db()
        assert "Another program asks for this bot's messages. Stop it first." in health_of(bot).words

        telegram.says.clear()
        fetch()
        bot.refresh_from_db()
        assert silent_since(bot) is None


def test_an_odd_character_in_one_message_holds_up_no_other(ada: User, bot: Channel, telegram: Telegram) -> None:
    telegram.updates = [written(41, "Hel\x00lo?"), written(42, "Anybody?")]
    fetch()
    assert set(Message.objects.values_list("content", flat=True)) == {"Hello?", "Anybody?"}


def test_once_pingback_has_an_https_address_telegram_posts_there(
    bot: Channel, telegram: Telegram, settings: Any
) -> None:
    fetch()
    settings.PUBLIC_BASE_URL = "https://desk.example"

    Channel.objects.update(checked_at=None)
    checking.check_due(threading.Event())
    before = asked_for_updates(telegram)
    fetch()

    assert telegram.hook["url"].startswith("https://desk.example/")
    assert asked_for_updates(telegram) == before > 0
    bot.refresh_from_db()
    assert (bot.state, bot.setup["is_fetched"]) == (ChannelState.CONNECTED, False)


def test_another_bot_begins_at_its_own_numbers(ada: User, bot: Channel, telegram: Telegram) -> None:
    telegram.updates = [written(4100, "Hello?")]
    fetch()
    telegram.tokens = {TOKEN, ANOTHER}

    changed = update_channel(actor=ada, channel=bot, config={"bot_token": ANOTHER})
    connecting.connect(changed)
    telegram.updates = [written(3, "Hello, other bot?")]
    fetch()

    assert Message.objects.filter(content="Hello, other bot?").exists()
