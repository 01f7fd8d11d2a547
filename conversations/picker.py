"""What a manager may choose from when a conversation is to be somebody's."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from businesses.models import Membership, Team
from businesses.policy import Action, may
from businesses.selectors import membership_of
from conversations.models import Conversation
from conversations.names import Named, names_of
from conversations.services.assigning import SAME, assign_conversation, claim_conversation, release_conversation
from conversations.services.handling import Handled
from foundation.errors import NotFound
from foundation.ids import parse_id
from foundation.prepared import Given, prepared

ME, BACK, NOBODY, PERSON, TEAM = "me", "back", "nobody", "person", "team"
# What everybody may do, the rest is for managers.
ONES_OWN = (ME, BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """people: members with their user, the reader first. teams: in the order of their names. may_delete: the reader may
    delete the conversation, too.
    """

    people: list[Membership]
    teams: list[Named]
    may_delete: bool


def choices_for(user: User, conversation: Conversation) -> Choices | None:
    return choices_in(user, conversation.business_id)


def choices_in(user: User, business_id: UUID) -> Choices | None:
    """None for who may not assign. business_id: the user's."""
    if not may(membership_of(user), Action.ASSIGN):
        return None
    people = _members()(business=business_id)
    people.sort(key=lambda member: (member.user_id != user.pk, member.user.full_name.casefold()))
    may_delete = may(membership_of(user), Action.DELETE_CONVERSATIONS)
    return Choices(people=people, teams=names_of(user).teams, may_delete=may_delete)


@prepared
def _members() -> QuerySet[Membership]:
    here = Membership.objects.filter(business_id=Given("business"), is_active=True, user__is_active=True)
    return here.select_related("user")


def choose(*, conversation: Conversation, choice: str, actor: User) -> Handled:
    """Do what was chosen: `me`, `back` (what is one's own), `nobody`, `person:<user id>` or `team:<id>`.

    Work that goes to a team leaves a person who is not of that team. For all but ONES_OWN the caller has asked the
    policy. Raises NotFound for any other word, and as the services do.
    """
    kind, _sep, text = choice.partition(":")
    chosen = parse_id(text)
    if choice == ME:
        return claim_conversation(conversation=conversation, user=actor)
    if choice == BACK:
        return release_conversation(conversation=conversation, user=actor)
    if choice == NOBODY:
        return assign_conversation(conversation=conversation, agent_id=None, team_id=None, actor=actor)
    if kind == PERSON and chosen:
        return assign_conversation(conversation=conversation, agent_id=chosen, actor=actor)
    if kind == TEAM and chosen:
        stays = _is_in(chosen, conversation.assignee_id)
        return assign_conversation(
            conversation=conversation, team_id=chosen, agent_id=SAME if stays else None, actor=actor
        )
    raise NotFound


def team_in(choice: str) -> UUID | None:
    """The team that would be chosen."""
    kind, _sep, text = choice.partition(":")
    return parse_id(text) if kind == TEAM else None


def _is_in(team_id: UUID, user_id: UUID | None) -> bool:
    if user_id is None:
        return False
    return Team.objects.filter(pk=team_id, members__user_id=user_id, members__is_active=True).exists()
