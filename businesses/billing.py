"""Paying for another plan: elsewhere, at the address that the operator set."""

from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.policy import Action, require
from foundation.errors import NotFound

# Nobody pays for the other one.
PAID_PLANS = ("mini", "pro")


def is_configured() -> bool:
    return bool(settings.CHECKOUT_URL)


def checkout_url(*, actor: User, plan: str) -> str:
    """Where the owner pays for the plan, one of PAID_PLANS.

    Raises Forbidden to all but the owner, NotFound when nobody takes money here.
    Source: contract/api.md 12.
    """
    membership = require(actor, Action.MANAGE_BILLING)
    if not is_configured():
        raise NotFound(_("Payment is not set up here. Whoever runs this server decides about plans."))
    values = {"{plan}": plan, "{business_id}": str(membership.business_id)}
    address: str = settings.CHECKOUT_URL
    for gap, value in values.items():
        address = address.replace(gap, quote(value, safe=""))
    return address
