"""Files in the inbox, as its pages take and show them; also without JavaScript."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from businesses.models import Business
from conversations.models import Attachment, Conversation, Message
from tests import builders, corpus

pytestmark = pytest.mark.django_db
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


@pytest.fixture
def page(client: Client, ada: User, conversation: Conversation) -> Client:
    client.force_login(ada)
    return client


def png(name: str = "hopper.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, corpus.picture("PNG", (600, 300)))


def upload(page: Client, conversation: Conversation, file: SimpleUploadedFile) -> Any:
    return page.post(f"/inbox/{conversation.pk}/upload/", {"file": file}, headers=FETCH)


def reply(page: Client, conversation: Conversation, **fields: Any) -> Any:
    return page.post(f"/inbox/{conversation.pk}/reply/", fields, headers=FETCH)


def test_what_is_uploaded_stands_in_the_composer_and_goes_with_the_reply(
    page: Client, conversation: Conversation
) -> None:
    answer = upload(page, conversation, png())
    assert answer.status_code == 201
    chip = answer.content.decode()
    assert "hopper.png" in chip
    chosen = re.findall(r'name="attachments" value="([^"]+)"', chip)

    assert reply(page, conversation, content="", attachments=chosen).status_code == 204
    message = Message.objects.get(conversation=conversation, sender_type="agent")
    assert [file["id"] for file in message.attachments] == chosen
    thread = page.get(f"/inbox/{conversation.pk}/").content.decode()
    assert f'src="/files/{chosen[0]}/thumb" width="280" height="140"' in thread
    assert "Photo" in page.get("/inbox/rows/").content.decode()


def test_several_files_and_documents_have_a_preview_of_their_own(page: Client, conversation: Conversation) -> None:
    def send(*files: SimpleUploadedFile) -> str:
        chosen = [
            re.findall(r'value="([^"]+)"', upload(page, conversation, file).content.decode())[0] for file in files
        ]
        assert reply(page, conversation, content="", attachments=chosen).status_code == 204
        return page.get("/inbox/rows/").content.decode()

    assert "File: Invoice.pdf" in send(SimpleUploadedFile("Invoice.pdf", corpus.PDF))
    assert "2 files" in send(png(), SimpleUploadedFile("Invoice.pdf", corpus.PDF))
    assert "Invoice.pdf" in page.get(f"/inbox/{conversation.pk}/").content.decode()


def test_F1_a_name_is_shown_as_text(page: Client, conversation: Conversation) -> None:
    name = "<img src=x onerror=alert(1)>&\"'.png"
    chip = upload(page, conversation, png(name)).content.decode()
    assert "<img src=x" not in chip
    chosen = re.findall(r'name="attachments" value="([^"]+)"', chip)
    reply(page, conversation, content="", attachments=chosen)
    assert "<img src=x" not in page.get(f"/inbox/{conversation.pk}/").content.decode()


def test_without_javascript_files_come_along_with_the_words(page: Client, conversation: Conversation) -> None:
    answer = page.post(f"/inbox/{conversation.pk}/reply/", {"content": "Look", "file": [png("a.png"), png("b.png")]})
    assert answer.status_code == 302
    assert len(Message.objects.get(content="Look").attachments) == 2


def test_without_javascript_a_refused_file_keeps_the_words(page: Client, conversation: Conversation) -> None:
    bad = SimpleUploadedFile("a.html", corpus.HTML)
    answer = page.post(f"/inbox/{conversation.pk}/reply/", {"content": "Look", "file": [png("a.png"), bad]})
    assert answer.status_code == 415
    shown = answer.content.decode()
    assert "Send a picture, PDF" in shown
    assert ">Look</textarea>" in shown
    assert "a.png" in shown
    assert not Message.objects.filter(content="Look").exists()
    kept = re.findall(r'name="attachments" value="([^"]+)"', shown)
    page.post(f"/inbox/{conversation.pk}/reply/", {"content": "Look", "attachments": kept})
    assert [file["filename"] for file in Message.objects.get(content="Look").attachments] == ["a.png"]


def test_a_refusal_is_told_in_words(page: Client, conversation: Conversation) -> None:
    answer = upload(page, conversation, SimpleUploadedFile("a.png", corpus.HTML))
    assert answer.status_code == 415
    assert answer.json()["detail"].startswith("Send a picture")
    assert page.post(f"/inbox/{conversation.pk}/upload/", headers=FETCH).status_code == 422


def test_an_unsent_file_can_be_taken_back_by_whoever_uploaded_it(
    page: Client, ben: User, conversation: Conversation
) -> None:
    upload(page, conversation, png())
    address = f"/inbox/{conversation.pk}/upload/{Attachment.objects.get().pk}/remove/"
    other = Client()
    other.force_login(ben)
    assert other.post(address).status_code == 404
    assert page.post(address).status_code == 204
    assert not Attachment.objects.exists()
    assert page.post(address).status_code == 404


def test_S1_a_foreign_conversation_takes_no_file(
    page: Client, ada: User, mallory: User, conversation: Conversation
) -> None:
    foreign = builders.conversation(mallory.memberships.get().business)
    assert upload(page, foreign, png()).status_code == 404
    chosen = re.findall(r'value="([^"]+)"', upload(page, conversation, png()).content.decode())
    client = Client()
    client.force_login(mallory)
    assert reply(client, foreign, content="Mine", attachments=chosen).status_code == 422
    assert not Message.objects.filter(content="Mine").exists()
