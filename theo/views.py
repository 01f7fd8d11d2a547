"""The Knowledge pages: what there is, one article with its preview, and bringing many in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
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
from foundation.ids import parse_id
from theo import articles, help_centre, site_pages, usage
from theo.drafting import draft
from theo.forms import ArticleForm, ImportForm, KnowledgeFilter
from theo.handoffs import near_of
from theo.importing import MOST_FILES, read_files
from theo.learning import MAX_QUESTION as MAX_EXAMPLE
from theo.markdown import rendered
from theo.models import Article, ArticleStatus, Example, Outcome, Reply, Unanswered
from theo.outcomes import call_wrong, conclude
from theo.site_imports import begin_file_import
from theo.telling import told_to
from theo.unanswered import KEPT_FOR as UNANSWERED_KEPT_FOR
from theo.unanswered import answer_given, dismiss

PER_PAGE = 50


@member_page
@require_safe
def knowledge(request: HttpRequest) -> HttpResponse:
    """Newest change first; `q` looks for words in title and content, `status` shows only those."""
    rows = Article.objects.visible_to(request.user).defer("content")
    total = rows.count()
    form = KnowledgeFilter(request.GET)
    form.full_clean()
    for word in form.cleaned_data.get("q", "").split():
        rows = rows.filter(Q(title__icontains=word) | Q(content__icontains=word))
    if status := form.cleaned_data.get("status"):
        rows = rows.filter(status=status)
    found = Paginator(rows.order_by("-updated_at", "-id"), PER_PAGE).get_page(request.GET.get("page"))
    membership = membership_of(request.user)
    assert membership is not None
    open_questions = Unanswered.objects.visible_to(request.user).filter(is_dismissed=False).count()
    context = {
        "section": "knowledge",
        "found": found,
        "total": total,
        "form": form,
        "business": membership.business,
        "is_help_open": help_centre.is_open(membership.business_id),
        "may_open_help": may(membership, Action.MANAGE_ASSISTANT),
        "open_questions": open_questions,
    }
    return render(request, "theo/knowledge.html", context)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_article(request: HttpRequest) -> HttpResponse:
    """title, or `question` with the id of a group that nobody could answer, fill it in."""
    group = None
    if question_id := parse_id(request.GET.get("question")):
        group = get_object_or_404(Unanswered.objects.visible_to(request.user), pk=question_id)
    if request.method == "POST":
        return _sent(request, None, group)
    title, content = request.GET.get("title", ""), ""
    if group:
        title, content = group.question, answer_given(group)
    return _page(request, ArticleForm(initial={"title": title[: articles.MAX_TITLE], "content": content}), None)


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
    """Goes on in the background where that is much. What could not be taken is said; everything else is in."""
    business = require(_user(request), Action.WRITE_ARTICLES).business
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return site_pages.page(request, form=form)
    if not form.is_valid():
        return site_pages.page(request, form=form, status=422)
    files = [(file.name, file.read()) for file in form.cleaned_data["file"][:MOST_FILES]]
    read = read_files(files)
    if not read.found:
        return site_pages.page(request, form=form, status=422, left=read.left)
    status = ArticleStatus(form.cleaned_data["status"])
    names = [name for name, _raw in files]
    if not form.done(lambda: begin_file_import(business=business, names=names, read=read, status=status)):
        return site_pages.page(request, form=form, status=form.answer_status)
    one = form.outcome
    if one.taken < one.total or one.left:
        return redirect("knowledge-site-import", one.pk)
    said = ngettext("%(count)d article is in.", "%(count)d articles are in.", one.taken)
    messages.success(request, said % {"count": one.taken})
    return redirect("knowledge-reading")


def _sent(request: HttpRequest, article: Article | None, group: Unanswered | None = None) -> HttpResponse:
    """do: preview, draft or published; the words are stored with the last two only. group: is answered by it."""
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
            if group:
                dismiss(group)
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
        "examples": Example.objects.filter(article=article).order_by("-created_at", "-pk") if article else [],
        "most_example": MAX_EXAMPLE,
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
    found, kept = draft(conversation=conversation, on_text=told_to(membership, conversation))
    context = {
        "found": found,
        "draft": kept,
        "percent": round(found.confidence * 100),
        "near": near_of(found, conversation.business_id),
    }
    return render(request, "theo/suggestion.html", context)


@member_page
@handling_page
@require_POST
def drop_suggestion(request: HttpRequest, reply_id: UUID) -> HttpResponse:
    """The agent does not want the draft."""
    conclude(get_object_or_404(Reply.objects.visible_to(request.user), pk=reply_id, is_sent=False), Outcome.DISCARDED)
    return HttpResponse(status=204)


@member_page
@handling_page
@require_POST
def wrong_answer(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """What Theo sent by itself was wrong."""
    replies = Reply.objects.visible_to(request.user).select_related("message__conversation")
    call_wrong(get_object_or_404(replies, message=message_id))
    return HttpResponse(status=204)


@member_page
@require_safe
def unanswered(request: HttpRequest) -> HttpResponse:
    """What was asked most lately, and no article answered."""
    groups = Unanswered.objects.visible_to(request.user).filter(is_dismissed=False).defer("vector")
    found = Paginator(groups.order_by("-last_at", "-id"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"section": "knowledge", "found": found, "days": UNANSWERED_KEPT_FOR.days}
    return render(request, "theo/unanswered.html", context)


@member_page
@require_POST
def dismiss_unanswered(request: HttpRequest, group_id: UUID) -> HttpResponse:
    dismiss(get_object_or_404(Unanswered.objects.visible_to(request.user), pk=group_id))
    messages.success(request, _("Out of sight."))
    return redirect("knowledge-unanswered")


@member_page
@require_safe
def article_use(request: HttpRequest) -> HttpResponse:
    """Which articles give answers that nobody takes, and which give none."""
    business_id = require(_user(request), Action.WRITE_ARTICLES).business_id
    context = {
        "section": "knowledge",
        "discarded": usage.often_discarded(business_id),
        "idle": usage.never_used(business_id),
        "days": usage.IDLE_FOR.days,
    }
    return render(request, "theo/use.html", context)
