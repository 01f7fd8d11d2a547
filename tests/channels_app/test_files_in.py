"""Files of customers that do not come along at once: they are tried again, and the team sees what is missing."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import connecting, files, intake
from channels_app.adapters.events import Routed
from channels_app.files import MAX_TRIES
from channels_app.models import Channel, Media
from conversations.models import ChannelType, Message
from tests import builders
from tests.corpus import picture
from tests.fakes.telegram import TOKEN, Telegram


@pytest.fixture
def sent(channel: Channel, telegram: Telegram, settings: Any) -> Message:
    """A picture that Telegram does not have yet."""
    settings.TELEGRAM_FILE_BASE_URL = telegram.url
    chat = {"id": 7, "type": "private"}
    photo = [{"file_id": "photo.png", "width": 9, "height": 9}]
    message = {"message_id": 1, "chat": chat, "date": 1_767_225_600, "caption": "My broken cup", "photo": photo}
    intake.store(channel, [Routed(dedup_key="tg:1", payload={"update_id": 1, "message": message})])
    intake.work()
    return Message.objects.get()


def look(times: int = 1) -> None:
    for _try in range(times):
        Media.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))
        for media in files.claim(most=4):
            files.fetch(media)


def test_what_cannot_be_fetched_is_awaited_for_days_and_no_word_of_the_customers_changes(
    sent: Message, ada: User, telegram: Telegram
) -> None:
    look(MAX_TRIES - 1)
    thread = f"/inbox/{sent.conversation_id}/"
    assert "A file is not there yet. Telegram" in builders.browser(ada).get(thread).content.decode()
    look(1)
    assert Media.objects.get().due_at is None
    look(1)
    assert "A file could not be fetched. Telegram" in builders.browser(ada).get(thread).content.decode()

    telegram.files["photo.png"] = picture()
    again = builders.browser(ada).post(f"{thread}messages/{sent.pk}/retry/", follow=True).content.decode()
    assert "It is tried again." in again
    look(1)
    sent.refresh_from_db()
    assert (sent.content, sent.error, len(sent.attachments)) == ("My broken cup", "", 1)
    answer = builders.api(ada).post(f"/api/v1/conversations/{sent.conversation_id}/messages/{sent.pk}/retry")
    assert answer.status_code == 400


def test_what_a_dead_token_kept_from_us_comes_once_the_channel_is_connected_again(
    sent: Message, channel: Channel, telegram: Telegram
) -> None:
    telegram.files["photo.png"] = picture()
    telegram.token = "another"
    look(MAX_TRIES + 1)
    telegram.token = TOKEN
    connecting.connect(channel)

    for media in files.claim(most=4):
        files.fetch(media)

    sent.refresh_from_db()
    assert (sent.error, len(sent.attachments)) == ("", 1)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "file:///etc/passwd"])
def test_a_file_at_an_address_that_is_never_called_is_given_up_at_once(acme: Business, ada: User, url: str) -> None:
    channel = Channel.objects.create(business=acme, type=ChannelType.INSTAGRAM, config={"page_id": "1"})
    image = {"type": "image", "payload": {"url": url}}
    item = {"sender": {"id": "61"}, "recipient": {"id": "1"}, "message": {"mid": "m", "attachments": [image]}}
    intake.store(channel, [Routed(dedup_key="ig:m", payload=item)])
    intake.work()

    look(1)

    message = Message.objects.get()
    assert "The address that it has may not be called." in message.error
    assert not Media.objects.exclude(due_at=None).exists()
