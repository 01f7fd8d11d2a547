"""What a provider tells of a message after it: edited, taken back."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from businesses.models import Business, FeedEvent
from channels_app import intake
from channels_app.adapters.base import Routed
from channels_app.models import Channel, Media, RawEvent, RawState
from conversations.models import Attachment, ChannelType, Message
from conversations.services.uploads import store_upload
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def instagram(acme: Business) -> Channel:
    return Channel.objects.create(business=acme, type=ChannelType.INSTAGRAM, config={"page_id": "1"})


def tell(channel: Channel, **item: Any) -> None:
    """As Instagram does, of Cleo's."""
    payload = {"sender": {"id": "61"}, "recipient": {"id": "1"}, "timestamp": 1767225600123, **item}
    intake.store(channel, [Routed(dedup_key=str(item), payload=payload)])
    intake.work()


def page_of(reader: User, message: Message) -> str:
    client = Client()
    client.force_login(reader)
    return client.get(f"/inbox/{message.conversation_id}/").content.decode()


def test_a_message_taken_back_is_gone_with_its_files(instagram: Channel, ada: User, published: list[FeedEvent]) -> None:
    picture = {"type": "image", "payload": {"url": "https://cdn.example/1.png"}}
    tell(instagram, message={"mid": "m1", "text": "My number is 555", "attachments": [picture]})
    message = Message.objects.get()
    conversation, file = message.conversation, SimpleUploadedFile("a.txt", b"555")
    Attachment.objects.filter(pk=store_upload(conversation=conversation, name="a.txt", file=file, size=3).pk).update(
        message=message
    )
    published.clear()

    for _repeat in range(2):
        tell(instagram, message={"mid": "m1", "is_deleted": True})

    message.refresh_from_db()
    assert (message.content, message.attachments, message.preview) == ("", [], "Message deleted")
    assert message.deleted_at
    assert not Attachment.objects.exists()
    assert not Media.objects.exists()
    assert [event.kind for event in published] == ["message.updated"]
    shown = builders.api(ada).get(f"/api/v1/conversations/{message.conversation_id}").json()["messages"][0]
    assert shown["deleted_at"]


def test_an_edit_is_shown_as_one_and_brings_nothing_back(instagram: Channel) -> None:
    tell(instagram, message={"mid": "m1", "text": "At nien"})
    tell(instagram, message_edit={"mid": "m1", "text": "At nine", "num_edit": 1})
    message = Message.objects.get()
    assert message.content == "At nine"
    assert message.edited_at

    tell(instagram, message={"mid": "m1", "is_deleted": True})
    tell(instagram, message_edit={"mid": "m1", "text": "At ten", "num_edit": 2})

    message.refresh_from_db()
    assert message.content == ""
    assert {raw.state for raw in RawEvent.objects.all()} == {RawState.DONE}


def test_a_reaction_is_shown_until_it_is_taken_off(instagram: Channel, ada: User) -> None:
    tell(instagram, message={"mid": "m1", "text": "Thanks!"})
    message = Message.objects.get()
    tell(instagram, reaction={"mid": "m1", "action": "react", "emoji": "❤"})

    shown = builders.api(ada).get(f"/api/v1/conversations/{message.conversation_id}").json()["messages"][0]
    assert (shown["reaction"], shown["quoted_seq"]) == ("❤", None)
    assert "❤" in page_of(ada, message)

    tell(instagram, reaction={"mid": "m1", "action": "unreact"})
    message.refresh_from_db()
    assert message.reaction == ""


def test_what_a_customer_quotes_is_folded_over_the_answer(instagram: Channel, ada: User, acme: Business) -> None:
    tell(instagram, message={"mid": "m1", "text": "Is the blue one in stock?"})
    tell(instagram, message={"mid": "m2", "text": "This one", "reply_to": {"mid": "m1"}})
    tell(instagram, message={"mid": "m3", "text": "Or that", "reply_to": {"mid": "unknown"}})

    first, second, third = Message.objects.order_by("seq")
    assert (second.quoted_seq, third.quoted_seq) == (first.seq, None)
    page = page_of(ada, first)
    assert page.count('class="quote"') == 2  # and the composer's, which is hidden
    assert f"#message-{first.pk}" in page
