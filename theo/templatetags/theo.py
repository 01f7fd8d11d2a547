"""What the thread asks of Theo while it is drawn."""

from uuid import UUID

from django import template

from conversations.models import Conversation
from theo import handoffs
from theo.helping import Wish
from theo.language_models import is_there

register = template.Library()


@register.simple_tag
def language_model_wishes(business_id: UUID) -> list[tuple[str, str]]:
    """What a language model can make of a text, as (value, words); empty where there is none. One query."""
    return [(str(value), str(words)) for value, words in Wish.choices] if is_there(business_id) else []


@register.simple_tag
def handoff_of(conversation: Conversation) -> handoffs.Shown | None:
    """What Theo had looked at when it asked for a person. No query where none is asked for."""
    return handoffs.handoff_of(conversation)
