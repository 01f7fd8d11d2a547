"""The audit log: who did what to which thing, from where and when. Rows are only ever added.

Source: promises 9. The change and its row commit together, so there is no change without a row.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.dispatch import receiver
from django.utils import timezone

from accounts import events
from accounts.models import User
from businesses.audit_words import ACTIONS
from businesses.models import AuditEntry, Business, Membership
from foundation.asking import Asker, asker

MAX_TARGET = 200
THROUGH = "api_token"
KEPT_FOR = timedelta(days=400)


def act_through(user: User, token_name: str) -> None:
    """What the person does, for as long as the object lives, a program does with their API token of this name."""
    user.__dict__[THROUGH] = token_name


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

    action: `<thing>.<past>` like "member.removed"; a line of `businesses.audit_words`.
    actor: who did it; None = the system, or nobody that we know.
    target_name: what people call the thing; `str(target)` unless given.
    data: small facts, like {"from": "agent", "to": "admin"}; of a secret only that it changed.
    """
    _add(action, [business_id], actor=actor, target=target, target_name=target_name, data=data)


@receiver(events.happened)
def record_account_event(
    action: str, user: User | None, email: str, actor: User | None, data: dict[str, Any], **_signal: Any
) -> None:
    """What happens to an account concerns every workspace that the person works in.

    From where is for the workspace that the person is signed in to, or else joined first: any owner can add anybody
    (contract/api.md 6), and must not learn from it where that person lives.
    """
    businesses: list[UUID | None] = []
    if user:
        joined = Membership.objects.filter(user=user, is_active=True).order_by("invited_at", "pk")
        businesses = list(joined.values_list("business_id", flat=True))
    if actor is None and not (action in ACTIONS and ACTIONS[action].by_stranger):
        actor = user
    current = user.auth_session.current_business_id if user and user.auth_session else None
    home = current if current in businesses else next(iter(businesses), None)
    facts: dict[str, Any] = {"actor": actor, "target": user, "target_name": email, "data": data}
    _add(action, [home], **facts)
    _add(action, [each for each in businesses if each != home], **facts, from_where=False)


@receiver(events.operated)
def record_operator(action: str, actor: User, row: models.Model, data: dict[str, Any], **_signal: Any) -> None:
    """What an operator changes concerns the workspace that it belongs to, or those that the person works in."""
    if isinstance(row, User):
        record_account_event(action=action, user=row, email=row.email, actor=actor, data=data)
        return
    of = getattr(row, "membership", row)
    business_id = row.pk if isinstance(row, Business) else getattr(of, "business_id", None)
    _add(action, [business_id], actor=actor, target=row, target_name="", data=data)


def purge(*, most: int = 1000) -> int:
    """Delete what is older than KEPT_FOR, at most so many rows; returns how many. The one exception to "only added"."""
    return AuditEntry.objects.purge(before=timezone.now() - KEPT_FOR, most=most)


def _add(
    action: str,
    business_ids: Sequence[UUID | None],
    *,
    actor: User | None,
    target: models.Model | None,
    target_name: str,
    data: dict[str, Any],
    from_where: bool = True,
) -> None:
    session = actor.auth_session if actor and from_where else None
    origin = asker() if from_where else Asker()
    if actor and (program := actor.__dict__.get(THROUGH)):
        data = {**data, THROUGH: program}
    rows = [
        AuditEntry(
            business_id=business_id,
            action=action,
            actor_id=actor.pk if actor else None,
            actor_name=actor.email if actor else "",
            session_id=session.pk if session else None,
            address=origin.address,
            user_agent=origin.user_agent,
            target_type=target._meta.model_name or "" if target else "",
            target_id=str(target.pk) if target else "",
            target_name=(target_name or (str(target) if target else ""))[:MAX_TARGET],
            data=data,
        )
        for business_id in business_ids
    ]
    AuditEntry.objects.bulk_create(rows)
