"""What one knew before, with the events that were sent, is what a fresh fetch shows: for every service.

After zulip's habit: a page that only listens must never be wrong.
"""

import inspect
import pkgutil
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses import feed
from businesses.members import remove_member
from businesses.models import Business, FeedEvent
from businesses.teams import create_team, delete_team
from conversations import services
from conversations.models import (
    Conversation,
    Customer,
    HandoffReason,
    Message,
    MessageStatus,
    Note,
    Priority,
    ScheduledMessage,
    Tag,
)
from conversations.services import (
    answers,
    assigning,
    blocking,
    bulk,
    customer_imports,
    customers,
    deleting,
    editing,
    handling,
    handoffs,
    importing_customers,
    later,
    macro_runs,
    macros,
    merging,
    merging_customers,
    messages,
    notes,
    priorities,
    rating,
    receipts,
    snoozing,
    tags,
    unsent,
)
from conversations.services.receipts import Receipt
from pingback.realtime import rooms
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)

SOON = timezone.now() + timedelta(hours=3)
RESOLVE = handling.resolve_conversation
State = dict[str, dict[str, Any]]
Told = list[tuple[str, dict[str, Any]]]
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


def merged_and_answered(conversation: Conversation, ada: User) -> None:
    """By another tool, where the customer wrote."""
    other = sibling(conversation)
    merging.merge_conversations(conversation=other, into=conversation, actor=ada)
    builders.answers(ada, other, "In the parcel")
    receipts.mark_read(message=Message.objects.get(content="In the parcel"))


def merged_and_undone(conversation: Conversation, ada: User) -> None:
    merging.merge_conversations(conversation=conversation, into=sibling(conversation), actor=ada)
    merging.undo_merge(conversation=conversation, actor=ada)


def twin_of(conversation: Conversation) -> Customer:
    other = builders.conversation(conversation.business)
    assert other.customer is not None
    return other.customer


def same_person(conversation: Conversation, ada: User) -> Customer:
    assert conversation.customer is not None
    twin = twin_of(conversation)
    return merging_customers.merge_customers(customer=twin, into=conversation.customer, actor=ada)


def tag_on(conversation: Conversation, ada: User, name: str = "VIP") -> Tag:
    tags.add_tag(conversation=conversation, name=name, actor=ada)
    return Tag.objects.get(business=conversation.business, name=name)


def planned(conversation: Conversation, ada: User) -> ScheduledMessage:
    return later.send_later(conversation=conversation, author=ada, content="Soon", send_at=SOON, seen_seq=1).scheduled


def sent_when_due(conversation: Conversation, ada: User) -> None:
    planned(conversation, ada)
    ScheduledMessage.objects.update(send_at=timezone.now())
    assert later.send_due() == 1


def given_back_when_due(conversation: Conversation, ada: User) -> None:
    planned(conversation, ada)
    builders.says(conversation, "Wait")
    ScheduledMessage.objects.update(send_at=timezone.now())
    assert later.send_due() == 1


def woken(conversation: Conversation, ada: User) -> None:
    snoozing.snooze_conversation(conversation=conversation, until=SOON, actor=ada)
    Conversation.objects.update(snoozed_until=timezone.now())
    assert snoozing.wake_due() == 1


def released(conversation: Conversation, ada: User) -> None:
    assigning.claim_conversation(conversation=conversation, user=ada)
    assigning.release_conversation(conversation=conversation, user=ada)


def left_behind(conversation: Conversation, ada: User) -> None:
    """Who has it leaves the workspace."""
    eve = builders.member(conversation.business, builders.person("Eve"))
    assigning.assign_conversation(conversation=conversation, agent_id=eve.user_id, actor=ada)
    remove_member(actor=ada, membership_id=eve.pk)


def team_gone(conversation: Conversation, ada: User) -> None:
    team = create_team(actor=ada, name="Night")
    assigning.assign_conversation(conversation=conversation, team_id=team.pk, actor=ada)
    delete_team(actor=ada, team_id=team.pk)


def tags_merged(conversation: Conversation, ada: User) -> None:
    tag, into = tag_on(conversation, ada), tags.create_tag(business=conversation.business, name="Late", actor=ada)
    tags.merge_tags(tag=tag, into=into, actor=ada)


def undone(conversation: Conversation, ada: User) -> None:
    snoozing.snooze_conversation(conversation=conversation, until=SOON, actor=ada)
    handling.resolve_conversation(conversation=conversation, actor=ada)
    handling.undo_status(conversation=conversation, actor=ada)


def given_back(conversation: Conversation, ada: User) -> None:
    assigning.assign_conversation(conversation=conversation, agent_id=ada.pk, actor=ada)
    assigning.undo_assignment(conversation=conversation, actor=ada)


def sent_resolved_and_taken_back(conversation: Conversation, ada: User) -> None:
    row = planned(conversation, ada)
    handling.resolve_conversation(conversation=conversation, actor=ada, sending=row.pk)
    later.undo_send(scheduled=row, actor=ada)


def macro_run(conversation: Conversation, ada: User) -> macro_runs.Ran:
    macro = macros.create_macro(
        business=conversation.business,
        author=ada,
        name="Bye",
        content="Bye",
        tags=["Done"],
        priority=1,
        status="closed",
    )
    return macro_runs.run_macro(macro=macro, conversation=conversation, actor=ada)


def macro_undone(conversation: Conversation, ada: User) -> None:
    macro_runs.undo_run(ran=macro_run(conversation, ada), conversation=conversation, actor=ada)


def called_wrong(conversation: Conversation, ada: User) -> None:
    message = builders.answers(ada, conversation, "In the parcel")
    Message.objects.filter(pk=message.pk).update(ai_sources=[{"id": str(message.pk), "title": "Parcels"}])
    answers.call_answer_wrong(message=message)


def many_resolved(conversation: Conversation, ada: User) -> None:
    def resolve(row: Conversation) -> handling.Handled:
        return handling.resolve_conversation(conversation=row, actor=ada)

    bulk.change_many(actor=ada, ids=[conversation.pk, sibling(conversation).pk], change=resolve)


def failed(conversation: Conversation, ada: User) -> None:
    message = builders.answers(ada, conversation, "Hi")
    messages.set_message_status(message_id=message.pk, status=MessageStatus.FAILED, error="No such number.")


def failed_late(conversation: Conversation, ada: User) -> None:
    """What was resolved because of it is open again."""
    message = builders.answers(ada, conversation, "Hello")
    handling.resolve_conversation(conversation=conversation, actor=ada)
    unsent.message_failed(message_id=message.pk, reason="No such number.")


def seen_by_the_customer(conversation: Conversation, ada: User) -> None:
    builders.answers(ada, conversation, "One")
    receipts.mark_delivered(message=builders.answers(ada, conversation, "Two"))
    receipts.mark_read(message=Message.objects.get(content="Two"))


def rated(conversation: Conversation, ada: User) -> None:
    builders.answers(ada, conversation, "Hi")
    handling.resolve_conversation(conversation=conversation, actor=ada)
    rating.rate_conversation(conversation=conversation, score=5, comment="")


def imported(conversation: Conversation, ada: User) -> None:
    text = f"id,name,email\n{conversation.customer_id},Cleo Hart,\n,Grace,grace@example.com\n"
    customer_imports.receive_file(actor=ada, sheet=importing_customers.sheet_of(text), looks_first=False)


DEEDS: dict[str, Deed] = {
    "a conversation is begun by a customer": lambda row, ada: builders.visitor_writes(row.business),
    "the customer writes": lambda row, ada: builders.says(row, "More"),
    "an agent answers": lambda row, ada: builders.answers(ada, row, "Hello"),
    "an answer that fails": failed,
    "an answer that fails late": failed_late,
    "an answer is called wrong": called_wrong,
    "an answer is read": seen_by_the_customer,
    "resolved": lambda row, ada: handling.resolve_conversation(conversation=row, actor=ada),
    "closed": lambda row, ada: handling.close_conversation(conversation=row, actor=ada),
    "spam": lambda row, ada: handling.mark_spam(conversation=row, actor=ada),
    "reopened": lambda row, ada: [act(conversation=row, actor=ada) for act in (RESOLVE, handling.reopen_conversation)],
    "its status undone": undone,
    "parked": lambda row, ada: handling.park_conversation(conversation=row, actor=ada),
    "many resolved": many_resolved,
    "rated": rated,
    "assigned": lambda row, ada: assigning.assign_conversation(conversation=row, agent_id=ada.pk, actor=ada),
    "claimed": lambda row, ada: assigning.claim_conversation(conversation=row, user=ada),
    "given back by who had it": released,
    "its person left": left_behind,
    "its team is gone": team_gone,
    "handed over": lambda row, ada: handoffs.flag_for_person(conversation=row, reason=HandoffReason.LOW_CONFIDENCE),
    "tagged": lambda row, ada: tags.set_tags(conversation=row, names=["VIP", "late"], actor=ada),
    "untagged": lambda row, ada: tags.remove_tag(conversation=row, name=tag_on(row, ada).name, actor=ada),
    "its tag renamed": lambda row, ada: tags.change_tag(tag=tag_on(row, ada), name="Late", actor=ada),
    "its tag merged": tags_merged,
    "its tag gone": lambda row, ada: tags.delete_tag(tag=tag_on(row, ada), actor=ada),
    "urgent": lambda row, ada: priorities.set_priority(conversation=row, priority=Priority.URGENT, actor=ada),
    "snoozed": lambda row, ada: snoozing.snooze_conversation(conversation=row, until=SOON, actor=ada),
    "woken": woken,
    "blocked": lambda row, ada: blocking.set_blocked(conversation=row, blocked=True, actor=ada),
    "a macro": macro_run,
    "a macro undone": macro_undone,
    "planned": planned,
    "planned and taken back": lambda row, ada: later.take_back(scheduled=planned(row, ada), actor=ada),
    "sent, resolved and taken back": sent_resolved_and_taken_back,
    "given away and given back": given_back,
    "planned and sent": sent_when_due,
    "planned and given back": given_back_when_due,
    "edited": lambda row, ada: editing.edit_message(message=builders.answers(ada, row, "Hi"), author=ada, content="Ho"),
    "taken back": lambda row, ada: editing.delete_message(message=builders.answers(ada, row, "Hi"), author=ada),
    "edited by the customer": lambda row, ada: editing.edited_elsewhere(message=row.messages.get(), content="Ho"),
    "taken back by the customer": lambda row, ada: editing.deleted_elsewhere(message=row.messages.get()),
    "a reaction": lambda row, ada: editing.reacted(message=builders.answers(ada, row, "Hi"), emoji="👍"),
    "merged": lambda row, ada: merging.merge_conversations(conversation=row, into=sibling(row), actor=ada),
    "what is merged into it has news": merged_with_news,
    "what is merged into it is answered there": merged_and_answered,
    "merged and undone": merged_and_undone,
    "a note": note_of,
    "a note changed": lambda row, ada: notes.change_note(note=note_of(row, ada), author=ada, content="Ah", mentions=[]),
    "a note gone": lambda row, ada: notes.delete_note(note=note_of(row, ada), author=ada),
    "a new customer": lambda row, ada: customers.create_customer(business=row.business, name="Grace"),
    "the customer is called otherwise": lambda row, ada: customers.change_customer(
        customer=row.customer, name="Cleo H"
    ),
    "customers brought in": imported,
    "customers who are one person": same_person,
    "customers two again": lambda row, ada: merging_customers.undo_merge(customer=same_person(row, ada), actor=ada),
    "deleted": lambda row, ada: deleting.delete_conversation(conversation=row, actor=ada),
    "the customer deleted": lambda row, ada: deleting.delete_customer(customer=row.customer, actor=ada),
}


@pytest.fixture
def told(acme: Business, monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the sockets of Acme's members hear, in order."""
    heard: Told = []

    def hear(emissions: list[rooms.Emission]) -> None:
        heard.extend((name, payload) for room, name, payload in emissions if room == rooms.business(acme.pk))

    def publish(events: list[FeedEvent]) -> None:
        for event in events:
            hear(rooms.audience(event))

    def receipt(received: Receipt) -> None:
        if emission := rooms.writers(received):
            hear([emission])

    monkeypatch.setattr(feed, "_publish", publish)
    monkeypatch.setattr("pingback.realtime.publish.receipt", receipt)
    return heard


def fetched(ada: User) -> State:
    """By id: conversations, their messages and notes, customers and tags, as the API shows them."""
    api, things = builders.api(ada), []
    for each in [each for spam in (False, True) for each in api.get(f"/api/v1/conversations/?spam={spam}").json()]:
        path = f"/api/v1/conversations/{each['id']}"
        whole = api.get(path).json()
        things += [whole, *whole.pop("messages"), *api.get(f"{path}/notes").json()["results"]]
    things += [api.get(f"/api/v1/customers/{pk}").json() for pk in Customer.objects.values_list("pk", flat=True)]
    things += api.get("/api/v1/tags").json()["results"]
    return {thing["id"]: thing for thing in things}


def heard(told: Told, state: State) -> State:
    """The state as a page has it that only listened: each thing is what the last event about it said."""
    state = {key: dict(thing) for key, thing in state.items()}
    for name, payload in told:
        LISTENERS[name](state, {key: value for key, value in payload.items() if key not in {"feed_seq", "messages"}})
    return state


def _conversations(state: State) -> list[dict[str, Any]]:
    return [thing for thing in state.values() if "channel_type" in thing]


def _keep(state: State, thing: dict[str, Any]) -> None:
    state[thing["id"]] = {**state.get(thing["id"], {}), **thing}


def _note(state: State, note: dict[str, Any]) -> None:
    if note.pop("deleted"):
        state.pop(note["id"])
    else:
        _keep(state, note)


def _new_message(state: State, message: dict[str, Any]) -> None:
    _keep(state, message)
    about = state[message["conversation_id"]]
    about["last_message"], about["updated_at"] = message, message["created_at"]


def _message(state: State, message: dict[str, Any]) -> None:
    _keep(state, message)
    for about in _conversations(state):
        if about["last_message"] and about["last_message"]["id"] == message["id"]:
            about["last_message"] = message


def _tag(state: State, tag: dict[str, Any]) -> None:
    gone, into_id = tag.pop("deleted"), tag.pop("into_id")
    shown = state.get(into_id) if gone else tag
    for about in _conversations(state):
        became = [shown if each["id"] == tag["id"] else each for each in about["tags"]]
        about["tags"] = [each for number, each in enumerate(became) if each and each not in became[:number]]
    if gone:
        state.pop(tag["id"])
    else:
        _keep(state, tag)


def _customer(state: State, customer: dict[str, Any]) -> None:
    _keep(state, customer)
    for about in _conversations(state):
        if about["customer_id"] == customer["id"]:
            about["customer"] = state[customer["id"]]


def _customer_gone(state: State, customer: dict[str, Any]) -> None:
    """And all that there was of them."""
    _gone(state, {about["id"] for about in _conversations(state) if about["customer_id"] == customer["id"]})
    state.pop(customer["id"])


def _gone(state: State, conversations: set[str]) -> None:
    for key, thing in list(state.items()):
        if key in conversations or thing.get("conversation_id") in conversations:
            state.pop(key)


def _received(state: State, receipt: dict[str, Any], what: str) -> None:
    """It counts for all that the team wrote so far; what is read was delivered."""
    at = receipt[f"{what}_at"]
    theirs = [thing for thing in state.values() if thing.get("conversation_id") == receipt["conversation_id"]]
    lasts = [about["last_message"] for about in _conversations(state) if about["last_message"]]
    for message in [*theirs, *(last for last in lasts if last["conversation_id"] == receipt["conversation_id"])]:
        if message.get("sender_type") == "agent" and message["seq"] <= receipt["seq"]:
            message |= {f"{what}_at": at, "status": what, "delivered_at": message["delivered_at"] or at}


LISTENERS: dict[str, Callable[[State, dict[str, Any]], None]] = {
    "new_conversation": _keep,
    "conversation_updated": _keep,
    "conversation_deleted": lambda state, gone: _gone(state, {gone["id"]}),
    "new_message": _new_message,
    "message_updated": _message,
    "note_created": _note,
    "note_updated": _note,
    "tag_updated": _tag,
    "customer_created": _customer,
    "customer_updated": _customer,
    "customer_deleted": _customer_gone,
    "delivered": lambda state, receipt: _received(state, receipt, "delivered"),
    "read": lambda state, receipt: _received(state, receipt, "read"),
    "agent_status_changed": lambda _state, _status: None,
}
# What the team's own clients count by themselves (static/js/inbox.js), what only the sender is told, and how far a row
# is read that is shown to nobody in particular.
OWN = {"unread", "client_message_id"}


def without_own(state: State) -> State:
    cleaned = {}
    for key, thing in state.items():
        thing = {name: value for name, value in thing.items() if name not in OWN}
        if thing.get("last_message"):
            thing["last_message"] = {n: v for n, v in thing["last_message"].items() if n not in OWN}
        cleaned[key] = thing
    return cleaned


# Reads, steps within another service, what only its own person sees, and what ends with all that would hear of it.
QUIET = {
    "assigning": {"not_a_member"},
    "customers": {"fill"},
    "deleting": {"end_with_the_workspace"},
    "editing": {"may_change"},
    "handling": {"mark_read", "mark_unread", "not_merged", "undo_unread"},
    "handoffs": {"was_handed_over"},
    "importing_customers": {"look_at", "store_lines"},
    "leaving": {"sweep", "take_back_after_removal", "tell_of_deleted_team"},  # members and teams that go call them
    "merging": {"hear"},
    "messages": {"open_with", "post_messages", "post_each"},
    "notes": {"follow_all", "mentions_in"},
    "tags": {"add_tag", "checked_name"},
    "unsent": {"send_again"},  # which is `set_message_status` for each
}


def test_every_service_that_tells_of_something_is_among_these() -> None:
    tried = inspect.getsource(sys.modules[__name__]) + inspect.getsource(builders)
    missing = []
    for found in pkgutil.iter_modules(services.__path__, f"{services.__name__}."):
        module, short = import_module(found.name), found.name.rpartition(".")[2]
        if "events.record" not in inspect.getsource(module):
            continue
        for name, one in inspect.getmembers(module, inspect.isfunction):
            is_own = one.__module__ == found.name and not name.startswith("_")
            if is_own and name not in QUIET.get(short, set()) and not re.search(rf"\b{name}\b", tried):
                missing.append(f"{short}.{name}")
    assert missing == []


@pytest.mark.parametrize("deed", DEEDS, ids=str)
def test_what_was_heard_is_what_a_fresh_fetch_shows(deed: str, acme: Business, ada: User, told: Told) -> None:
    conversation = builders.conversation(acme)
    if deed == "the customer writes":
        handling.resolve_conversation(conversation=conversation, actor=ada)
    before = fetched(ada)
    told.clear()

    DEEDS[deed](conversation, ada)

    assert told, "nobody heard of it"
    after = fetched(ada)
    state = heard(told, before)
    for key, about in state.items():  # an answer is the response, whoever hears of it
        if "first_response_at" in about:
            about["first_response_at"] = after[key]["first_response_at"]
    assert without_own(state) == without_own(after)
