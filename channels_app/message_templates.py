"""Message templates: what a provider lets one send after its reply window has closed (WhatsApp; channels.md 3.9)."""

import re
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.utils.translation import gettext as _

from accounts.models import User
from channels_app import connecting
from channels_app.adapters import ADAPTERS
from channels_app.adapters.errors import DeliveryError
from channels_app.models import Channel, Delivery
from conversations import events
from conversations.models import ChannelType, Conversation
from conversations.services.messages import Posted, send_reply
from foundation.errors import NotFound, Unavailable, Unprocessable
from foundation.sealed import CannotUnseal

KEPT_SECONDS = 600
MAX_BLANK = 500
# Meta refuses line breaks, tabs and rows of blanks in them.
_WHITE = re.compile(r"\s+")
BLANK = re.compile(r"\{\{(\d+)\}\}")

Template = dict[str, Any]


def has_templates(channel: Channel | None) -> bool:
    adapter = ADAPTERS.get(ChannelType(channel.type)) if channel else None
    return bool(adapter and adapter.capabilities.templates)


def templates_of(channel: Channel) -> list[Template]:
    """Each as `ChannelAdapter.templates` tells it, as the provider had them a while ago.

    Raises Unavailable, in the provider's case with its reason.
    """
    if not has_templates(channel):
        return []
    key = f"templates:2:{channel.pk}:{channel.updated_at.timestamp()}"
    found: list[Template] | None = cache.get(key)
    if found is None:
        try:
            adapter = connecting.adapter_of(channel)
            found = adapter.templates() if adapter else []
        except DeliveryError as error:
            raise Unavailable(error.reason) from error
        except CannotUnseal as error:
            raise Unavailable(_("The channel has to be reconnected.")) from error
        cache.set(key, found, KEPT_SECONDS)
    return found


def template_called(channel: Channel | None, name: str, language: str) -> Template | None:
    """Raises Unavailable."""
    offered = templates_of(channel) if channel else []
    return next((one for one in offered if (one["name"], one["language"]) == (name, language)), None)


def send_template(
    *, conversation: Conversation, author: User, name: str, language: str, blanks: list[str], key: str = ""
) -> Posted:
    """The thread gets its words with the blanks filled; the provider gets its name.

    Raises NotFound (no such template on this channel), Unprocessable (a blank is missing, or it has what cannot be sent
    from here), Unavailable; else as send_reply.
    """
    template = template_called(conversation.channel, name, language)
    if template is None:
        raise NotFound
    if template["refused"]:
        raise Unprocessable(template["refused"], field="name")
    filled = [_WHITE.sub(" ", text).strip() for text in blanks]
    if len(filled) != template["blanks"] or not all(filled):
        raise Unprocessable(_("Fill each blank of the template."), field="blanks")
    words = BLANK.sub(lambda blank: filled[int(blank[1]) - 1], template["body"])
    with events.gathered():
        posted = send_reply(conversation=conversation, author=author, content=words, key=key)
        sent = {"name": name, "language": language, "blanks": filled, "slots": template["slots"]}
        _send_as(posted.message.pk, sent)
    return posted


def _send_as(message_id: UUID, template: Template) -> None:
    """Before anybody claims it: the rows are of our own transaction. It is sent once, however long its words are."""
    parts = Delivery.objects.filter(message=message_id, attempts=0)
    parts.filter(part=0).update(template=template)
    parts.exclude(part=0).delete()
