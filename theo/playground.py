"""Settings -> Theo -> Playground: one question as a customer would ask it, and everything that Theo thinks about it.

It goes the same way as a customer's, a language model's words among it. Nothing is sent. Source: theo.md 3 and 4.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from businesses.pages import member_page
from businesses.selectors import membership_of
from foundation.pages import PageForm
from theo.answering import Answer, excerpt, try_out
from theo.assistants import assistant_of, effective_mode
from theo.engine.embedders import engine_name
from theo.engine.index import BEST, MAX_QUESTION
from theo.language_models import is_there
from theo.markdown import plain
from theo.models import Article, Mode
from theo.outcomes import buckets, counts
from theo.phrases import is_small_talk

ENGINES = {
    "full": _("two models and the words"),
    "e5": _("one model, of every language, and the words"),
    "minilm": _("one model, of English, and the words"),
    "lexical": _("the words alone"),
}


class QuestionForm(PageForm):
    question = forms.CharField(
        label=_("Ask as a customer would"),
        max_length=MAX_QUESTION,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    mode = forms.ChoiceField(label=_("As if Theo"), choices=Mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """passage: what would be said if this article were the answer. engine: what read the question for it, a key of
    ENGINES."""

    article_id: UUID
    title: str
    passage: str
    confidence: float
    engine: str
    features: list[tuple[str, float]]

    @property
    def percent(self) -> int:
        return round(self.confidence * 100)

    @property
    def engine_words(self) -> str:
        return str(ENGINES[self.engine])


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def playground(request: HttpRequest) -> HttpResponse:
    membership = membership_of(request.user)
    assert membership is not None
    business = membership.business
    assistant = assistant_of(business.pk)
    form = QuestionForm(request.POST or None, initial={"mode": effective_mode(business, None, assistant)})
    context: dict[str, Any] = {
        "section": "settings",
        "tab": "theo",
        "form": form,
        "engine": ENGINES[engine_name()],
        "threshold": round(assistant.threshold * 100),
        "has_auto": business.plan.theo_auto,
        "has_model": is_there(business.pk),
        "buckets": buckets(business.pk),
        "counts": counts(business.pk),
    }
    status = 200
    if request.method == "POST" and not form.is_valid():
        status = 422
    elif request.method == "POST":
        found = try_out(
            business=business,
            question=form.cleaned_data["question"],
            mode=Mode(form.cleaned_data["mode"]),
            threshold=assistant.threshold,
        )
        context |= {
            "found": found,
            "percent": round(found.confidence * 100),
            "candidates": candidates(business.pk, found),
            "is_small_talk": is_small_talk(found.question),
        }
    return render(request, "theo/playground.html", context, status=status)


def candidates(business_id: UUID, found: Answer) -> list[Candidate]:
    """The articles that Theo looked at, at most BEST, the likeliest first."""
    hits = found.considered[:BEST]
    articles = Article.objects.filter(business=business_id).in_bulk([UUID(hit.key) for hit in hits])
    return [
        Candidate(
            article_id=article.pk,
            title=article.title,
            passage=excerpt(plain(article.content), found.question, near=hit.sentence),
            confidence=hit.confidence,
            engine=hit.engine,
            features=list(hit.features.items()),
        )
        for hit in hits
        if (article := articles.get(UUID(hit.key)))
    ]
