"""The workspace's rule that everybody who works in it has a second factor.

One place says who breaks it: API, pages and sockets ask `is_missing`, and queries use `missing`.
"""

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.factors import second_factor
from accounts.models import User
from businesses import audit
from businesses.models import Business, Membership
from businesses.policy import Action, require
from foundation.errors import Forbidden, Invalid


class SecondFactorMissing(Forbidden):
    """The workspace asks for a second factor, and this member has none yet."""

    error = "second_factor_setup_required"

    def __init__(self) -> None:
        super().__init__(_("This workspace asks for a second factor. Add one in Settings, Security."))


def missing() -> Q:
    """Memberships of people who may do nothing before they add a second factor."""
    return Q(business__second_factor_required=True) & ~second_factor.exists("user_id")


def is_missing(membership: Membership | None) -> bool:
    """Whether this member may do nothing before that. Asks the database only where the rule holds."""
    if membership is None or not membership.business.second_factor_required:
        return False
    return Membership.objects.filter(missing(), pk=membership.pk).exists()


def missing_among(membership_ids: Collection[UUID]) -> set[UUID]:
    """The same for many, by their ids."""
    return set(Membership.objects.filter(missing(), pk__in=membership_ids).values_list("pk", flat=True))


@transaction.atomic
def set_rule(*, actor: User, required: bool) -> Business:
    """Ask everybody for a second factor, or no longer. Owner only.

    Sockets of members without one are cut. Raises Forbidden, and Invalid while the owner has none.
    """
    business = require(actor, Action.MANAGE_WORKSPACE).business
    if required and not second_factor.has_one(actor):
        raise Invalid(_("Add a second factor of your own first, or you would lock yourself out."))
    if not Business.objects.filter(pk=business.pk, second_factor_required=not required).update(
        second_factor_required=required
    ):
        return business
    business.second_factor_required = required
    action = "second_factor.demanded" if required else "second_factor.released"
    audit.record(action, business_id=business.pk, actor=actor, target=business)
    if required:
        for membership_id in business.memberships.filter(missing(), is_active=True).values_list("pk", flat=True):
            _cut(membership_id)
    return business


def _cut(membership_id: UUID) -> None:
    transaction.on_commit(lambda: import_string(settings.SECOND_FACTOR_PUBLISHER)(membership_id), robust=True)
