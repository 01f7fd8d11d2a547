"""A message in as many parts as its channel takes, and no word of it lost."""

from io import BytesIO
from typing import Any

import pytest

from accounts.models import User
from channels_app import files
from channels_app.models import Channel, Delivery
from conversations.models import ChannelType, Message, MessageStatus
from conversations.services.messages import send_reply
from conversations.services.uploads import store_upload
from tests import corpus
from tests.channels_app.cases import Case
from tests.channels_app.test_changing import of
from tests.channels_app.test_contract import case, channel, fake, work, writes  # noqa: F401
from tests.fakes.server import Fake

pytestmark = [pytest.mark.django_db(transaction=True), of(ChannelType.WHATSAPP)]


@pytest.mark.parametrize(
    ("name", "content", "kinds"),
    [("label.png", corpus.picture(), ["image"]), ("hold.mp3", corpus.MP3, ["audio", "text"])],
)
def test_words_beside_a_file_go_below_it_or_after_one_that_takes_none(
    ada: User,
    case: Case,  # noqa: F811
    channel: Channel,  # noqa: F811
    fake: Fake,  # noqa: F811
    name: str,
    content: bytes,
    kinds: list[str],
) -> None:
    thread = writes(case, channel, "Hello?")
    file = store_upload(conversation=thread, name=name, file=BytesIO(content), size=len(content), uploader=ada)
    message = send_reply(conversation=thread, author=ada, content="It is this one.", attachments=[file.pk]).message

    while Delivery.objects.filter(state="queued").exists():
        work()

    assert [call.fields["type"] for call in fake.sent] == kinds
    assert "It is this one." in str(fake.sent[-1].fields)
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT


def test_a_customers_file_may_be_bigger_than_ours_and_one_that_is_too_big_says_so(
    case: Case,  # noqa: F811
    channel: Channel,  # noqa: F811
    fake: Any,  # noqa: F811
    settings: Any,
) -> None:
    settings.UPLOAD_BYTES, settings.MEDIA_BYTES = 10, 1_000
    fake.files["photo.png"] = corpus.picture() + b"x" * 100
    writes(case, channel, "This one", media=True)
    (media,) = files.claim(most=5)
    files.fetch(media)
    assert [len(message.attachments) for message in Message.objects.all()] == [1]

    settings.MEDIA_BYTES = 10
    writes(case, channel, "And this", 2, media=True)
    (media,) = files.claim(most=5)
    files.fetch(media)
    assert "too big to be fetched" in Message.objects.latest("seq").error


def test_a_picture_that_whatsapp_does_not_show_goes_as_a_document(
    ada: User,
    case: Case,  # noqa: F811
    channel: Channel,  # noqa: F811
    fake: Fake,  # noqa: F811
) -> None:
    thread = writes(case, channel, "Hello?")
    big = corpus.picture()
    file = store_upload(conversation=thread, name="plan.png", file=BytesIO(big), size=len(big), uploader=ada)
    file.size = 6 * 1024 * 1024
    file.save(update_fields=["size"])
    send_reply(conversation=thread, author=ada, content="The plan", attachments=[file.pk])
    work()

    assert [call.fields["type"] for call in fake.sent] == ["document"]
