"""A file goes to Telegram as what it can be shown as there."""

from io import BytesIO

import pytest
from PIL import Image

from accounts.models import User
from businesses.models import Business
from channels_app import deliveries
from channels_app.models import Channel, DeliveryState, Thread
from conversations.services.messages import send_reply
from conversations.services.uploads import store_upload
from tests import builders
from tests.fakes.telegram import Telegram


@pytest.mark.parametrize(
    ("kind", "size", "method"),
    [("PNG", (40, 30), "sendPhoto"), ("PNG", (9_990, 20), "sendDocument"), ("GIF", (40, 30), "sendDocument")],
)
def test_a_picture_is_a_photo_unless_telegram_refuses_it_as_one(
    kind: str, size: tuple[int, int], method: str, ada: User, acme: Business, channel: Channel, telegram: Telegram
) -> None:
    thread = builders.conversation(acme, type=channel.type, channel=channel)
    Thread.objects.create(channel=channel, conversation=thread, key="6", address="6")
    Channel.objects.update(state="connected")
    picture = BytesIO()
    Image.new("L", size).save(picture, kind)
    stored = store_upload(
        conversation=thread, name=f"a.{kind.lower()}", file=picture, size=len(picture.getvalue()), uploader=ada
    )
    send_reply(conversation=thread, author=ada, content="The label", attachments=[stored.pk])

    (delivery,) = deliveries.claim(4)
    deliveries.attempt(delivery)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == (DeliveryState.SENT, "")
    (call,) = telegram.sent
    assert (call.path.rpartition("/")[2], call.fields["caption"]) == (method, "The label")
