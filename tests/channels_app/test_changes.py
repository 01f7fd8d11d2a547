"""What a provider tells of a message after it: edited, taken back."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from businesses.models import Business, FeedEvent
from channels_app import connecting, intake
from channels_app.adapters.events import Incoming, Routed
from channels_app.adapters.instagram import InstagramAdapter
from channels_app.models import Channel, Media, RawEvent, RawState
from channels_app.services import create_channel
from conversations.models import Attachment, ChannelType, Message
from conversations.services.uploads import store_upload
from tests import builders
from tests.channels_app.cases import whatsapp_says
from tests.fakes import meta
from tests.fakes.meta import Meta
from tests.fakes.telegram import TOKEN, Telegram

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def instagram(acme: Business) -> Channel:
    return Channel.objects.create(business=acme, type=ChannelType.INSTAGRAM, config={"page_id": "1"})


def tell(channel: Channel, **item: Any) -> None:
    """As Instagram does, of Cleo's."""
    payload = {"sender": {"id": "61"}, "recipient": {"id": "1"}, "timestamp": 1767225600123, **item}
    incoming = Incoming(method="POST", url="", headers={}, query={}, body=json.dumps(_posted(payload)).encode())
    intake.store(channel, InstagramAdapter.route(incoming)[:1])
    intake.work()


def _posted(item: dict[str, Any]) -> dict[str, Any]:
    return {"object": "instagram", "entry": [{"id": "1", "messaging": [item]}]}


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
    tell(instagram, message={"mid": "m1", "text": "My number is 555"})  # a repeat that comes late

    message.refresh_from_db()
    assert (message.content, message.attachments, message.preview) == ("", [], "Message deleted")
    assert message.deleted_at
    assert "555" not in str(list(RawEvent.objects.values_list("payload", flat=True)))
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


def test_a_pressed_button_of_telegrams_is_a_message_and_stops_to_spin(acme: Business, ada: User, settings: Any) -> None:
    pressed = {"id": "q9", "data": "yes", "from": {"id": 6}, "message": {"message_id": 1, "chat": {"id": 6}}}
    with Telegram() as fake:
        settings.OUTBOUND_ALLOW, settings.TELEGRAM_API_BASE_URL = ["127.0.0.1"], fake.url
        channel = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})
        intake.store(channel, [Routed(dedup_key="tg:1", payload={"update_id": 1, "callback_query": pressed})])
        intake.work()

        assert Message.objects.get().content == "yes"
        assert [call.fields for call in fake.calls] == [{"callback_query_id": "q9"}]


@pytest.mark.parametrize(("allowed", "status"), [(True, 200), (False, 400)])
def test_what_nothing_proves_to_be_metas_is_believed_only_where_it_is_allowed(
    acme: Business, ada: User, settings: Any, allowed: bool, status: int
) -> None:
    settings.META_ALLOW_UNSIGNED = allowed
    with Meta() as fake:
        settings.OUTBOUND_ALLOW, settings.META_GRAPH_BASE_URL = ["127.0.0.1"], fake.url
        config = {"phone_number_id": meta.NUMBER, "access_token": meta.TOKEN}
        channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
        connecting.connect(channel)
    body = json.dumps(whatsapp_says("Hello?", 1))
    path = "/api/v1/webhooks/whatsapp"
    assert Client().post(path, body, content_type="application/json").status_code == status

    client = Client()
    client.force_login(ada)
    page = client.get(f"/settings/channels/{channel.pk}/").content.decode()
    assert ("Enter the app secret above" in page) is not allowed
    assert "1 January 2027" in page  # the token runs out
