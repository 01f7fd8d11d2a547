"""What a process reads once before it can answer is read when it starts, so that no customer waits for it.

The models, and the sentences that each message is compared with. Only where there is something to answer with: who has
no article pays no memory for it. Source: theo.md 1.
"""

from theo.models import Article, ArticleStatus
from theo.phrases import needs_person

# One for each model: that of English, and that of all languages.
_ASKED = ("How long does it take?", "Wie lange dauert es?")


def warm_up() -> None:
    """Takes seconds, which is for a thread of its own."""
    if Article.objects.filter(status=ArticleStatus.PUBLISHED).exists():
        for question in _ASKED:
            needs_person(question)
