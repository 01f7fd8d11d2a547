"""What the thread asks of Theo while it is drawn."""

from uuid import UUID

from django import template

from theo.helping import Wish
from theo.language_models import is_there

register = template.Library()


@register.simple_tag
def language_model_wishes(business_id: UUID) -> list[tuple[str, str]]:
    """What a language model can make of a text, as (value, words); empty where there is none. One query."""
    return [(str(value), str(words)) for value, words in Wish.choices] if is_there(business_id) else []
