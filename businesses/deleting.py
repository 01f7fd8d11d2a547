"""A workspace and all that there is of it, gone for good. For operators; the audit log keeps what was done there."""

from uuid import UUID

from django.db import transaction

from businesses.models import Business
from businesses.services import membership_ended
from businesses.signals import business_ends
from foundation.later import later


@transaction.atomic
def delete_business(business: Business) -> None:
    """Its people are out at once; the rest goes after the commit, in batches, and nobody waits for it.

    The row goes last: what broke off with the process is begun again by deleting it again.
    """
    for membership in business.memberships.all():
        membership_ended(membership.pk)
    business.memberships.all().delete()
    transaction.on_commit(lambda: later(lambda: _clear(business.pk)), robust=True)


def _clear(business_id: UUID) -> None:
    business_ends.send(sender=None, business_id=business_id)
    Business.objects.filter(pk=business_id).delete()
