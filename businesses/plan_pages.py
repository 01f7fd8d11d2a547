"""Settings, Plan: what the workspace may use, what it uses, and where to get more."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import User
from businesses import billing
from businesses.members import agents_of
from businesses.models import Business, Plan
from businesses.pages import member_page
from businesses.plans import month_of
from businesses.policy import Action, may
from businesses.selectors import membership_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """limit: None = none."""

    name: str | Promise
    used: int
    limit: int | None

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.used > self.limit

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.used == self.limit


@member_page
@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    membership = membership_of(request.user)
    assert membership is not None
    business = membership.business
    may_pay = may(membership, Action.MANAGE_BILLING)
    is_sold = may_pay and billing.is_configured()
    plans, usage = list(Plan.objects.order_by("pk")), _usage(business)
    context = {
        "section": "settings",
        "tab": "plan",
        "plans": plans,
        "usage": usage,
        "is_over": any(line.is_over for line in usage),
        "may_pay": may_pay,
        "is_sold": is_sold,
        "offers": _offers(request.user, plans, business.plan) if is_sold else [],  # type: ignore[arg-type]
    }
    return render(request, "businesses/plan.html", context)


def _offers(user: User, plans: Iterable[Plan], current: Plan) -> list[tuple[Plan, str]]:
    """Plans that can be paid for, each with the address where; links, for a form may send people nowhere else."""
    names = {plan.name.lower(): plan for plan in plans if plan != current}
    wanted = [name for name in billing.PAID_PLANS if name in names]
    return [(names[name], billing.checkout_url(actor=user, plan=name)) for name in wanted]


def _usage(business: Business) -> list[Usage]:
    now, allowed = timezone.now(), business.plan
    invited = business.invitations.filter(expires_at__gt=now).count()
    month = business.usage.filter(month=month_of(now)).first()
    return [
        Usage(name=_("Agents besides the owner"), used=agents_of(business) + invited, limit=allowed.max_agents),
        Usage(name=_("Channels"), used=business.channels.count(), limit=allowed.max_channels),
        Usage(
            name=_("Messages of agents this month"),
            used=month.agent_messages if month else 0,
            limit=allowed.max_messages_per_month,
        ),
    ]
