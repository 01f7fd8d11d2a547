"""Who is responsible for a conversation: a member, a team, or nobody yet."""

from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Membership, Team
from conversations import events
from conversations.models import Activity, ActivityKind, Conversation, SenderType
from conversations.services.activities import holders, tell
from conversations.services.handling import Handled
from conversations.services.locking import lock_member, lock_own, lock_team, locked
from conversations.services.standing import columns, not_before_last_message, restore, standing_of
from foundation.errors import Conflict, Invalid
from foundation.ids import parse_id

# What giving it to somebody changes, and undoing that gives back.
STANDING = ("assignee_id", "team_id", "handoff_reason", "handoff_at", "updated_at")


class Same(Enum):
    """For what stays as it is; None says "nobody"."""

    SAME = auto()


SAME: Final = Same.SAME


@transaction.atomic
def assign_conversation(
    *,
    conversation: Conversation,
    actor: User,
    agent_id: UUID | Same | None = SAME,
    team_id: UUID | Same | None = SAME,
) -> Handled:
    """Make a member responsible, a team, both or nobody. What it was before tells nobody again.

    agent_id: the user id of an active member of the conversation's workspace; None = no person.
    team_id: one of the workspace's teams; None = no team.
    Raises Invalid for anything else, in the same words for a stranger's id and for one that nobody has.
    Source: contract/api.md 5 and 6, C7; design.md 3.
    """
    return _assign(conversation, actor, agent_id, team_id)


@transaction.atomic
def undo_assignment(*, conversation: Conversation, actor: User) -> Handled:
    """Whoever had it before the actor gave it away has it again, and it has its place in lists again.

    Raises Conflict when somebody else gave it away since, Invalid when whoever had it is gone.
    """
    last = _last_assignment(conversation)
    if last is None or last.actor_id != actor.pk or "was" not in last.data:
        raise _assigned_since()
    was = last.data["was"]
    return _assign(conversation, actor, parse_id(was["assignee_id"]), parse_id(was["team_id"]), undoes=last)


def _assigned_since() -> Conflict:
    return Conflict(_("It was assigned anew since, and stays."))


def _last_assignment(conversation: Conversation) -> Activity | None:
    given = conversation.activities.filter(kind=ActivityKind.ASSIGNED)
    return given.order_by("after_seq", "created_at", "pk").last()


def _assign(
    conversation: Conversation,
    actor: User,
    agent_id: UUID | Same | None,
    team_id: UUID | Same | None,
    *,
    undoes: Activity | None = None,
    gives_back: bool = False,
) -> Handled:
    """undoes: what gave it away, with what it stood at before. gives_back: whoever has it had it for nothing."""
    membership = lock_member(conversation.business_id, agent_id) if isinstance(agent_id, UUID) else None
    if isinstance(agent_id, UUID) and membership is None:
        raise not_a_member()
    team = _team(conversation.business_id, team_id) if isinstance(team_id, UUID) else None
    conversation = locked(conversation)
    was = standing_of(conversation, STANDING)
    before = conversation.assignee_id, conversation.team_id, conversation.handoff_reason
    if agent_id is not SAME:
        conversation.assignee = membership.user if membership else None
    if team_id is not SAME:
        conversation.team = team
    conversation.updated_at = timezone.now()
    if undoes:
        if _last_assignment(conversation) != undoes:
            raise _assigned_since()
        restore(conversation, {"updated_at": undoes.data["was"]["updated_at"]})
        not_before_last_message(conversation)
        _waits_again(conversation, undoes)
    elif membership:
        conversation.person_has_it()
    elif gives_back and (taken := _last_assignment(conversation)):
        _waits_again(conversation, taken)
    if before == (conversation.assignee_id, conversation.team_id, conversation.handoff_reason):
        return Handled(conversation=conversation, changed=False)
    is_new = conversation.assignee_id != before[0]
    is_team_new = bool(conversation.team_id) and conversation.team_id != before[1]
    return _give(conversation, membership if is_new else None, actor, was, is_team_new=is_team_new)


def _waits_again(conversation: Conversation, given: Activity) -> None:
    """In memory: for a person, as before that. What is done, or was answered since, waits for nobody any more."""
    answered = conversation.messages.filter(sender_type=SenderType.AGENT, created_at__gt=given.created_at)
    if "was" in given.data and not conversation.is_done and not answered.exists():
        restore(conversation, {name: given.data["was"][name] for name in ("handoff_reason", "handoff_at")})


@transaction.atomic
def claim_conversation(*, conversation: Conversation, user: User) -> Handled:
    """Take what nobody has; who has it already may say so again.

    Raises Conflict when somebody else has it, Forbidden when the user is no longer a member.
    Source: design.md 6.
    """
    membership = lock_own(conversation.business_id, user)
    conversation = locked(conversation)
    if conversation.assignee_id == user.pk:
        return Handled(conversation=conversation, changed=False)
    if conversation.assignee:
        raise Conflict(_("%(name)s has it already.") % {"name": conversation.assignee.full_name})
    was = standing_of(conversation, STANDING)
    conversation.assignee = membership.user
    conversation.person_has_it()
    conversation.updated_at = timezone.now()
    return _give(conversation, membership, user, was)


@transaction.atomic
def release_conversation(*, conversation: Conversation, user: User) -> Handled:
    """Give up what is one's own: its team has it then, or nobody, and who was promised a person waits for one again.
    What nobody has stays so.

    Raises Conflict when it is somebody else's, Forbidden when the user is no longer a member.
    """
    lock_own(conversation.business_id, user)
    conversation = locked(conversation)
    if conversation.assignee and conversation.assignee_id != user.pk:
        raise Conflict(_("It is not yours: %(name)s has it.") % {"name": conversation.assignee.full_name})
    return _assign(conversation, user, None, SAME, gives_back=True)


def not_a_member() -> Invalid:
    """The same words for a stranger, for somebody who left and for what is no id at all."""
    return Invalid(_("This is not an active member of your team."))


def _team(business_id: UUID, team_id: UUID) -> Team:
    team = lock_team(business_id, team_id)
    if team is None:
        raise Invalid(_("There is no such team."))
    return team


def _give(
    conversation: Conversation,
    membership: Membership | None,
    actor: User,
    was: dict[str, Any],
    *,
    is_team_new: bool = False,
) -> Handled:
    """Store who has it now. membership: whoever is to be told that it is theirs. was: what undoing that gives back."""
    conversation.save(update_fields=columns(STANDING))
    tell(conversation, ActivityKind.ASSIGNED, actor=actor, was=was, **holders(conversation))
    membership_id = membership.pk if membership else None
    happened = events.conversation_assigned(
        conversation, actor_id=actor.pk, membership_id=membership_id, is_team_new=is_team_new
    )
    events.record(conversation.business_id, [happened])
    return Handled(conversation=conversation, changed=True)
