"""Files of visitors: their own conversations, their own limits, their own origins (attacks E1, E3, E4)."""

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from businesses.models import Business
from conversations.models import Attachment, Conversation, Message
from foundation.errors import Unprocessable
from tests import builders, corpus
from widgets.models import Visitor, Widget
from widgets.receiving import Received

pytestmark = pytest.mark.django_db


@pytest.fixture
def widget(acme: Business, ada: User) -> Widget:
    return builders.widget(ada, "acme.com")


@pytest.fixture
def cleo(acme: Business, widget: Widget) -> Received:
    return builders.visitor_writes(acme, "My hopper is broken.", widget=widget)


def upload(
    widget: Widget,
    cleo: Received,
    *,
    key: str | None = None,
    conversation_id: Any = None,
    address: str = "127.0.0.1",
    **headers: str,
) -> Any:
    headers |= {"X-Visitor-Key": cleo.visitor_key if key is None else key}
    return post(widget, conversation_id or cleo.conversation.pk, address=address, headers=headers)


def post(
    widget: Widget, conversation_id: Any = None, *, address: str = "127.0.0.1", headers: dict[str, str] | None = None
) -> Any:
    data = {"file": SimpleUploadedFile("hopper.png", corpus.picture())}
    if conversation_id:
        data["conversation_id"] = str(conversation_id)
    path = f"/api/v1/widget/{widget.pk}/upload"
    return builders.api().post(path, data, format="multipart", headers=headers, REMOTE_ADDR=address)


def test_a_visitor_sends_a_picture_and_both_sides_see_it(
    client: Client, acme: Business, ada: User, widget: Widget, cleo: Received
) -> None:
    found = upload(widget, cleo)
    assert found.status_code == 201
    assert client.get(found.json()["url"]).status_code == 200
    sent = builders.visitor_writes(
        acme, "", widget=widget, visitor=cleo.visitor, attachments=[uuid.UUID(found.json()["id"])]
    )
    assert [file["filename"] for file in sent.message.attachments] == ["hopper.png"]
    client.force_login(ada)
    assert "hopper.png" in client.get(f"/inbox/{cleo.conversation.pk}/").content.decode()


def test_E3_a_key_opens_only_the_visitors_own_conversations(
    acme: Business, widget: Widget, cleo: Received, mallory: User
) -> None:
    other = builders.visitor_writes(acme, "Hi", widget=widget)
    strange = builders.visitor_writes(mallory.memberships.get().business, "Hi")
    answers = [
        upload(widget, cleo, conversation_id=other.conversation.pk),
        upload(widget, cleo, conversation_id=strange.conversation.pk),
        upload(widget, cleo, conversation_id=uuid.uuid4()),
        upload(widget, cleo, key=strange.visitor_key),
        upload(widget, cleo, key=cleo.visitor_key[:-1]),
        upload(widget, cleo, key=""),
        upload(builders.widget(mallory, "umbrella.com"), cleo),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b'{"detail":"Not found"}')}
    assert not Attachment.objects.exists()


def test_E4_a_message_takes_no_file_of_the_other_side_or_of_another_visitor(
    acme: Business, widget: Widget, cleo: Received
) -> None:
    other = builders.visitor_writes(acme, "Hi", widget=widget)
    files = [uuid.UUID(upload(widget, whose).json()["id"]) for whose in (other, cleo)]
    Attachment.objects.filter(pk=files[1]).update(sender_type="agent")
    for file in files:
        with pytest.raises(Unprocessable):
            builders.visitor_writes(acme, "Look", widget=widget, visitor=cleo.visitor, attachments=[file])
    with pytest.raises(Unprocessable):
        builders.visitor_writes(acme, "Look", widget=widget, attachments=files)
    assert not Message.objects.filter(content="Look").exists()


def test_E1_a_visitors_files_are_counted_and_so_are_their_bytes(
    acme: Business, widget: Widget, cleo: Received, settings: Any
) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "VISITOR_UPLOAD": (2, 3600)}
    assert [upload(widget, cleo).status_code for _ in range(3)] == [201, 201, 429]
    other = builders.visitor_writes(acme, "Hi", widget=widget)
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "VISITOR_UPLOAD_BYTES": (len(corpus.picture()) + 1, 86400)}
    assert [upload(widget, other).status_code for _ in range(2)] == [201, 429]


def test_E1_so_are_those_of_all_visitors_from_one_address_and_of_all_in_one_workspace(
    acme: Business, widget: Widget, cleo: Received, settings: Any
) -> None:
    """A visitor is quickly made: its own limits alone would be nobody's."""
    others = [builders.visitor_writes(acme, "Hi", widget=widget) for _ in range(3)]
    size, rates = len(corpus.picture()), settings.THROTTLE_RATES

    def send(*addresses: str) -> list[int]:
        return [
            upload(widget, other, address=address).status_code for other, address in zip(others, addresses, strict=True)
        ]

    settings.THROTTLE_RATES = {**rates, "VISITOR_UPLOAD_EACH": (2, 3600)}
    assert send("192.0.2.1", "192.0.2.1", "192.0.2.1") == [201, 201, 429]
    assert send("192.0.2.2", "192.0.2.3", "192.0.2.4") == [201, 201, 201]
    settings.THROTTLE_RATES = {**rates, "VISITOR_UPLOAD_EACH_BYTES": (2 * size, 86400)}
    assert send("192.0.2.5", "192.0.2.5", "192.0.2.5") == [201, 201, 429]
    settings.THROTTLE_RATES = {**rates, "VISITOR_UPLOAD_ALL_BYTES": (9 * size, 86400)}
    assert send("192.0.2.6", "192.0.2.7", "192.0.2.8") == [201, 201, 429]  # the seven taken before count, too


@pytest.mark.parametrize(
    ("origin", "allowed"), [("https://acme.com", True), ("https://www.acme.com", True), ("https://evil.com", False)]
)
def test_only_pages_of_the_widgets_domains_may_send(
    client: Client, widget: Widget, cleo: Received, origin: str, allowed: bool
) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "x-visitor-key"
    preflight = client.options(f"/api/v1/widget/{widget.pk}/upload", headers=asked)
    answer = upload(widget, cleo, Origin=origin)
    for response in (preflight, answer):
        assert response.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert "origin" in response["Vary"].lower()
        assert "Access-Control-Allow-Credentials" not in response
    if allowed:
        assert "x-visitor-key" in preflight["Access-Control-Allow-Headers"]
    other = client.options(f"/api/v1/widget/update/{widget.pk}", headers=asked)
    assert "Access-Control-Allow-Origin" not in other


def test_a_chat_that_is_switched_off_takes_no_file(acme: Business, widget: Widget, cleo: Received) -> None:
    acme.channels.update(is_active=False)
    assert upload(widget, cleo).status_code == 403


def test_a_strangers_first_message_may_be_a_file_alone_and_is_one_also_when_it_comes_twice(
    client: Client, acme: Business, ada: User, widget: Widget
) -> None:
    found = post(widget)
    assert found.status_code == 201
    asked = {"attachments": [uuid.UUID(found.json()["id"])], "client_message_id": str(uuid.uuid4())}

    received = builders.visitor_writes(acme, "", widget=widget, **asked)
    again = builders.visitor_writes(acme, "", widget=widget, **asked)
    by_key = builders.visitor_writes(acme, "", widget=widget, visitor=received.visitor, **asked)

    assert (received.created, again.created, by_key.created) == (True, False, False)
    message = Message.objects.get()
    assert (message.content, [file["filename"] for file in message.attachments]) == ("", ["hopper.png"])
    assert Attachment.objects.get().conversation == message.conversation
    assert received.visitor.customer.last_seen_at
    client.force_login(ada)
    assert "hopper.png" in client.get(f"/inbox/{message.conversation_id}/").content.decode()


def test_a_visitors_next_conversation_may_begin_with_a_file(acme: Business, widget: Widget, cleo: Received) -> None:
    found = post(widget, headers={"X-Visitor-Key": cleo.visitor_key})
    sent = builders.visitor_writes(
        acme, "Look", widget=widget, visitor=cleo.visitor, new=True, attachments=[uuid.UUID(found.json()["id"])]
    )
    assert sent.conversation != cleo.conversation
    assert [file["filename"] for file in sent.message.attachments] == ["hopper.png"]


def test_E4_a_file_that_begins_a_conversation_begins_one_alone_in_its_own_workspace(
    acme: Business, widget: Widget, mallory: User
) -> None:
    file = uuid.UUID(post(widget).json()["id"])
    with pytest.raises(Unprocessable):
        builders.visitor_writes(mallory.memberships.get().business, "Look", attachments=[file])
    with pytest.raises(Unprocessable):
        builders.visitor_writes(acme, "", widget=widget, attachments=[file, uuid.uuid4()])
    assert not Visitor.objects.exists()
    builders.visitor_writes(acme, "", widget=widget, attachments=[file])
    with pytest.raises(Unprocessable):
        builders.visitor_writes(acme, "", widget=widget, attachments=[file])
    assert Conversation.objects.count() == Visitor.objects.count() == 1


def test_a_stranger_sends_files_where_a_stranger_may_write(
    acme: Business, widget: Widget, cleo: Received, settings: Any
) -> None:
    bad = {"X-Visitor-Key": cleo.visitor_key[:-1]}
    assert [post(widget, headers=bad).status_code, post(widget, cleo.conversation.pk).status_code] == [404, 404]
    rates = settings.THROTTLE_RATES
    settings.THROTTLE_RATES = {**rates, "VISITOR_UPLOAD_EACH": (1, 3600)}
    assert [post(widget, address="192.0.2.1").status_code for _ in range(2)] == [201, 429]
    settings.THROTTLE_RATES = rates
    Widget.objects.update(config={"verified_only": True})
    assert post(widget).status_code == 403
    Widget.objects.update(config={})
    acme.channels.update(is_active=False)
    assert post(widget).status_code == 403
