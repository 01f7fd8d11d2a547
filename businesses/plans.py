"""What a plan allows, and the contract's words when it does not (contract/api.md 12)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from businesses import audit
from businesses.models import Business, MonthlyUsage, Plan
from foundation import rows
from foundation.errors import PlanLimit


@dataclass(frozen=True, slots=True)
class Allowance:
    """Messages of agents in this month: what the plan allows, and how many were sent."""

    plan: str
    most: int
    sent: int

    def check(self, *, adding: int) -> None:
        """Raises PlanLimit (429) when so many do not fit."""
        _check(self.plan, "messages", current=self.sent, limit=self.most, adding=adding, status=429)


def check_channel_allowed(business: Business, *, web: bool, current: int) -> None:
    """Raises PlanLimit when one more channel does not fit.

    web: the channel is the web widget, which every plan has. current: channels that the workspace has now.
    """
    if not web:
        check_channel_kind(business)
    _check(business.plan.name, "channels", current=current, limit=business.plan.max_channels)


def check_channel_kind(business: Business) -> None:
    """Raises PlanLimit when the plan has the web widget only: for a channel of another kind, new or there already."""
    plan = business.plan
    if not plan.all_channel_types:
        raise PlanLimit(
            {
                "error": "feature_locked",
                "plan": plan.name,
                "feature": "integrations",
                "message": _("The %(plan)s plan has the web widget only.") % {"plan": plan.name},
            }
        )


def check_agent_allowed(business: Business, *, current: int) -> None:
    """Raises PlanLimit when one more agent does not fit.

    current: everybody who works there now but the owner, and who was invited and may still come.
    """
    _check(business.plan.name, "agents", current=current, limit=business.plan.max_agents)


def check_articles_allowed(business: Business, *, current: int) -> None:
    """Raises PlanLimit when one more knowledge article does not fit. current: those that the workspace has now.

    Source: contract/api.md 7.
    """
    _check(business.plan.name, "kb_articles", current=current, limit=business.plan.max_kb_articles)


def count_messages(amounts: Mapping[UUID, int]) -> Callable[[], None]:
    """Count agents' messages that this transaction stores, by workspace. Sent at once; calling what comes back waits
    for the answer, and raises PlanLimit (429) when the month of one has no room for its own.

    Exact, also with many senders at once: the row is locked until the commit, and a transaction that is taken back
    takes its count with it. So call it late, just before the feed. One statement, whether there is a limit or not:
    a limit that comes later in the month knows what was sent before, and the Plan page always has its figure.
    """
    amounts = {business_id: amount for business_id, amount in amounts.items() if amount}
    if not amounts:
        return lambda: None
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A count belongs into the transaction of its messages.")
    counted = _count(amounts)
    return lambda: _check_messages(amounts, counted())


def _check_messages(amounts: Mapping[UUID, int], counted: Iterable[tuple[UUID, int, int | None]]) -> None:
    for business_id, total, limit in counted:
        if limit is not None and total > limit:
            business = Business.objects.select_related("plan").get(pk=business_id)
            amount = amounts[business_id]
            Allowance(business.plan.name, limit, total - amount).check(adding=amount)


def _count(amounts: Mapping[UUID, int]) -> Callable[[], list[tuple[UUID, int, int | None]]]:
    """Workspace, messages of this month, and the plan's limit, None without one."""
    month, usage = month_of(timezone.now()).isoformat(), MonthlyUsage._meta.db_table
    adding = (
        " ON CONFLICT (business_id, month) DO UPDATE SET"  # noqa: S608
        f" agent_messages = {usage}.agent_messages + excluded.agent_messages RETURNING business_id, agent_messages,"
        f" (SELECT plan.max_messages_per_month FROM {Plan._meta.db_table} plan"
        f" JOIN {Business._meta.db_table} business ON business.plan_id = plan.id"
        f" WHERE business.id = {usage}.business_id)"
    )
    into = f"INSERT INTO {usage} (business_id, month, agent_messages)"
    if connection.vendor == "postgresql":
        given = "json_to_recordset(%s::json) AS given(id uuid, amount int)"
        # In the order of the ids, so that two batches never wait for each other.
        sql = f"{into} SELECT id, date '{month}', amount FROM {given} ORDER BY id{adding}"  # noqa: S608
        given_amounts = [{"id": business_id, "amount": amount} for business_id, amount in amounts.items()]
        return rows.ask(sql, [rows.document(given_amounts)])
    found = []
    with connection.cursor() as cursor:
        for business_id, amount in amounts.items():
            cursor.execute(f"{into} VALUES (%s, %s, %s){adding}", [business_id.hex, month, amount])
            _id, total, limit = cursor.fetchone()
            found.append((business_id, total, limit))
    return lambda: found


@transaction.atomic
def move_to_plan(*, actor: User | None, business: Business, plan: Plan) -> None:
    """What the plan allows counts from the next question on. actor: an operator; None when a payment did it."""
    before = Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    business.plan = plan
    if before.plan == plan:
        return
    business.save(update_fields=["plan", "updated_at"])
    facts = {"from": before.plan.name, "to": plan.name}
    audit.record("plan.changed", business_id=business.pk, actor=actor, target=business, **facts)


@transaction.atomic
def make_default(plan: Plan) -> None:
    """New workspaces start with this one, which is saved here, and with no other."""
    Plan.objects.select_for_update().filter(is_default=True).exclude(pk=plan.pk).update(is_default=False)
    plan.is_default = True
    plan.save()


def month_of(when: datetime) -> date:
    """The first day of the calendar month, in UTC, whose messages are counted together."""
    return when.astimezone(UTC).date().replace(day=1)


def _check(plan: str, feature: str, *, current: int, limit: int | None, adding: int = 1, status: int = 402) -> None:
    if limit is not None and current + adding > limit:
        raise PlanLimit(
            {
                "error": "limit_exceeded",
                "plan": plan,
                "feature": feature,
                "current": current,
                "limit": limit,
                "message": _words(plan, feature, limit),
            },
            status=status,
        )


def _words(plan: str, feature: str, limit: int) -> str:
    texts = {
        "agents": ngettext(
            "The %(plan)s plan allows %(limit)d agent besides the owner.",
            "The %(plan)s plan allows %(limit)d agents besides the owner.",
            limit,
        ),
        "channels": ngettext(
            "The %(plan)s plan allows %(limit)d channel.", "The %(plan)s plan allows %(limit)d channels.", limit
        ),
        "kb_articles": ngettext(
            "The %(plan)s plan allows %(limit)d knowledge article.",
            "The %(plan)s plan allows %(limit)d knowledge articles.",
            limit,
        ),
        "messages": ngettext(
            "The %(plan)s plan allows %(limit)d message a month, and this month’s is sent.",
            "The %(plan)s plan allows %(limit)d messages a month, and this month’s are sent.",
            limit,
        ),
    }
    return texts[feature] % {"plan": plan, "limit": limit}
