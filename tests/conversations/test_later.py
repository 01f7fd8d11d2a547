"""What is sent later: seen by the team, sent once, and a draft again when it cannot or shall not go."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.members import remove_member
from businesses.models import Business, FeedEvent
from conversations.events import Change, happened
from conversations.models import (
    Activity,
    ActivityKind,
    Attachment,
    ChannelType,
    Conversation,
    Message,
    ScheduledMessage,
    Status,
)
from conversations.services import handling
from conversations.services.drafts import draft_of
from conversations.services.later import MOST, send_due, send_later
from conversations.services.merging import merge_conversations, undo_merge
from conversations.services.uploads import purge_unsent
from foundation.errors import Invalid
from pingback.realtime import rooms
from tests import builders, corpus
from workflows.models import Notification

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mail(acme: Business) -> Conversation:
    return builders.conversation(acme, type=ChannelType.EMAIL)


def scheduled(conversation: Conversation, author: User, content: str = "Soon", seen_seq: int = 1) -> ScheduledMessage:
    at = timezone.now() + timedelta(hours=1)
    return send_later(
        conversation=conversation, author=author, content=content, send_at=at, seen_seq=seen_seq
    ).scheduled


def send_all() -> int:
    ScheduledMessage.objects.update(send_at=timezone.now())
    return send_due()


def test_it_goes_out_once_when_its_time_comes(mail: Conversation, ada: User) -> None:
    scheduled(mail, ada)
    assert send_due() == 0
    assert (send_all(), send_due()) == (1, 0)
    assert list(Message.objects.filter(sender=ada).values_list("content", flat=True)) == ["Soon"]
    assert not ScheduledMessage.objects.exists()


def test_what_is_merged_meanwhile_waits_in_the_other_and_is_taken_back_there(
    mail: Conversation, ada: User, acme: Business
) -> None:
    other = builders.conversation(acme, customer=mail.customer)
    row, _late = scheduled(mail, ada), scheduled(mail, ada, "Late")
    merge_conversations(conversation=mail, into=other, actor=ada)
    api, client = builders.api(ada), Client()
    client.force_login(ada)
    path = f"/api/v1/conversations/{other.pk}/scheduled"
    assert [each["content"] for each in api.get(path).json()["results"]] == ["Soon", "Late"]
    assert f"scheduled-{row.pk}" in client.get(f"/inbox/{other.pk}/").content.decode()

    assert api.delete(f"{path}/{row.pk}").status_code == 200
    assert send_all() == 1
    assert list(other.messages.filter(sender=ada).values_list("content", flat=True)) == ["Late"]
    draft = draft_of(other, ada)
    assert draft is not None
    assert draft.content == "Soon"


def test_no_visitor_hears_of_what_waits(acme: Business, ada: User, published: list[FeedEvent]) -> None:
    chat = builders.conversation(acme)
    published.clear()
    scheduled(chat, ada)
    out = [(name, payload) for event in published for _room, name, payload in rooms.audience(event)]
    assert {name for name, _payload in out} == {"conversation_updated"}
    assert "Soon" not in str(out)


def test_when_somebody_wrote_meanwhile_it_is_a_draft_again_and_the_thread_says_so(
    mail: Conversation, ada: User
) -> None:
    scheduled(mail, ada)
    builders.says(mail, "Never mind")
    assert send_all() == 1
    draft = draft_of(mail, ada)
    assert draft is not None
    assert draft.content == "Soon"
    assert not Message.objects.filter(sender=ada).exists()
    assert Activity.objects.get(kind=ActivityKind.RETURNED).data["reason"]
    client = Client()
    client.force_login(ada)
    assert "as a draft" in client.get(f"/inbox/{mail.pk}/").content.decode()


def test_what_cannot_go_is_told_to_its_author_and_opens_what_was_done(mail: Conversation, ada: User, ben: User) -> None:
    scheduled(mail, ada)
    builders.answers(ben, mail, "I have it")
    handling.resolve_conversation(conversation=mail, actor=ada)

    send_all()

    mail.refresh_from_db()
    assert (mail.status, mail.resolved_at) == (Status.OPEN, None)
    assert list(Notification.objects.filter(kind="returned").values_list("user", flat=True)) == [ada.pk]
    [told] = builders.api(ada).get("/api/v1/notifications").json()["results"]
    assert "is a draft again" in told["text"]


def test_one_that_fails_holds_up_no_other(
    mail: Conversation, acme: Business, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = scheduled(mail, ada, "Bad"), scheduled(builders.conversation(acme, type=ChannelType.SMS), ada, "Good")

    def reject(*, changes: Mapping[UUID, Change], **_signal: Any) -> None:
        if any(event.conversation_id == bad.conversation_id for event in changes[acme.pk].events):
            raise RuntimeError

    happened.connect(reject)
    try:
        assert send_all() == 1
    finally:
        happened.disconnect(reject)
    assert not ScheduledMessage.objects.filter(pk=good.pk).exists()
    assert ScheduledMessage.objects.get(pk=bad.pk).send_at > timezone.now()
    assert send_all() == 1


def test_what_is_merged_meanwhile_goes_with_its_file_unless_somebody_wrote(
    mail: Conversation, acme: Business, ada: User
) -> None:
    other = builders.conversation(acme, customer=mail.customer)
    file, at = file_of(mail, ada), timezone.now() + timedelta(hours=1)
    files = [UUID(file["id"])]
    send_later(conversation=mail, author=ada, content="Look", send_at=at, seen_seq=1, attachments=files)
    merge_conversations(conversation=mail, into=other, actor=ada)
    send_all()
    assert [each["id"] for each in other.messages.get(sender=ada).attachments] == [file["id"]]

    undo_merge(conversation=mail, actor=ada)
    scheduled(mail, ada, "Sorry for the wait")
    merge_conversations(conversation=mail, into=other, actor=ada)
    builders.says(mail, "Never mind")
    send_all()
    draft = draft_of(other, ada)
    assert draft is not None
    assert draft.content == "Sorry for the wait"


def test_of_who_left_nothing_goes_out(mail: Conversation, acme: Business, ada: User, ben: User) -> None:
    scheduled(mail, ben)
    remove_member(actor=ada, membership_id=acme.memberships.get(user=ben).pk)
    send_all()
    assert not Message.objects.filter(sender=ben).exists()


def test_a_key_stands_for_its_first_words_where_they_were_meant(mail: Conversation, acme: Business, ada: User) -> None:
    other = builders.conversation(acme, type=ChannelType.EMAIL)

    def plan(conversation: Conversation, **body: Any) -> Any:
        body |= {"send_at": (timezone.now() + timedelta(hours=1)).isoformat()}
        path = f"/api/v1/conversations/{conversation.pk}/scheduled"
        return builders.api(ada).post(path, body, headers={"Idempotency-Key": "k"})

    first, again = plan(mail, content="Soon"), plan(mail, content="Soon")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again["Idempotent-Replay"] == "true"
    for wrong in (plan(mail, content="Late"), plan(other, content="Soon")):
        assert (wrong.status_code, wrong.json()["detail"][0]["loc"]) == (422, ["header", "Idempotency-Key"])
    assert [row.content for row in ScheduledMessage.objects.all()] == ["Soon"]


def test_nobody_fills_a_thread(mail: Conversation, ada: User) -> None:
    api, path = builders.api(ada), f"/api/v1/conversations/{mail.pk}/scheduled"
    body = {"content": "Soon", "send_at": (timezone.now() + timedelta(hours=1)).isoformat()}
    for number in range(MOST):
        scheduled(mail, ada, str(number))
    with pytest.raises(Invalid):
        scheduled(mail, ada)
    assert len(api.get(path).json()["results"]) == MOST
    assert api.post(path, {**body, "send_at": "2001-01-01T00:00:00Z"}).status_code == 400


def test_only_its_author_takes_it_back(mail: Conversation, ada: User, ben: User) -> None:
    row = scheduled(mail, ada)
    path = f"/api/v1/conversations/{mail.pk}/scheduled/{row.pk}"
    assert builders.api(ben).delete(path).status_code == 403
    assert builders.api(ada).delete(path).status_code == 200
    assert builders.api(ada).delete(path).status_code == 404
    draft = draft_of(mail, ada)
    assert draft is not None
    assert draft.content == "Soon"


def test_the_page_waits_five_seconds_with_what_leaves_the_house_and_gives_it_back(
    mail: Conversation, acme: Business, ada: User
) -> None:
    client, there = Client(), f"/inbox/{mail.pk}/"
    client.force_login(ada)
    reply = {"content": "Dear Cleo", "mode": "reply", "undo": "1", "seen_seq": "1"}
    client.post(f"{there}reply/", reply)
    row = ScheduledMessage.objects.get()
    page = client.get(there).content.decode()
    assert row.is_soon
    assert "Dear Cleo" in page
    assert "Undo" in page

    answer = client.post(f"{there}take-back/", {"scheduled": row.pk}, headers={"X-Requested-With": "fetch"})
    assert answer.json() == {"content": "Dear Cleo", "files": []}
    client.post(f"{there}reply/", reply)
    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        assert send_due() == 1
    assert Message.objects.filter(sender=ada).count() == 1

    client.post(f"/inbox/{builders.conversation(acme, customer=mail.customer).pk}/reply/", reply)
    assert Message.objects.filter(sender=ada).count() == 2  # a chat does not wait


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.PENDING])
def test_what_is_done_along_with_a_reply_is_undone_along_with_it(mail: Conversation, ada: User, status: Status) -> None:
    client, there = Client(), f"/inbox/{mail.pk}/"
    client.force_login(ada)
    reply = {"content": "Dear Cleo", "mode": "reply", "undo": "1", "seen_seq": "1", "then": status}
    client.post(f"{there}reply/", reply)
    mail.refresh_from_db()
    assert mail.status == status

    client.post(f"{there}take-back/", {"scheduled": ScheduledMessage.objects.get().pk})
    mail.refresh_from_db()
    assert mail.status == Status.OPEN
    assert Message.objects.filter(sender=ada).count() == 0

    client.post(f"{there}reply/", reply)
    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        assert send_due() == 1
    mail.refresh_from_db()
    assert mail.status == status
    assert Message.objects.filter(sender=ada).count() == 1


def test_a_status_of_before_stays_when_a_reply_is_taken_back(mail: Conversation, ada: User) -> None:
    client, there = Client(), f"/inbox/{mail.pk}/"
    client.force_login(ada)
    handling.resolve_conversation(conversation=mail, actor=ada)
    client.post(f"{there}reply/", {"content": "Dear Cleo", "mode": "reply", "undo": "1", "seen_seq": "1"})

    client.post(f"{there}take-back/", {"scheduled": ScheduledMessage.objects.get().pk})

    mail.refresh_from_db()
    assert mail.status == Status.RESOLVED


def test_a_status_that_was_set_by_itself_stays_when_a_reply_is_taken_back(mail: Conversation, ada: User) -> None:
    client, there = Client(), f"/inbox/{mail.pk}/"
    client.force_login(ada)
    client.post(f"{there}reply/", {"content": "Dear Cleo", "mode": "reply", "undo": "1", "seen_seq": "1"})
    client.post(f"{there}status/", {"status": Status.RESOLVED})

    client.post(f"{there}take-back/", {"scheduled": ScheduledMessage.objects.get().pk})

    mail.refresh_from_db()
    assert mail.status == Status.RESOLVED
    draft = draft_of(mail, ada)
    assert draft is not None
    assert draft.content == "Dear Cleo"


def file_of(mail: Conversation, ada: User) -> dict[str, Any]:
    file = SimpleUploadedFile("plan.png", corpus.picture())
    path = f"/api/v1/conversations/{mail.pk}/upload"
    uploaded: dict[str, Any] = builders.api(ada).post(path, {"file": file}, format="multipart").json()
    return uploaded


def test_files_wait_with_their_words_and_go_out_with_them(mail: Conversation, ada: User) -> None:
    api, path = builders.api(ada), f"/api/v1/conversations/{mail.pk}/scheduled"
    file = file_of(mail, ada)
    body = {"content": "", "send_at": (timezone.now() + timedelta(days=3)).isoformat(), "attachments": [file]}
    assert api.post(path, {**body, "attachments": []}).status_code == 422
    assert [each["id"] for each in api.post(path, body).json()["attachments"]] == [file["id"]]
    assert api.post(path, body).status_code == 422  # it waits already
    assert api.post(f"/api/v1/conversations/{mail.pk}/messages", {**body, "content": "Hi"}).status_code == 422
    [row] = api.get(path).json()["results"]
    assert [each["id"] for each in row["attachments"]] == [file["id"]]
    client = Client()
    client.force_login(ada)
    assert "plan.png" in client.get(f"/inbox/{mail.pk}/").content.decode()

    Attachment.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert purge_unsent() == 0
    send_all()

    message = Message.objects.get(sender=ada)
    assert [each["id"] for each in message.attachments] == [file["id"]]
    assert not ScheduledMessage.objects.exists()


def test_files_of_words_that_come_back_are_in_the_composer_again(mail: Conversation, ada: User) -> None:
    client, there = Client(), f"/inbox/{mail.pk}/"
    client.force_login(ada)
    file = file_of(mail, ada)
    assert f'value="{file["id"]}"' in client.get(there).content.decode()  # what is begun outlives the page
    reply = {"content": "Look", "mode": "reply", "undo": "1", "seen_seq": "1", "attachments": file["id"]}
    client.post(f"{there}reply/", reply)
    row = ScheduledMessage.objects.get()
    assert f'value="{file["id"]}"' not in client.get(there).content.decode()
    Attachment.objects.update(created_at=timezone.now() - timedelta(days=2))

    answer = client.post(f"{there}take-back/", {"scheduled": row.pk}, headers={"X-Requested-With": "fetch"})

    assert file["id"] in answer.json()["files"][0]
    assert purge_unsent() == 0
    assert f'value="{file["id"]}"' in client.get(there).content.decode()


def test_the_page_takes_any_time_by_the_readers_clock(mail: Conversation, ada: User) -> None:
    client, there = Client(), f"/inbox/{mail.pk}/"
    client.force_login(ada)
    client.cookies["zone"] = "Asia/Tokyo"
    day = (timezone.now() + timedelta(days=2)).date().isoformat()
    at_nine_there = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    fetch = {"X-Requested-With": "fetch"}

    reply = {"content": "Soon", "mode": "reply", "later": "at"}
    assert client.post(f"{there}reply/", {**reply, "later_at": f"{day}T09:00"}).status_code == 302
    assert client.post(f"{there}reply/", {**reply, "later_at": "soon"}, headers=fetch).status_code == 400
    assert client.post(f"{there}reply/", {**reply, "later_at": "2001-01-01T09:00"}, headers=fetch).status_code == 400
    assert [row.send_at for row in ScheduledMessage.objects.all()] == [at_nine_there]
    assert "09:00" in client.get(there).content.decode().split('id="scheduled"')[1]

    assert client.post(f"{there}handle/", {"do": "snooze:at", "value": f"{day}T09:00"}).status_code == 302
    assert client.post(f"{there}handle/", {"do": "snooze:at", "value": ""}, headers=fetch).status_code == 400
    mail.refresh_from_db()
    assert mail.snoozed_until == at_nine_there

    client.cookies["zone"] = "Mars/Olympus"
    assert client.get(there).status_code == 200


def test_the_page_plans_for_tomorrow(mail: Conversation, ada: User) -> None:
    client = Client()
    client.force_login(ada)
    client.post(f"/inbox/{mail.pk}/reply/", {"content": "Dear Cleo", "mode": "reply", "later": "tomorrow"})
    row = ScheduledMessage.objects.get()
    assert row.send_at > timezone.now()
    assert "Take back" in client.get(f"/inbox/{mail.pk}/").content.decode()
