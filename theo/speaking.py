"""What Theo says in words of its own, in the customer's language: the few lines around an article's words.

words.json has them by language, those of the chat; who writes in another one is spoken to in English. Source: theo.md
4 and 5.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import override

from businesses.hours import opening
from businesses.models import Business
from theo.engine.language import language_of
from theo.models import Assistant
from widgets.models import Visitor

ENGLISH = "en"
# A slip or an initial, though it is a word of some language: "w" is one in Polish.
_LETTER_ALONE = re.compile(r"\b[a-z]\b", re.IGNORECASE)
# As Django calls them.
_DJANGOS = {"zh": "zh-hans"}


@cache
def languages() -> dict[str, dict[str, str]]:
    return dict(json.loads(Path(__file__).with_name("words.json").read_text("utf-8")))


def language_for(said: Sequence[str], *, customer_id: UUID | None = None) -> str:
    """said: a customer's last messages, the newest first.

    That of the first that tells it, else of all together, else the one in which the customer's chat spoke last.
    """
    for text in [*said, " ".join(said)]:
        if (code := language_of(_LETTER_ALONE.sub("", text))) in languages():
            return code
    chats = Visitor.objects.filter(customer=customer_id).exclude(language="").order_by("-last_seen_at")
    spoken = chats.values_list("language", flat=True).first() if customer_id else None
    return spoken if spoken in languages() else ENGLISH


def framed(text: str, *, language: str, greets: bool) -> str:
    """An article's words below a greeting, and below a line that says so where they are in another language.

    Of a language that the chat does not speak nothing is said: who writes in it is spoken to in English as well.
    """
    told, theirs = languages()[language], language_of(text)
    lines = [told["greeting"]] if greets else []
    if theirs in languages() and theirs != language:
        lines.append(told["other_language"])
    return "\n".join([" ".join(lines), text]) if lines else text


def small_talk(*, language: str, is_thanks: bool) -> str:
    return languages()[language]["welcome" if is_thanks else "hello"]


def handoff_words(business: Business, assistant: Assistant, *, at: datetime, language: str) -> str:
    """What a customer is told who waits for a person: the workspace's own words, and when it opens if it is closed."""
    told = languages()[language]
    words = assistant.handoff_text or told["handoff"]
    now = opening(business, at=at)
    if now.is_open or now.changes_at is None:
        return words
    with override(_DJANGOS.get(language, language)):
        when = date_format(now.changes_at.astimezone(ZoneInfo(business.time_zone)), "l, H:i")
    return f"{words}\n{told['open_again'].format(when=when, zone=business.time_zone)}"
