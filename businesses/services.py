"""Making and changing a workspace."""

import zoneinfo
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.models import Business, Membership, Plan, Role
from businesses.policy import Action, require
from businesses.selectors import forget_membership
from foundation.errors import Invalid, Unprocessable
from foundation.web import web_address

PROFILE_FIELDS = ("name", "website", "industry", "team_size", "goal", "time_zone")
OPTIONS = ("assign_on_reply",)


@transaction.atomic
def create_business(
    *, owner: User, name: str, website: str = "", industry: str = "", team_size: str = "", goal: str = ""
) -> Membership:
    """The owner's first workspace; more come by invitation.

    Raises Invalid when the person already has one, Unprocessable for a blank name.
    Source: contract/quickstart.txt, step 3.
    """
    User.objects.select_for_update().get(pk=owner.pk)  # two clicks make one workspace
    if Membership.objects.filter(user=owner, is_active=True).exists():
        raise Invalid(_("You already have a workspace."))
    if not name.strip():
        raise Unprocessable(_("Give the workspace a name."), field="name")
    check_website(website.strip())
    business = Business.objects.create(
        name=name.strip(),
        website=website.strip(),
        industry=industry,
        team_size=team_size,
        goal=goal,
        plan=Plan.objects.get(is_default=True),
    )
    forget_membership(owner)
    membership = Membership.objects.create(business=business, user=owner, role=Role.OWNER)
    audit.record("workspace.created", business_id=business.pk, actor=owner, target=business)
    return membership


def membership_ended(membership_id: UUID) -> None:
    """Cut the sockets of somebody who was removed or switched off; the next request finds no membership anyway."""
    transaction.on_commit(lambda: import_string(settings.MEMBERSHIP_ENDED_PUBLISHER)(membership_id), robust=True)


def check_website(text: str) -> None:
    """Raises Unprocessable for what is no web address, with or without https:// in front."""
    if text and web_address(text) is None:
        raise Unprocessable(_("Write an address like acme.com."), field="website", kind="url")


def check_time_zone(name: str) -> None:
    """Raises Unprocessable."""
    if name not in zoneinfo.available_timezones():
        raise Unprocessable(_("Choose a time zone from the list."), field="time_zone")


@transaction.atomic
def update_business(*, actor: User, **changes: Any) -> Business:
    """Change the workspace's own facts: PROFILE_FIELDS, which are texts, and OPTIONS, which are on or off. Owner only.

    Raises Unprocessable for a blank name or an unknown time zone.
    """
    business = require(actor, Action.MANAGE_WORKSPACE).business
    given = {field: value.strip() for field, value in changes.items() if field in PROFILE_FIELDS}
    given |= {field: value for field, value in changes.items() if field in OPTIONS}
    changes = {field: value for field, value in given.items() if value != getattr(business, field)}
    if not changes.get("name", business.name):
        raise Unprocessable(_("Give the workspace a name."), field="name")
    check_website(changes.get("website", ""))
    check_time_zone(changes.get("time_zone", "UTC"))
    for field, value in changes.items():
        setattr(business, field, value)
    if changes:
        business.save(update_fields=[*changes, "updated_at"])
        audit.record("workspace.changed", business_id=business.pk, actor=actor, target=business, fields=[*changes])
    return business
