"""Private notes: the team's own words beside a thread, which no customer ever hears of."""

import pytest

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.asides import words_of
from conversations.models import Conversation, Follower, Note
from conversations.services.notes import change_note, delete_note, mentions_in, write_note
from foundation.errors import Forbidden, Invalid, KeyReused
from pingback.realtime import rooms
from tests import builders

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
