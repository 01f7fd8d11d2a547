"""What a visitor says of itself: a name, an address, an id."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from conversations import events
from conversations.models import Customer
from foundation.errors import Unprocessable
from foundation.text import is_clean

CLAIMS = {"name": 200, "email": 254, "external_id": 200}


def checked_claims(claims: dict[str, Any]) -> dict[str, str]:
    """Those that are there, within their bounds. Raises Unprocessable."""
    told = {}
    for name, most in CLAIMS.items():
        value = claims.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if not isinstance(value, str) or len(value) > most or not is_clean(value):
            text = _("A text of at most %(most)d characters.") % {"most": most}
            raise Unprocessable(text, field=name)
        told[name] = value.strip()
    if "email" in told:
        try:
            validate_email(told["email"])
        except ValidationError as error:
            text = _("Write an e-mail address like cleo@example.com.")
            raise Unprocessable(text, field="email") from error
    return told


def note_claims(customer: Customer, told: dict[str, str]) -> None:
    """What a visitor says of itself; a verified customer keeps what was proven. Called last in a transaction."""
    changes = {name: value for name, value in told.items() if getattr(customer, name) != value}
    if changes and not customer.verified:
        for name, value in changes.items():
            setattr(customer, name, value)
        customer.save(update_fields=list(changes))
        events.record(customer.business_id, [events.customer_updated(customer)])
