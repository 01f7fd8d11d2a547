"""The questions that an article answers, on its page: seen, added and taken away."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from businesses.pages import member_page
from businesses.policy import Action, require
from foundation.errors import Refused
from theo.learning import MAX_QUESTION, add_example, remove_examples
from theo.models import Article, Example


@member_page
@require_POST
def add(request: HttpRequest, article_id: UUID) -> HttpResponse:
    require(request.user, Action.WRITE_ARTICLES)
    article = get_object_or_404(Article.objects.visible_to(request.user), pk=article_id)
    try:
        add_example(article=article, question=request.POST.get("question", "")[:MAX_QUESTION])
    except Refused as refusal:
        messages.error(request, refusal.detail)
    return redirect("knowledge-article", article.pk)


@member_page
@require_POST
def remove(request: HttpRequest, article_id: UUID, example_id: int) -> HttpResponse:
    require(request.user, Action.WRITE_ARTICLES)
    article = get_object_or_404(Article.objects.visible_to(request.user), pk=article_id)
    example = get_object_or_404(Example, article=article, pk=example_id)
    remove_examples(article=article, question=example.question)
    messages.success(request, _("Theo forgets that question."))
    return redirect("knowledge-article", article.pk)
