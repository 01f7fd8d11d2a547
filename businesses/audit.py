"""The audit log: who did what to which thing, from where and when. Rows are only ever added.

Source: promises 9. The change and its row commit together, so there is no change without a row.
"""

from typing import Any
from uuid import UUID

from django.db import models
from django.dispatch import receiver

from accounts import events
from accounts.models import User
from businesses.models import AuditEntry, Membership
from foundation.asking import asker

MAX_TARGET = 200


def record(
    action: str,
    *,
    business_id: UUID | None,
    actor: User | None,
    target: models.Model | None = None,
    target_name: str = "",
    **data: Any,
) -> None:
    """Add a row, in the transaction of the change.

    action: `<thing>.<past>` like "member.removed".
    actor: who did it; None = the system, or nobody that we know.
    target_name: what people call the thing; `str(target)` unless given.
    data: small facts, like {"from": "agent", "to": "admin"}; of a secret only that it changed.
    """
    session = actor.auth_session if actor else None
    AuditEntry.objects.create(
        business_id=business_id,
        action=action,
        actor_id=actor.pk if actor else None,
        actor_name=actor.email if actor else "",
        session_id=session.pk if session else None,
        address=asker().address,
        target_type=target._meta.model_name or "" if target else "",
        target_id=str(target.pk) if target else "",
        target_name=(target_name or (str(target) if target else ""))[:MAX_TARGET],
        data=data,
    )


@receiver(events.happened)
def record_account_event(action: str, user: User | None, email: str, data: dict[str, Any], **_signal: Any) -> None:
    """What happens to an account concerns every workspace that the person works in."""
    businesses: list[UUID | None] = []
    if user:
        businesses = list(Membership.objects.filter(user=user, is_active=True).values_list("business_id", flat=True))
    for business_id in businesses or [None]:
        record(action, business_id=business_id, actor=user, target_name=email, **data)
