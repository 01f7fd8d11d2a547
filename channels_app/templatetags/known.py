"""Over which channels a customer is known, and why."""

from django import template

from channels_app.identity import KnownAs, known_as
from conversations.models import Customer

register = template.Library()


@register.simple_tag
def channels_of(customer: Customer) -> list[KnownAs]:
    return known_as(customer)
