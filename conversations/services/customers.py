"""What the team writes down about a customer."""

from django.db import transaction
from django.utils.translation import gettext as _

from businesses.models import Business
from conversations import events
from conversations.models import Customer
from foundation.errors import Unprocessable
from foundation.text import is_clean

MAX_TEXT, MAX_EMAIL = 200, 254


@transaction.atomic
def create_customer(*, business: Business, name: str = "", email: str = "", external_id: str = "") -> Customer:
    """Somebody who has not written yet; nothing of it is proven. Raises Unprocessable."""
    given = {"name": name, "email": email, "external_id": external_id}
    _check(given)
    customer = Customer.objects.create(business=business, **given)
    events.record(business.pk, [events.customer_created(customer)])
    return customer


@transaction.atomic
def change_customer(*, customer: Customer, given: dict[str, str]) -> Customer:
    """given: any of name, email, external_id. Raises Unprocessable, also for what a verified customer has proven."""
    _check(given)
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    changed = [field for field, value in given.items() if getattr(customer, field) != value]
    for field in changed:
        if customer.verified and field != "name":
            raise Unprocessable(_("This is proven: only your own site can change it."), field=field)
        setattr(customer, field, given[field])
    if changed:
        customer.save(update_fields=changed)
        events.record(customer.business_id, [events.customer_updated(customer)])
    return customer


def _check(given: dict[str, str]) -> None:
    for field, value in given.items():
        if len(value) > (MAX_EMAIL if field == "email" else MAX_TEXT) or not is_clean(value):
            raise Unprocessable(_("This cannot be stored."), field=field)
