"""What one knew before, with the events that were sent, is what a fresh fetch shows: for every service.

After zulip's habit: a page that only listens must never be wrong.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Conversation, HandoffReason, Note, Priority
from conversations.services import (
    assigning,
    blocking,
    editing,
    handling,
    handoffs,
    merging,
    notes,
    priorities,
    snoozing,
    tags,
)
from pingback.realtime import rooms
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)

SOON = timezone.now() + timedelta(hours=3)
State = dict[str, dict[str, Any]]
Deed = Callable[[Conversation, User], Any]


def note_of(conversation: Conversation, author: User) -> Note:
    return notes.write_note(conversation=conversation, author=author, content="Hm", mentions=[author.pk]).note


def sibling(conversation: Conversation) -> Conversation:
    return builders.conversation(conversation.business, customer=conversation.customer)


def merged_with_news(conversation: Conversation, ada: User) -> None:
    """The customer writes in the one that is merged into this one."""
    other = sibling(conversation)
    handling.resolve_conversation(conversation=conversation, actor=ada)
    merging.merge_conversations(conversation=other, into=conversation, actor=ada)
    builders.says(other, "More")


def merged_and_undone(conversation: Conversation, ada: User) -> None:
    merging.merge_conversations(conversation=conversation, into=sibling(conversation), actor=ada)
    merging.undo_merge(conversation=conversation, actor=ada)


DEEDS: dict[str, Deed] = {
    "the customer writes": lambda row, ada: builders.says(row, "More"),
    "an agent answers": lambda row, ada: builders.answers(ada, row, "Hello"),
    "resolved": lambda row, ada: handling.resolve_conversation(conversation=row, actor=ada),
    "closed": lambda row, ada: handling.close_conversation(conversation=row, actor=ada),
    "parked": lambda row, ada: handling.park_conversation(conversation=row, actor=ada),
    "assigned": lambda row, ada: assigning.assign_conversation(conversation=row, agent_id=ada.pk, actor=ada),
    "claimed": lambda row, ada: assigning.claim_conversation(conversation=row, user=ada),
    "handed over": lambda row, ada: handoffs.flag_for_person(conversation=row, reason=HandoffReason.LOW_CONFIDENCE),
    "tagged": lambda row, ada: tags.set_tags(conversation=row, names=["VIP", "late"], actor=ada),
    "urgent": lambda row, ada: priorities.set_priority(conversation=row, priority=Priority.URGENT, actor=ada),
    "snoozed": lambda row, ada: snoozing.snooze_conversation(conversation=row, until=SOON, actor=ada),
    "blocked": lambda row, ada: blocking.set_blocked(conversation=row, blocked=True, actor=ada),
    "edited": lambda row, ada: editing.edit_message(message=builders.answers(ada, row, "Hi"), author=ada, content="Ho"),
    "taken back": lambda row, ada: editing.delete_message(message=builders.answers(ada, row, "Hi"), author=ada),
    "merged": lambda row, ada: merging.merge_conversations(conversation=row, into=sibling(row), actor=ada),
    "what is merged into it has news": merged_with_news,
    "merged and undone": merged_and_undone,
    "a note": note_of,
    "a note changed": lambda row, ada: notes.change_note(note=note_of(row, ada), author=ada, content="Ah", mentions=[]),
    "a note gone": lambda row, ada: notes.delete_note(note=note_of(row, ada), author=ada),
}


def fetched(ada: User) -> State:
    """By id: every conversation, its messages and its notes, as the API shows them."""
    api, things = builders.api(ada), []
    for each in api.get("/api/v1/conversations/").json():
        path = f"/api/v1/conversations/{each['id']}"
        whole = api.get(path).json()
        things += [whole, *whole.pop("messages"), *api.get(f"{path}/notes").json()["results"]]
    return {thing["id"]: thing for thing in things}


def heard(events: list[FeedEvent], state: State, business: Business) -> State:
    """The state as a page has it that only listened: each thing is what the last event about it said."""
    state = dict(state)
    for event in events:
        for room, name, payload in rooms.audience(event):
            if room != rooms.business(business.pk) or name not in TOLD:
                continue
            thing = {key: value for key, value in payload.items() if key not in {"feed_seq", "deleted", "messages"}}
            if payload.get("deleted"):
                state.pop(thing["id"], None)
            else:
                state[thing["id"]] = {**state.get(thing["id"], {}), **thing}
            if name == "new_message":
                about = state[thing["conversation_id"]]
                about["last_message"], about["updated_at"] = thing, thing["created_at"]
            elif name == "message_updated" and state[thing["conversation_id"]]["last_message"]["id"] == thing["id"]:
                state[thing["conversation_id"]]["last_message"] = thing
    return state


TOLD = {"new_message", "message_updated", "new_conversation", "conversation_updated", "note_created", "note_updated"}
# What the team's own clients count by themselves (static/js/inbox.js), and what only the sender is told.
OWN = {"unread", "client_message_id"}


def without_own(state: State) -> State:
    cleaned = {}
    for key, thing in state.items():
        thing = {name: value for name, value in thing.items() if name not in OWN}
        if thing.get("last_message"):
            thing["last_message"] = {n: v for n, v in thing["last_message"].items() if n not in OWN}
        cleaned[key] = thing
    return cleaned


@pytest.mark.parametrize("deed", DEEDS, ids=str)
def test_what_was_heard_is_what_a_fresh_fetch_shows(
    deed: str, acme: Business, ada: User, published: list[FeedEvent]
) -> None:
    conversation = builders.conversation(acme)
    if deed == "the customer writes":
        handling.resolve_conversation(conversation=conversation, actor=ada)
    before = fetched(ada)
    published.clear()

    DEEDS[deed](conversation, ada)

    assert published, "nobody heard of it"
    after = fetched(ada)
    state = heard(published, before, acme)
    for key, about in state.items():  # an answer is the response, whoever hears of it
        if "first_response_at" in about:
            about["first_response_at"] = after[key]["first_response_at"]
    assert without_own(state) == without_own(after)
