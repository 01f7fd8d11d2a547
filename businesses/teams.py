"""Teams: groups of agents that conversations can be assigned to. For owners and admins."""

from collections.abc import Collection
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.models import Membership, Team
from businesses.policy import Action, require
from businesses.signals import team_deleted
from foundation.errors import Invalid, NotFound, Unprocessable


@transaction.atomic
def create_team(*, actor: User, name: str, member_ids: Collection[UUID] = ()) -> Team:
    """member_ids: memberships of the workspace. Raises Forbidden, Unprocessable for a blank name, Invalid for a name
    that is taken or a member that is none here."""
    business_id = require(actor, Action.MANAGE_TEAMS).business_id
    members = _members(business_id, member_ids)
    team = Team(business_id=business_id, name=_name(name))
    _save(team)
    team.members.set(members)
    audit.record("team.created", business_id=business_id, actor=actor, target=team)
    return team


@transaction.atomic
def update_team(
    *, actor: User, team_id: UUID, name: str | None = None, member_ids: Collection[UUID] | None = None
) -> Team:
    """Change what is given; the members are the whole set. Raises as create_team, and NotFound."""
    team = _locked(actor, team_id)
    if name is not None:
        team.name = _name(name)
    _save(team)
    if member_ids is not None:
        team.members.set(_members(team.business_id, member_ids))
    audit.record("team.changed", business_id=team.business_id, actor=actor, target=team)
    return team


@transaction.atomic
def delete_team(*, actor: User, team_id: UUID) -> None:
    """Its conversations stay, without a team. Raises Forbidden, NotFound."""
    team = _locked(actor, team_id)
    audit.record("team.deleted", business_id=team.business_id, actor=actor, target=team)
    team_deleted.send(sender=None, team=team, actor=actor)
    team.delete()


def _locked(actor: User, team_id: UUID) -> Team:
    business_id = require(actor, Action.MANAGE_TEAMS).business_id
    team = Team.objects.select_for_update().filter(pk=team_id, business_id=business_id).first()
    if team is None:
        raise NotFound
    return team


def _name(text: str) -> str:
    if not text.strip():
        raise Unprocessable(_("Give the team a name."), field="name")
    return text.strip()


def _save(team: Team) -> None:
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError as error:
        raise Invalid(_("There is a team of this name.")) from error


def _members(business_id: UUID, ids: Collection[UUID]) -> list[Membership]:
    """Raises Invalid, with the same words for what is unknown, elsewhere or switched off."""
    found = list(Membership.objects.filter(business_id=business_id, is_active=True, pk__in=ids))
    if len(found) != len(set(ids)):
        raise Invalid(_("Not all of them are members here."))
    return found
