"""Changing and taking back one's own message: whose, for how long, where, and who hears of it."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Attachment, ChannelType, Conversation, Message
from conversations.search.models import SearchEntry
from conversations.services.editing import MINUTES, delete_message, edit_message
from conversations.services.messages import send_reply
from conversations.services.notes import write_note
from conversations.services.uploads import keep_upload
from foundation.errors import Forbidden, Invalid
from pingback.realtime import rooms
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


@pytest.fixture
def message(conversation: Conversation, ada: User) -> Message:
    return builders.answers(ada, conversation, "We open at nien.")


def path_of(message: Message) -> str:
    return f"/api/v1/conversations/{message.conversation_id}/messages/{message.pk}"


def test_the_team_and_the_visitor_hear_of_other_words(message: Message, ada: User, published: list[FeedEvent]) -> None:
    published.clear()

    answer = builders.api(ada).patch(path_of(message), {"content": "We open at nine."})

    assert (answer.status_code, answer.json()["content"], answer.json()["seq"]) == (200, "We open at nine.", 2)
    assert answer.json()["edited_at"]
    assert answer.json()["deleted_at"] is None
    out = [(room, name, payload["content"]) for event in published for room, name, payload in rooms.audience(event)]
    customer = rooms.customer(message.conversation.customer_id)
    business = rooms.business(message.conversation.business_id)
    assert {*out} == {(room, "message_updated", "We open at nine.") for room in (customer, business)}


def test_of_a_deleted_message_no_word_and_no_file_is_left(conversation: Conversation, ada: User) -> None:
    upload = SimpleUploadedFile("secret.txt", b"of somebody else", "text/plain")
    file = keep_upload(agent=ada, conversation=conversation, file=upload)
    message = send_reply(conversation=conversation, author=ada, content="Oops", attachments=[file.pk]).message

    answer = builders.api(ada).delete(path_of(message)).json()

    assert (answer["content"], answer["attachments"], answer["seq"]) == ("", [], 2)
    assert answer["deleted_at"]
    assert not Attachment.objects.exists()
    assert not SearchEntry.objects.filter(object_id=message.pk).exists()
    assert builders.says(conversation, "Hm?").seq == 3


def test_only_its_author_and_not_for_long(message: Message, ada: User, ben: User) -> None:
    with pytest.raises(Forbidden):
        edit_message(message=message, author=ben, content="x")
    with pytest.raises(Forbidden):
        delete_message(message=message, author=ben)
    Message.objects.filter(pk=message.pk).update(created_at=timezone.now() - timedelta(minutes=MINUTES))
    with pytest.raises(Invalid):
        edit_message(message=message, author=ada, content="x")


def test_nobody_changes_what_left_the_house_or_what_a_customer_wrote(acme: Business, ada: User) -> None:
    mail = builders.conversation(acme, type=ChannelType.EMAIL)
    with pytest.raises(Invalid):
        delete_message(message=builders.answers(ada, mail, "Dear Cleo"), author=ada)
    with pytest.raises(Forbidden):
        edit_message(message=mail.messages.get(seq=1), author=ada, content="x")


def test_what_is_deleted_stays_so(message: Message, ada: User) -> None:
    delete_message(message=message, author=ada)
    assert builders.api(ada).patch(path_of(message), {"content": "back"}).status_code == 400
    assert builders.api(ada).delete(path_of(message)).status_code == 400


def test_a_message_of_another_conversation_or_workspace_is_not_found(
    message: Message, acme: Business, ada: User, mallory: User
) -> None:
    other = builders.conversation(acme, customer=message.conversation.customer)
    elsewhere = f"/api/v1/conversations/{other.pk}/messages/{message.pk}"
    assert builders.api(ada).delete(elsewhere).status_code == 404
    assert builders.api(mallory).patch(path_of(message), {"content": "x"}).status_code == 404


def test_the_page_changes_and_takes_back_messages_and_notes(message: Message, ada: User, ben: User) -> None:
    client, note = Client(), write_note(conversation=message.conversation, author=ada, content="VIP").note
    client.force_login(ada)
    there = f"/inbox/{message.conversation_id}"
    page = client.get(f"{there}/").content.decode()
    address, of_note = f"{there}/messages/{message.pk}/", f"{there}/notes/{note.pk}/"
    assert address in page
    assert of_note in page

    assert client.post(address, {"do": "save", "content": "At nine."}).status_code == 302
    assert client.post(of_note, {"do": "save", "content": "No VIP"}).status_code == 302
    page = client.get(f"{there}/").content.decode()
    assert "At nine." in page
    assert "· edited" in page
    assert 'class="msg-meta is-edited"' in page  # so that it shows inside a group, too
    assert "No VIP" in page
    assert client.post(of_note, {"do": "delete"}).status_code == 302
    assert client.post(address, {"do": "delete"}).status_code == 302
    page = client.get(f"{there}/").content.decode()
    assert "Message deleted" in page
    assert "At nine." not in page
    assert "No VIP" not in page

    client.force_login(ben)
    assert client.get(address).status_code == 404
