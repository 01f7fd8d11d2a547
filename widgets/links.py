"""The way back into a conversation from a mail, and what a mail to a visitor is written in.

A link is signed, good for 30 days and for its visitor alone. It opens what the visitor's key opens, for whoever reads
the mail. A key that is void (another generation) makes its links void. Signed with the key of visitors' keys, under a
salt of its own. Source: issue "widget", conversation.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing

from widgets.languages import Language, language_of
from widgets.models import Visitor, Widget

LIFETIME = timedelta(days=30)
MAX_LINK = 300
_SALT = "widgets.links"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Both begin with our public address."""

    chat: str
    stop: str


def link_for(visitor: Visitor) -> Link:
    said = [str(visitor.pk), visitor.generation]
    token = signing.dumps(said, key=settings.VISITOR_KEYS[0], salt=_SALT)
    chat = f"{settings.PUBLIC_BASE_URL}/chat/{token}/"
    return Link(chat=chat, stop=f"{chat}stop/")


def visitor_of_link(token: str) -> Visitor | None:
    """Whose it is; None for what we never made, and what is no longer good."""
    if len(token) > MAX_LINK:
        return None
    try:
        visitor_id, generation = signing.loads(
            token,
            key=settings.VISITOR_KEYS[0],
            salt=_SALT,
            max_age=LIFETIME,
            fallback_keys=[*settings.VISITOR_KEYS[1:]],
        )
    except signing.BadSignature:
        return None
    rows = Visitor.objects.select_related("customer", "widget", "business")
    return rows.filter(pk=visitor_id, generation=generation).first()


def language_for(visitor: Visitor) -> Language:
    """What its chat spoke last, else the widget's own, else English."""
    return language_of(visitor.language, visitor.widget.options["locale"] if visitor.widget else "")


def look_of(visitor: Visitor) -> dict[str, Any]:
    """What a mail to it needs to come from the company, and not from us: its name in front, and its colour."""
    colour = visitor.widget.primary_color if visitor.widget else Widget.DEFAULTS["primary_color"]
    return {"sender": visitor.business.name, "business": visitor.business, "colour": colour}


def site_of(visitor: Visitor) -> str:
    """Where it wrote, as people call it."""
    return visitor.widget.domain if visitor.widget else settings.PUBLIC_BASE_URL
