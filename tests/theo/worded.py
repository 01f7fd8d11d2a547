"""One question, its article, and what a language model makes of it; used by everything that is about such models."""

from typing import Any

from businesses.models import Business
from conversations.models import Conversation
from foundation.sealed import seal
from tests.fakes.models import KEY
from theo.answering import think
from theo.language_models import key_context
from theo.models import LanguageModel, Mode
from theo.port import ProviderKind

QUESTION = "How do I return an item for a refund?"
ARTICLE = (
    "Send it back within **30 days**, and the refund takes three days. Write to returns@acme.example first. "
    "We do not refund gift cards."
)
TEXT = ARTICLE.replace("**", "")
QUOTED = f"Hello!\n{TEXT}"
WORDED = "You can send the item back within 30 days. The refund takes three days."
RIGHT = {
    "answerable": True,
    "reply": WORDED,
    "citations": [{"article_id": "1", "quote": "Send it back within 30  days"}],
    "handoff": "none",
}


def own_model(business: Business, fake: Any, kind: ProviderKind = ProviderKind.OPENAI, **more: Any) -> LanguageModel:
    row = LanguageModel(business=business, provider=kind, base_url=fake.base, model="small", **more)
    row.sealed_key = seal(KEY, context=key_context(row))
    row.save()
    return row


def thought(conversation: Conversation, **more: Any) -> Any:
    return think(conversation=conversation, mode=Mode.ASSIST, threshold=0.8, **more)


def is_quoted(found: Any) -> bool:
    """The embedded reply: the article's own words."""
    return not found.by_model and found.reply == QUOTED
