"""Private notes: the team's own words beside a thread, which no customer ever hears of."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.asides import words_of
from conversations.models import Attachment, Conversation, Follower, Note
from conversations.services.notes import change_note, delete_note, mentions_in, write_note
from conversations.services.uploads import purge_unsent
from foundation.errors import Forbidden, Invalid, KeyReused
from pingback.realtime import rooms
from tests import builders, corpus

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


def test_a_note_stands_behind_the_newest_message_and_takes_no_number(conversation: Conversation, ada: User) -> None:
    note = write_note(conversation=conversation, author=ada, content="Check the order.").note
    message = builders.says(conversation, "Still there?")

    assert (note.after_seq, message.seq) == (1, 2)
    answer = builders.api(ada).get(f"/api/v1/conversations/{conversation.pk}/messages").json()
    assert [each["content"] for each in answer["results"]] == ["Hello?", "Still there?"]


def test_no_room_of_a_visitor_hears_of_a_note(
    conversation: Conversation, ada: User, ben: User, published: list[FeedEvent]
) -> None:
    note = write_note(conversation=conversation, author=ada, content="A fraud?", mentions=[ben.pk]).note
    note = change_note(note=note, author=ada, content="No fraud.")
    delete_note(note=note, author=ada)

    heard = [(event.kind, rooms.audience(event)) for event in published]
    assert [kind for kind, _out in heard] == ["note.created", "note.updated", "note.updated"]
    assert {room for _kind, out in heard for room, _name, _payload in out} == {rooms.business(conversation.business_id)}
    assert heard[-1][1][0][2]["deleted"] is True


def test_whoever_is_mentioned_follows_and_is_named_in_the_event(
    conversation: Conversation, ada: User, ben: User, published: list[FeedEvent]
) -> None:
    write_note(conversation=conversation, author=ada, content="@Ben?", mentions=[ben.pk])

    assert published[-1].data["mentions"] == [str(ben.pk)]
    assert set(Follower.objects.values_list("user_id", flat=True)) == {ada.pk, ben.pk}


def test_only_whole_names_ask_for_somebody(conversation: Conversation, acme: Business, ada: User) -> None:
    ann, anna, ann_lee = (builders.member(acme, builders.person(name)).user for name in ("Ann", "Anna", "Lee"))
    ann_lee.full_name = "Ann Lee"
    ann_lee.save()
    for words, people in (
        ("@Anna please look", {anna}),
        ("@ann, @Ann Lee: yours?", {ann, ann_lee}),
        ("write to x@annabel.com or ann@anna.com", set()),
    ):
        assert mentions_in(words, business_id=acme.pk) == {person.pk for person in people}
    note = write_note(conversation=conversation, author=ada, content="@Annabel @ann", mentions=[ann.pk]).note
    assert words_of(note).parts == [(False, "@Annabel "), (True, "@ann"), (False, "")]


def test_strangers_cannot_be_mentioned(conversation: Conversation, ada: User, mallory: User) -> None:
    with pytest.raises(Invalid):
        write_note(conversation=conversation, author=ada, content="@Mallory?", mentions=[mallory.pk])
    assert not Note.objects.exists()


def test_the_same_note_twice_is_one(conversation: Conversation, ada: User, published: list[FeedEvent]) -> None:
    first = write_note(conversation=conversation, author=ada, content="Once", key="k")
    again = write_note(conversation=conversation, author=ada, content="Once", key="k")

    assert (first.created, again.created, again.note) == (True, False, first.note)
    assert len(published) == 1
    with pytest.raises(KeyReused):
        write_note(conversation=conversation, author=ada, content="Twice", key="k")


def test_only_its_author_changes_a_note(conversation: Conversation, ada: User, ben: User) -> None:
    note = write_note(conversation=conversation, author=ada, content="Mine").note
    for change in (
        lambda: change_note(note=note, author=ben, content="His"),
        lambda: delete_note(note=note, author=ben),
    ):
        with pytest.raises(Forbidden):
            change()


def upload(user: User, conversation: Conversation) -> dict[str, Any]:
    address = f"/api/v1/conversations/{conversation.pk}/upload"
    file = SimpleUploadedFile("screen.png", corpus.picture())
    answer: dict[str, Any] = builders.api(user).post(address, {"file": file}, format="multipart").json()
    return answer


def test_files_of_a_note_are_the_teams_and_never_a_customers(
    conversation: Conversation, ada: User, ben: User, mallory: User
) -> None:
    file, address = upload(ada, conversation), f"/api/v1/conversations/{conversation.pk}"
    written = builders.api(ada).post(f"{address}/notes", {"content": "", "attachments": [file]})

    assert written.status_code == 201
    assert [each["filename"] for each in written.json()["attachments"]] == ["screen.png"]
    [listed] = builders.api(ben).get(f"{address}/notes").json()["results"]
    assert listed["attachments"][0]["id"] == file["id"]
    assert builders.browser(ben).get(f"/files/{file['id']}/screen.png").status_code == 200
    assert builders.browser(mallory).get(f"/files/{file['id']}/screen.png").status_code == 404
    sent = builders.api(ben).post(f"{address}/messages", {"content": "Look", "attachments": [file]})
    assert sent.status_code == 422
    assert "screen.png" not in builders.api(ada).get(f"{address}/messages").content.decode()


def test_a_note_sent_twice_takes_its_files_once_and_they_go_with_it(conversation: Conversation, ada: User) -> None:
    file, address = upload(ada, conversation), f"/api/v1/conversations/{conversation.pk}/notes"
    body, headers = {"content": "See", "attachments": [file["url"]]}, {"Idempotency-Key": "one"}
    answers = [builders.api(ada).post(address, body, headers=headers) for _each in range(2)]
    assert [each.status_code for each in answers] == [201, 200]
    note = answers[0].json()["id"]

    assert builders.api(ada).post(address, {"content": " "}).status_code == 422
    changed = builders.api(ada).patch(f"{address}/{note}", {"content": ""})
    assert (changed.status_code, len(changed.json()["attachments"])) == (200, 1)
    assert builders.api(ada).delete(f"{address}/{note}").status_code == 200
    assert not Attachment.objects.exists()


def test_a_file_of_a_note_stays_when_what_was_never_sent_goes(conversation: Conversation, ada: User) -> None:
    noted, left = upload(ada, conversation), upload(ada, conversation)
    builders.api(ada).post(f"/api/v1/conversations/{conversation.pk}/notes", {"content": "", "attachments": [noted]})
    Attachment.objects.update(created_at=timezone.now() - timedelta(days=2))

    assert purge_unsent() == 1
    assert [str(pk) for pk in Attachment.objects.values_list("pk", flat=True)] == [noted["id"]]
    assert left["id"] != noted["id"]
