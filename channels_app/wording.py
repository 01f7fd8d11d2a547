"""What a message that came in says in the thread, when it has no words of its own as well."""

from django.utils.translation import gettext as _

from channels_app.adapters.events import EchoReceived, MediaRef, MessageReceived
from conversations.services.message_drafts import MAX_CONTENT
from foundation.text import storable


def content_of(event: MessageReceived | EchoReceived) -> str:
    """Cut where a message ends; the whole is kept beside it."""
    text = storable(event.text).strip()
    if len(text) > MAX_CONTENT:
        text = text[: MAX_CONTENT - 1] + "…"
    return text or (_label(event.media[0]) if event.media else _("(An empty message)"))


def _label(ref: MediaRef) -> str:
    labels = {
        "image": _("Picture"),
        "audio": _("Sound"),
        "voice": _("Voice message"),
        "video": _("Video"),
        "sticker": _("Sticker"),
    }
    return ref.filename[:200] or labels.get(ref.kind, _("File"))
