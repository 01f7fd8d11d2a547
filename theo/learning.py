"""Questions that an article answers, as customers asked them: learnt from accepted drafts, or written by agents.

An article is found by them as by its own sentences; the coefficients know articles with and without. Source: theo.md 4.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.models import Conversation
from foundation.errors import Unprocessable
from foundation.text import is_clean
from theo.indexing import hold, index_anew
from theo.models import Article, Example, Outcome, Reply
from theo.redacting import redacted, redacted_question

MOST_EXAMPLES = 20
MAX_QUESTION = 300
# A draft that is changed more is another answer.
LIGHTLY_EDITED = 0.8


@transaction.atomic
def add_example(*, article: Article, question: str, conversation: Conversation | None = None) -> None:
    """Without what says who asked. The oldest makes room when there are MOST_EXAMPLES. Raises Unprocessable.

    conversation: where a customer did.
    """
    question = redacted(" ".join(question.split()))[:MAX_QUESTION]
    if not question or not is_clean(question):
        raise Unprocessable(_("Write a question."), field="question")
    if not hold(article.pk):
        return
    _example, created = Example.objects.get_or_create(
        article=article, question=question, defaults={"created_at": timezone.now(), "conversation": conversation}
    )
    if created:
        newest = Example.objects.filter(article=article).order_by("-created_at", "-id").values_list("pk", flat=True)
        Example.objects.filter(pk__in=list(newest[MOST_EXAMPLES:])).delete()
        index_anew(Article.objects.filter(pk=article.pk))


@transaction.atomic
def remove_examples(*, article: Article, question: str) -> None:
    """The one with these words, if there is one."""
    hold(article.pk)
    if Example.objects.filter(article=article, question=question).delete()[0]:
        index_anew(Article.objects.filter(pk=article.pk))


def learn(*, reply: Reply, outcome: Outcome, likeness: float) -> None:
    """What became of a reply makes its question an example of its article, or no longer one."""
    if reply.article is None or not reply.question.strip():
        return
    question = redacted_question(reply.conversation, reply.question, most=MAX_QUESTION)
    if outcome in (Outcome.ACCEPTED, Outcome.EDITED) and likeness >= LIGHTLY_EDITED:
        add_example(article=reply.article, question=question, conversation=reply.conversation)
    elif outcome in (Outcome.DISCARDED, Outcome.HANDED_OVER, Outcome.WRONG):
        remove_examples(article=reply.article, question=question)
