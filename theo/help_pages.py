"""The public help centre, `/help/<workspace>/`: its list with a search, and one article. No cookie, no sign-in."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from businesses.models import Business
from businesses.pages import member_page
from foundation import throttles
from foundation.errors import TooFast
from foundation.text import is_clean
from theo import help_centre
from theo.markdown import rendered

PER_PAGE = 30


@require_safe
def articles(request: HttpRequest, business_id: UUID) -> HttpResponse:
    """`q`: words of a question; the likeliest first. Who asks too often sees the list, and is told to wait."""
    business = _opened(business_id)
    rows = help_centre.articles_of(business_id)
    q = request.GET.get("q", "").strip()[: help_centre.MAX_QUERY]
    wait = 0
    if q and is_clean(q):
        try:
            throttles.count_address("HELP")
        except TooFast as refusal:
            wait = refusal.retry_after
        else:
            rows = help_centre.found_by(rows, q)
    found = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"business": business, "found": found, "q": q, "is_too_fast": bool(wait)}
    response = render(request, "theo/help.html", context, status=429 if wait else 200)
    if wait:
        response["Retry-After"] = str(wait)
    return response


@require_safe
def article(request: HttpRequest, business_id: UUID, article_id: UUID) -> HttpResponse:
    business = _opened(business_id)
    found = get_object_or_404(help_centre.articles_of(business_id), pk=article_id)
    context = {"business": business, "article": found, "content": rendered(found.content)}
    return render(request, "theo/help_article.html", context)


@member_page
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """From the Knowledge page; `is_open` when it shall be."""
    is_public = "is_open" in request.POST
    help_centre.set_open(actor=request.user, is_public=is_public)  # type: ignore[arg-type]
    messages.success(request, _("The help centre is open.") if is_public else _("The help centre is closed."))
    return redirect("knowledge")


def _opened(business_id: UUID) -> Business:
    """Raises Http404: closed is like not there."""
    business = Business.objects.filter(pk=business_id, help_centre__isnull=False).first()
    if business is None:
        raise Http404
    return business
