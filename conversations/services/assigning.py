"""Who is responsible for a conversation: assigned by a manager, claimed by whoever is free, or nobody."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Membership
from conversations import events
from conversations.models import Conversation
from conversations.services.handling import Handled
from foundation.errors import Conflict, Forbidden, Invalid


@transaction.atomic
def assign_conversation(*, conversation: Conversation, agent_id: UUID | None, actor: User) -> Handled:
    """Make a member responsible, or nobody. Who it was before tells nobody again.

    agent_id: the user id of an active member of the conversation's workspace; None = nobody.
    Raises Invalid for anybody else, in the same words for a stranger and for an id that nobody has.
    Source: contract/api.md 5 and 6, C7.
    """
    membership = _member(conversation.business_id, agent_id) if agent_id else None
    if agent_id and membership is None:
        raise not_a_member()
    conversation = _lock(conversation)
    if conversation.assignee_id == agent_id and not (agent_id and conversation.handoff_reason):
        return Handled(conversation=conversation, changed=False)
    return _give(conversation, membership, actor)


@transaction.atomic
def claim_conversation(*, conversation: Conversation, user: User) -> Handled:
    """Take what nobody has; who has it already may say so again.

    Raises Conflict when somebody else has it, Forbidden when the user is no longer a member.
    Source: design.md 6.
    """
    membership = _member(conversation.business_id, user.pk)
    if membership is None:
        raise Forbidden(_("You are no longer a member here."))
    conversation = _lock(conversation)
    if conversation.assignee_id == user.pk:
        return Handled(conversation=conversation, changed=False)
    if conversation.assignee:
        raise Conflict(_("%(name)s has it already.") % {"name": conversation.assignee.full_name})
    return _give(conversation, membership, user)


def not_a_member() -> Invalid:
    """The same words for a stranger, for somebody who left and for what is no id at all."""
    return Invalid(_("This is not an active member of your team."))


def _member(business_id: UUID, user_id: UUID) -> Membership | None:
    """Locked, and before the conversation: somebody who is being removed gets nothing behind the removal's back."""
    return (
        Membership.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user")
        .filter(business_id=business_id, user_id=user_id, is_active=True, user__is_active=True)
        .first()
    )


def _lock(conversation: Conversation) -> Conversation:
    return Conversation.objects.select_for_update(of=("self",)).for_reading().get(pk=conversation.pk)


def _give(conversation: Conversation, membership: Membership | None, actor: User) -> Handled:
    conversation.assignee = membership.user if membership else None
    conversation.updated_at = timezone.now()
    if membership:
        conversation.person_has_it()
    conversation.save(update_fields=["assignee", "updated_at", "handoff_reason", "handoff_at"])
    membership_id = membership.pk if membership else None
    happened = events.conversation_assigned(conversation, actor_id=actor.pk, membership_id=membership_id)
    events.record(conversation.business_id, [happened])
    return Handled(conversation=conversation, changed=True)
