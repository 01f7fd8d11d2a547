"""What a plan allows, and the contract's words when it does not (contract/api.md 12)."""

from django.utils.translation import gettext as _

from businesses.models import Business
from foundation.errors import PlanLimit


def check_channel_allowed(business: Business, *, web: bool, current: int) -> None:
    """Raises PlanLimit when one more channel does not fit.

    web: the channel is the web widget, which every plan has. current: channels that the workspace has now.
    """
    plan = business.plan
    if not web and not plan.all_channel_types:
        raise PlanLimit(
            {
                "error": "feature_locked",
                "plan": plan.name,
                "feature": "integrations",
                "message": _("The %(plan)s plan has the web widget only.") % {"plan": plan.name},
            }
        )
    _check_count(business, feature="channels", current=current, limit=plan.max_channels)


def check_agent_allowed(business: Business, *, current: int) -> None:
    """Raises PlanLimit when one more agent does not fit.

    current: everybody who works there now but the owner, and who was invited and may still come.
    """
    _check_count(business, feature="agents", current=current, limit=business.plan.max_agents)


def _check_count(business: Business, *, feature: str, current: int, limit: int | None) -> None:
    if limit is not None and current >= limit:
        raise PlanLimit(
            {
                "error": "limit_exceeded",
                "plan": business.plan.name,
                "feature": feature,
                "current": current,
                "limit": limit,
                "message": _("The %(plan)s plan allows %(limit)s.") % {"plan": business.plan.name, "limit": limit},
            }
        )
