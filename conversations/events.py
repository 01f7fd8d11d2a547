"""What happened in the core, for the feed and for the neighbours.

`happened` is sent inside the transaction: a neighbour may write rows of its own (deliveries, assistant jobs),
and if it cannot, nothing of the change is stored. What must only be quick is published after the commit, by
the feed.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.dispatch import Signal

from businesses import feed
from businesses.feed import Event
from businesses.plans import count_messages
from conversations import selectors
from conversations.models import Conversation, Customer, Message, Note, Rules, SenderType, Tag

# Sent once for all that a transaction tells. Argument: changes: Mapping[UUID, Change], by the workspaces' ids; of new
# messages the conversation is loaded.
happened = Signal(use_caching=True)


# What a part of a transaction did, and what Django forgets where that part is taken back.
_Told = tuple[Callable[[], None], Mapping[UUID, "Change"]]


class _Gathered(threading.local):
    """What the transaction of this thread has to tell at its end; None = it tells at once."""

    changes: list[_Told] | None = None


_gathered = _Gathered()


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction did in one workspace: its events in order, and the new messages among them."""

    events: list[Event] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


def conversation_created(conversation: Conversation, *, actor_id: UUID | None) -> Event:
    return Event(kind="conversation.created", subject=conversation, conversation_id=conversation.pk, actor_id=actor_id)


def conversation_updated(conversation: Conversation, *, actor_id: UUID | None) -> Event:
    return Event(
        kind="conversation.updated",
        subject=conversation,
        conversation_id=conversation.pk,
        actor_id=actor_id,
        data={
            "status": conversation.status,
            "assignee_id": str(conversation.assignee_id) if conversation.assignee_id else None,
            "team_id": str(conversation.team_id) if conversation.team_id else None,
        },
    )


def conversation_woke(conversation: Conversation) -> Event:
    """Its time has come: whose it is is told."""
    event = conversation_updated(conversation, actor_id=None)
    return replace(event, data=event.data | {"woke": True})


def person_asked_for(conversation: Conversation) -> Event:
    """It waits for a person, and did not before: whoever it waits for is told."""
    event = conversation_updated(conversation, actor_id=None)
    return replace(event, data=event.data | {"asks": True})


def message_returned(conversation: Conversation, *, author_id: UUID) -> Event:
    """What was planned there cannot be sent, and its author is told."""
    event = conversation_updated(conversation, actor_id=None)
    return replace(event, data=event.data | {"returned_to": str(author_id)})


def conversation_deleted(conversation: Conversation, *, actor_id: UUID) -> Event:
    """conversation: as it was; what is gone is told to nobody but by its id."""
    return Event(kind="conversation.deleted", subject=conversation, conversation_id=conversation.pk, actor_id=actor_id)


def conversation_assigned(
    conversation: Conversation,
    *,
    actor_id: UUID | None,
    membership_id: UUID | None = None,
    is_team_new: bool = False,
) -> Event:
    """Somebody, nobody or a team is responsible now. membership_id: the assignee's, who is told of it.

    is_team_new: the team had it not before, and is told where no person has it.
    """
    event = conversation_updated(conversation, actor_id=actor_id)
    member_id = str(membership_id) if membership_id else None
    return replace(
        event, kind="conversation.assigned", data=event.data | {"member_id": member_id, "is_team_new": is_team_new}
    )


def message_created(message: Message) -> Event:
    return _about_message("message.created", message)


def message_updated(message: Message) -> Event:
    return _about_message("message.updated", message)


def customer_created(customer: Customer) -> Event:
    return Event(kind="customer.created", subject=customer, data={"customer_id": str(customer.pk)})


def customer_updated(customer: Customer) -> Event:
    return Event(kind="customer.updated", subject=customer, data={"customer_id": str(customer.pk)})


def customer_deleted(customer: Customer, *, actor_id: UUID) -> Event:
    """customer: its id alone; what is gone is told to nobody."""
    data = {"customer_id": str(customer.pk)}
    return Event(kind="customer.deleted", subject=customer, actor_id=actor_id, data=data)


def note_created(note: Note, *, actor_id: UUID, mentions: Sequence[UUID]) -> Event:
    """mentions: whom it asks for, by user id."""
    return _about_note("note.created", note, actor_id, {"mentions": [str(user_id) for user_id in mentions]})


def note_updated(note: Note, *, actor_id: UUID, mentions: Sequence[UUID] = (), deleted: bool = False) -> Event:
    """mentions: those whom it did not ask for before."""
    data = {"mentions": [str(user_id) for user_id in mentions], "deleted": deleted}
    return _about_note("note.updated", note, actor_id, data)


def tag_changed(tag: Tag, *, actor_id: UUID, deleted: bool = False, into_id: UUID | None = None) -> Event:
    """A tag is new, or is called or coloured otherwise, or is gone and with it from every conversation.

    into_id: whatever had it has this one instead.
    """
    data = {"tag_id": str(tag.pk), "deleted": deleted, "into_id": str(into_id) if into_id else None}
    return Event(kind="tag.updated", subject=tag, actor_id=actor_id, data=data)


def record(business_id: UUID, events: Sequence[Event], *, messages: Sequence[Message] = ()) -> None:
    """Tell the neighbours, then append to the feed. The last call of a service's transaction.

    Where a service is part of something longer, that is `gathered`.
    Raises PlanLimit when the plan has no room for these messages: then nothing of the change is stored.
    """
    record_each({business_id: Change(list(events), list(messages))})


def record_each(changes: Mapping[UUID, Change]) -> None:
    """`record` for several workspaces, by their ids: in as many statements as for one, whatever neighbours do."""
    subjects = [event.subject for change in changes.values() for event in change.events]
    selectors.with_newest([subject for subject in subjects if isinstance(subject, Conversation)])
    happened.send(sender=Conversation, changes=changes)
    if _gathered.changes is None:
        _number(changes)
        return

    def stands() -> None:
        """Known after the commit alone, and to whoever looks before it."""

    transaction.on_commit(stands)
    _gathered.changes.append((stands, changes))


@contextmanager
def gathered() -> Iterator[None]:
    """A transaction of several services, or of one and what follows it: what they record is counted and numbered once,
    at its end. Else the workspace would wait for all that comes after the first of them, and might be waited for by
    somebody who holds what that needs.

    Within another one it is that one's end. What raises PlanLimit may do so there, too.
    """
    with transaction.atomic():
        if _gathered.changes is not None:
            yield
            return
        own: list[_Told] = []
        _gathered.changes = own
        try:
            yield
        finally:
            _gathered.changes = None
        standing = {entry[1] for entry in connection.run_on_commit}
        together: dict[UUID, Change] = defaultdict(Change)
        for stands, changes in own:
            for business_id, change in changes.items() if stands in standing else ():
                together[business_id].events.extend(change.events)
                together[business_id].messages.extend(change.messages)
        _number(together)


def _number(changes: Mapping[UUID, Change]) -> None:
    """Count the messages, then append to the feed: the workspace's lock comes last."""
    check_counts = count_messages(
        {
            business_id: sum(message.sender_type == SenderType.AGENT for message in change.messages)
            for business_id, change in changes.items()
        }
    )
    feed.record_each({business_id: change.events for business_id, change in changes.items()})
    if any(_may_be_one_too_many(message) for change in changes.values() for message in change.messages):
        check_counts()


def _may_be_one_too_many(message: Message) -> bool:
    """Not when the lock of the conversation brought that there is no limit: nobody waits to hear it again."""
    rules: Rules | None = getattr(message.conversation, "rules", None)
    return message.sender_type == SenderType.AGENT and (rules is None or rules.replies is not None)


def _about_note(kind: str, note: Note, actor_id: UUID, data: dict[str, Any]) -> Event:
    return Event(
        kind=kind,
        subject=note,
        conversation_id=note.conversation_id,
        actor_id=actor_id,
        data={"note_id": str(note.pk), **data},
    )


def _about_message(kind: str, message: Message) -> Event:
    return Event(
        kind=kind,
        subject=message,
        conversation_id=message.conversation_id,
        message_id=message.pk,
        actor_id=message.sender_id,
        data={"message_seq": message.seq, "status": message.status},
    )
