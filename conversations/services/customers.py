"""What the team writes down about a customer."""

import math
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from businesses.models import Business
from conversations import events
from conversations.models import Customer
from foundation.errors import Unprocessable
from foundation.text import is_clean

MAX_TEXT, MAX_EMAIL, MAX_PHONE, MAX_NOTES = 200, 254, 40, 5_000
BOUNDS = {"name": MAX_TEXT, "email": MAX_EMAIL, "external_id": MAX_TEXT, "phone": MAX_PHONE, "notes": MAX_NOTES}
MAX_ATTRIBUTES, MAX_KEY, MAX_VALUE = 50, 50, 500
# Where every program still tells one whole number from the next.
MAX_NUMBER = 2**53
PROVEN = {"email", "external_id"}


@transaction.atomic
def create_customer(*, business: Business, attributes: dict[str, Any] | None = None, **given: str) -> Customer:
    """Somebody who has not written yet; nothing of it is proven.

    given: any of BOUNDS. attributes: as of `change_customer`. Raises Unprocessable.
    """
    _check(given)
    customer = Customer.objects.create(business=business, attributes=_with({}, attributes or {}), **given)
    events.record(business.pk, [events.customer_created(customer)])
    return customer


@transaction.atomic
def change_customer(*, customer: Customer, attributes: dict[str, Any] | None = None, **given: str) -> Customer:
    """given: any of BOUNDS. attributes: those that change; None as a value takes one away.

    Raises Unprocessable, also for what a verified customer has proven.
    """
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    changed = fill(customer, given, attributes)
    if changed:
        customer.save(update_fields=changed)
        events.record(customer.business_id, [events.customer_updated(customer)])
    return customer


def fill(customer: Customer, given: dict[str, str], attributes: dict[str, Any] | None) -> list[str]:
    """In memory: as of `change_customer`; the names of the fields that are others now."""
    _check(given)
    wanted: dict[str, Any] = dict(given)
    if attributes:
        wanted["attributes"] = _with(customer.attributes, attributes)
    changed = [name for name, value in wanted.items() if getattr(customer, name) != value]
    for name in changed:
        if customer.verified and name in PROVEN:
            raise Unprocessable(_("This is proven: only your own site can change it."), field=name)
    for name in changed:
        setattr(customer, name, wanted[name])
    return changed


def _check(given: dict[str, str]) -> None:
    for field, value in given.items():
        if len(value) > BOUNDS[field] or not is_clean(value):
            raise Unprocessable(_("This cannot be stored."), field=field)


def _with(known: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    found = dict(known)
    for name, value in given.items():
        name = name.strip()
        if not 1 <= len(name) <= MAX_KEY or not is_clean(name):
            text = _("Call it by 1 to %(most)d characters.") % {"most": MAX_KEY}
            raise Unprocessable(text, field="attributes")
        if value is None:
            found.pop(name, None)
            continue
        _check_value(name, value)
        found[name] = value
    if len(found) > MAX_ATTRIBUTES:
        raise Unprocessable(_("At most %(most)d attributes.") % {"most": MAX_ATTRIBUTES}, field="attributes")
    return found


def _check_value(name: str, value: Any) -> None:
    if isinstance(value, str) and len(value) <= MAX_VALUE and is_clean(value):
        return
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= MAX_NUMBER:
        return
    text = _("A text of at most %(most)d characters, a number, true or false.") % {"most": MAX_VALUE}
    raise Unprocessable(text, field="attributes", path=[name])
