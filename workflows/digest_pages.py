"""The page behind the link of a mail about notifications that ends these mails. The link is the only proof."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from workflows.digest import user_of
from workflows.telling import change_setting


@csrf_exempt  # a mail program presses it, too, and the link is proof enough
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Asked first: programs that look at every link of a mail must not unsubscribe anybody."""
    user = user_of(token)
    if user is None:
        raise Http404
    if request.method == "POST":
        change_setting(user=user, mail_after=None)
    context = {"email": user.email, "is_done": request.method == "POST"}
    response = render(request, "workflows/no_mails.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response
