"""A file that the channel does not carry is refused by its name, before anything of the answer is out."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app.models import Delivery
from conversations.attachments import facts_of, payload_of
from conversations.models import Attachment, ChannelType, Conversation, ScheduledMessage
from conversations.services.uploads import store_upload
from tests import builders, corpus


@pytest.fixture
def thread(acme: Business) -> Conversation:
    return builders.conversation(acme, type=ChannelType.SMS)


def uploaded(ada: User, thread: Conversation, name: str, content: bytes) -> Attachment:
    return store_upload(conversation=thread, name=name, file=BytesIO(content), size=len(content), uploader=ada)


def answer(ada: User, thread: Conversation, file: Attachment, path: str) -> Any:
    send_at = (timezone.now() + timedelta(hours=1)).isoformat()
    body = {"content": "The plan", "attachments": [payload_of(facts_of(file))], "send_at": send_at}
    return builders.api(ada).post(f"/api/v1/conversations/{thread.pk}/{path}", body)


@pytest.mark.parametrize("path", ["messages", "scheduled"])
def test_one_of_another_kind(ada: User, thread: Conversation, path: str) -> None:
    file = uploaded(ada, thread, "plan.pdf", corpus.PDF)

    refused = answer(ada, thread, file, path)

    assert refused.status_code == 422
    assert "plan.pdf: this channel carries JPEG, PNG, GIF only." in refused.content.decode()
    assert not Delivery.objects.exists()
    assert not ScheduledMessage.objects.exists()
    assert thread.messages.count() == 1
    file.refresh_from_db()
    assert file.message_id is None


@pytest.mark.parametrize("path", ["messages", "scheduled"])
def test_one_that_is_too_big(ada: User, thread: Conversation, path: str) -> None:
    file = uploaded(ada, thread, "plan.png", corpus.picture())
    assert answer(ada, thread, file, path).status_code == 201

    big = uploaded(ada, thread, "map.png", corpus.picture())
    Attachment.objects.filter(pk=big.pk).update(size=5 * 1024**2 + 1)
    refused = answer(ada, thread, big, path)

    assert refused.status_code == 422
    assert "map.png: this channel carries at most 5 MB a file." in refused.content.decode()


def test_a_picture_that_is_bigger_than_instagram_takes_one(ada: User, acme: Business) -> None:
    thread = builders.conversation(acme, type=ChannelType.INSTAGRAM)
    picture, plan = uploaded(ada, thread, "map.png", corpus.picture()), uploaded(ada, thread, "plan.pdf", corpus.PDF)
    Attachment.objects.update(size=9 * 1024**2)

    refused = answer(ada, thread, picture, "messages")
    assert (refused.status_code, "at most 8 MB a file" in refused.content.decode()) == (422, True)
    assert answer(ada, thread, plan, "messages").status_code == 201


def test_what_is_said_on_the_web_carries_whatever_can_be_uploaded(ada: User, acme: Business) -> None:
    chat = builders.conversation(acme)

    assert answer(ada, chat, uploaded(ada, chat, "plan.pdf", corpus.PDF), "messages").status_code == 201
