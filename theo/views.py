"""The Knowledge pages: what there is, one article with its preview, and bringing many in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from businesses.pages import member_page
from businesses.policy import Action, may, require
from businesses.selectors import membership_of
from conversations.models import Conversation
from conversations.views import handling_page
from foundation.errors import Refused
from foundation.text import is_clean
from theo import articles, help_centre
from theo.answering import answer
from theo.forms import ArticleForm, ImportForm
from theo.importing import MOST_FILES, import_files
from theo.markdown import rendered
from theo.models import Article, ArticleStatus, Mode
from theo.telling import told_to

PER_PAGE = 50
MAX_QUERY = 200


@member_page
@require_safe
def knowledge(request: HttpRequest) -> HttpResponse:
    """Newest change first; `q` looks for words in title and content, `status` shows only those."""
    rows = Article.objects.visible_to(request.user).defer("content")
    total = rows.count()
    q, status = request.GET.get("q", "").strip()[:MAX_QUERY], request.GET.get("status", "")
    if q and not is_clean(q):
        q = ""
    for word in q.split():
        rows = rows.filter(Q(title__icontains=word) | Q(content__icontains=word))
    if status in ArticleStatus.values:
        rows = rows.filter(status=status)
    else:
        status = ""
    found = Paginator(rows.order_by("-updated_at", "-id"), PER_PAGE).get_page(request.GET.get("page"))
    membership = membership_of(request.user)
    assert membership is not None
    context = {
        "section": "knowledge",
        "found": found,
        "total": total,
        "q": q,
        "status": status,
        "business": membership.business,
        "is_help_open": help_centre.is_open(membership.business_id),
        "may_open_help": may(membership, Action.MANAGE_ASSISTANT),
    }
    return render(request, "theo/knowledge.html", context)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_article(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _sent(request, None)
    return _page(request, ArticleForm(initial={"title": request.GET.get("title", "")[: articles.MAX_TITLE]}), None)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def one_article(request: HttpRequest, article_id: UUID) -> HttpResponse:
    article = _found(request, article_id)
    if request.method == "POST":
        return _sent(request, article)
    initial = {"title": article.title, "content": article.content, "tags": ", ".join(article.tags)}
    return _page(request, ArticleForm(initial=initial), article, preview=article.content)


@member_page
@require_POST
def delete_article(request: HttpRequest, article_id: UUID) -> HttpResponse:
    article = _found(request, article_id)
    articles.delete_article(article=article)
    messages.success(request, _("“%(title)s” is deleted.") % {"title": article.title})
    return redirect("knowledge")


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def import_articles(request: HttpRequest) -> HttpResponse:
    """What could not be taken is said, file by file; everything else is in."""
    business = require(_user(request), Action.WRITE_ARTICLES).business
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"section": "knowledge", "form": form}
    if request.method != "POST":
        return render(request, "theo/import.html", context)
    if not form.is_valid():
        return render(request, "theo/import.html", context, status=422)
    files = [(file.name, file.read()) for file in form.cleaned_data["file"][:MOST_FILES]]
    status = ArticleStatus(form.cleaned_data["status"])
    outcome = import_files(business=business, files=files, status=status)
    said = ngettext("%(count)d article is in.", "%(count)d articles are in.", outcome.taken)
    if not outcome.left:
        messages.success(request, said % {"count": outcome.taken})
        return redirect("knowledge")
    context |= {"outcome": outcome, "said": said % {"count": outcome.taken}}
    return render(request, "theo/import.html", context, status=422)


def _sent(request: HttpRequest, article: Article | None) -> HttpResponse:
    """do: preview, draft or published; the words are stored with the last two only."""
    business = require(_user(request), Action.WRITE_ARTICLES).business
    form, wish = ArticleForm(request.POST), request.POST.get("do", "")
    text = request.POST.get("content", "")[: articles.MAX_CONTENT]
    if not form.is_valid():
        return _page(request, form, article, status=422)
    if wish not in ArticleStatus.values:
        return _page(request, form, article, preview=text, is_preview=True)
    given = form.cleaned_data
    words: dict[str, Any] = {
        "title": given["title"],
        "content": given["content"],
        "tags": articles.tags_of(given["tags"]),
        "status": ArticleStatus(wish),
    }
    try:
        if article:
            article = articles.change_article(article=article, **words)
        else:
            article = articles.create_article(business=business, **words)
    except Article.DoesNotExist as error:
        raise Http404 from error
    except Refused as refusal:
        return _page(request, form, article, status=form.refuse(refusal))
    published = article.status == ArticleStatus.PUBLISHED
    messages.success(request, _("Published.") if published else _("Saved as a draft."))
    return redirect("knowledge-article", article.pk)


def _page(
    request: HttpRequest,
    form: ArticleForm,
    article: Article | None,
    *,
    preview: str = "",
    is_preview: bool = False,
    status: int = 200,
) -> HttpResponse:
    """is_preview: what is shown rendered is not stored yet."""
    context = {
        "section": "knowledge",
        "form": form,
        "article": article,
        "preview": rendered(preview),
        "is_preview": is_preview,
    }
    return render(request, "theo/article.html", context, status=status)


def _found(request: HttpRequest, article_id: UUID) -> Article:
    """Raises Http404."""
    article = Article.objects.visible_to(request.user).filter(pk=article_id).first()
    if article is None:
        raise Http404
    return article


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@member_page
@handling_page
@require_POST
def suggestion(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """What Theo would answer, for the composer: a fragment."""
    rows = Conversation.objects.visible_to(request.user).select_related("business__plan")
    conversation = rows.filter(pk=conversation_id).first()
    if conversation is None:
        raise Http404
    membership = membership_of(request.user)
    assert membership is not None
    found = answer(conversation=conversation, mode=Mode.ASSIST, on_text=told_to(membership, conversation))
    return render(request, "theo/suggestion.html", {"found": found, "percent": round(found.confidence * 100)})
