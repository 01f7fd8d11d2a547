"""Running a macro: all that it says, or nothing of it; and undoing what of it can be undone."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from businesses.policy import Action, may, require
from businesses.selectors import membership_of
from conversations import events, picker
from conversations.models import Conversation, Macro, Priority, ScheduledMessage
from conversations.services.assigning import assign_conversation, release_conversation
from conversations.services.canned_responses import filled
from conversations.services.handling import CHANGES, undo_status
from conversations.services.later import send_later, take_back
from conversations.services.locking import lock_own, lock_team, locked
from conversations.services.messages import send_reply
from conversations.services.priorities import set_priority
from conversations.services.tags import add_tag, remove_tag
from foundation.errors import Conflict, Unprocessable


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a macro changed, as it was before; None and () for what it did not.

    status: whether it changed that (`handling.undo_status`). holders: the assignee's and the team's ids. tags: those
    that it put on. scheduled: its text, which waits to be sent. is_sent: its text is out.
    """

    status: bool = False
    holders: tuple[UUID | None, UUID | None] | None = None
    priority: int | None = None
    tags: tuple[str, ...] = ()
    scheduled: UUID | None = None
    is_sent: bool = False

    @property
    def can_be_undone(self) -> bool:
        changed = (self.holders, self.priority, self.scheduled)
        return self.status or bool(self.tags) or any(each is not None for each in changed)


class Stays(StrEnum):
    """What no undoing takes back: a text that is out, a status that was changed since, and whose it is when it is
    somebody else's by now, which the actor may not change.
    """

    TEXT = "text"
    STATUS = "status"
    HOLDER = "holder"


@events.gathered()
def run_macro(
    *,
    macro: Macro,
    conversation: Conversation,
    actor: User,
    seen_seq: int | None = None,
    key: str = "",
    send_at: datetime | None = None,
) -> Ran:
    """All of it or, when one of its actions is refused, nothing. seen_seq, key: of its text, as of `send_reply`.

    send_at: when its text goes out, and the rest is done now; None = at once.

    Raises Stale, Unprocessable when its text needs what is not known here, Forbidden when it assigns and the actor may
    not; else as the services of its actions.
    """
    if macro.assign and macro.assign != picker.ME:
        require(actor, Action.ASSIGN)
    _lock_before(conversation, actor, picker.team_in(macro.assign))
    before, scheduled, changes_status = locked(conversation), None, False
    if macro.content:
        words = _words_of(macro, conversation, actor)
        if send_at:
            waits = send_later(
                conversation=conversation, author=actor, content=words, send_at=send_at, seen_seq=seen_seq, key=key
            )
            scheduled = waits.scheduled.pk
        else:
            send_reply(conversation=conversation, author=actor, content=words, seen_seq=seen_seq, key=key)
    if macro.assign:
        picker.choose(conversation=conversation, choice=macro.assign, actor=actor)
    for name in macro.tags:
        add_tag(conversation=conversation, name=name, actor=actor)
    if macro.priority is not None:
        set_priority(conversation=conversation, priority=Priority(macro.priority), actor=actor)
    if macro.status:
        changes_status = CHANGES[macro.status](conversation=conversation, actor=actor, sending=scheduled).changed
    return _ran(macro, before, locked(conversation), scheduled, changes_status)


def _words_of(macro: Macro, conversation: Conversation, actor: User) -> str:
    said = filled(macro.content, conversation=conversation, agent=actor)
    if said.blanks:
        text = _("Nothing was done: its text needs %(blanks)s, which is not known here. Write this one by hand.")
        raise Unprocessable(text % {"blanks": ", ".join(said.blanks)}, field="macro")
    return said.words


def _ran(macro: Macro, before: Conversation, after: Conversation, scheduled: UUID | None, changes_status: bool) -> Ran:
    holders = before.assignee_id, before.team_id
    had = {tag.pk for tag in before.tag_list}
    return Ran(
        status=changes_status,
        holders=holders if macro.assign and holders != (after.assignee_id, after.team_id) else None,
        priority=before.priority if before.priority != after.priority else None,
        tags=tuple(tag.name for tag in after.tag_list if tag.pk not in had),
        scheduled=scheduled,
        is_sent=bool(macro.content) and scheduled is None,
    )


def _lock_before(conversation: Conversation, actor: User, team_id: UUID | None) -> None:
    """What its actions, each by itself, lock before the conversation. A team may be gone."""
    lock_own(conversation.business_id, actor)
    if team_id:
        lock_team(conversation.business_id, team_id)


@events.gathered()
def undo_run(*, ran: Ran, conversation: Conversation, actor: User) -> set[Stays]:
    """As it was before, but for what stays. A text that still waits is its author's draft again.

    Raises as the services of its actions.
    """
    stays = {Stays.TEXT} if ran.is_sent else set()
    # In everybody's order.
    waiting = None
    if ran.scheduled:
        own = ScheduledMessage.objects.filter(pk=ran.scheduled, business_id=conversation.business_id)
        waiting = own.select_for_update().first()
    _lock_before(conversation, actor, ran.holders[1] if ran.holders else None)
    locked(conversation)
    if waiting:
        take_back(scheduled=waiting, actor=actor)
    elif ran.scheduled:
        stays.add(Stays.TEXT)
    if ran.status:
        try:
            undo_status(conversation=conversation, actor=actor, sending=ran.scheduled)
        except Conflict:
            stays.add(Stays.STATUS)
    if ran.priority is not None:
        set_priority(conversation=conversation, priority=Priority(ran.priority), actor=actor)
    for name in ran.tags:
        remove_tag(conversation=conversation, name=name, actor=actor)
    if ran.holders and may(membership_of(actor), Action.ASSIGN):
        agent_id, team_id = ran.holders
        assign_conversation(conversation=conversation, agent_id=agent_id, team_id=team_id, actor=actor)
    elif ran.holders:  # it was nobody's before they took it
        try:
            release_conversation(conversation=conversation, user=actor)
        except Conflict:
            stays.add(Stays.HOLDER)
    return stays
