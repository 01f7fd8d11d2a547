"""Knowledge -> Import: articles out of the workspace's own site, and how far that, and the reading of all, is."""

from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from businesses.pages import member_page
from businesses.policy import Action, require
from theo.forms import ImportForm, SiteForm
from theo.importing import MOST_FILES
from theo.models import Article, ArticleStatus, ImportState, IndexState, SiteImport
from theo.site_imports import MOST_LEFT, begin_import, stop_import

LOOK_AGAIN = 3


@member_page
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    business = require(request.user, Action.WRITE_ARTICLES).business
    form = SiteForm(request.POST)

    def begun() -> SiteImport:
        given = form.cleaned_data
        return begin_import(business=business, url=given["url"], status=ArticleStatus(given["status"]))

    if form.done(begun):
        return redirect("knowledge-site-import", form.outcome.pk)
    return page(request, site_form=form, status=form.answer_status)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def one_import(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """While it runs the browser looks again by itself. A post stops it."""
    one = get_object_or_404(SiteImport.objects.visible_to(request.user), pk=import_id)
    if request.method == "POST":
        require(request.user, Action.WRITE_ARTICLES)
        stop_import(one)
        return redirect("knowledge-site-import", one.pk)
    context = {"section": "knowledge", "one": one, "left": one.left[:MOST_LEFT], "goes_on": len(one.left) > MOST_LEFT}
    response = render(request, "theo/site_import.html", context)
    if one.state == ImportState.RUNNING:
        response["Refresh"] = str(LOOK_AGAIN)
    return response


@member_page
@require_safe
def reading(request: HttpRequest) -> HttpResponse:
    """How far Theo is with what was brought in; the browser looks again by itself until it has read all."""
    state = {state: Count("pk", filter=Q(index_state=state)) for state in IndexState.values}
    counted = Article.objects.visible_to(request.user).aggregate(total=Count("pk"), **state)
    waiting = counted[IndexState.PENDING]
    context = {
        "section": "knowledge",
        "total": counted["total"],
        "read": counted[IndexState.READY],
        "failed": counted[IndexState.FAILED],
        "waiting": waiting,
    }
    response = render(request, "theo/reading.html", context)
    if waiting:
        response["Refresh"] = str(LOOK_AGAIN)
    return response


def page(
    request: HttpRequest,
    *,
    form: ImportForm | None = None,
    site_form: SiteForm | None = None,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """The import page, with the form that was sent as it was."""
    context = {
        "section": "knowledge",
        "form": form or ImportForm(),
        "site_form": site_form or SiteForm(),
        "most_files": MOST_FILES,
        "most_mb": settings.UPLOAD_BYTES // 1024**2,
        "imports": SiteImport.objects.visible_to(request.user).order_by("-created_at", "-pk"),
        **more,
    }
    return render(request, "theo/import.html", context, status=status)
