"""Pages behind a mail with answers: the chat itself, and a way to have no more mails. The link is the only proof."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from widgets import keys
from widgets.away import unsubscribe
from widgets.languages import language_of
from widgets.links import language_for, visitor_of_link
from widgets.models import Widget


@never_cache
@require_safe
def chat(request: HttpRequest, token: str) -> HttpResponse:
    """The real widget, opened, as the visitor of the link. The key is in the page, never in an address."""
    visitor = visitor_of_link(token)
    if visitor is None:
        return _dead(request)
    widget = visitor.widget or Widget.objects.filter(business_id=visitor.business_id).first()
    if widget is None:
        return _dead(request)
    spoken = language_for(visitor)
    context = {
        "widget": widget,
        "key": keys.issue(visitor),
        "stop": "stop/" if visitor.customer.email else "",
        "spoken": spoken,
        "says": spoken.written(site=widget.domain),
    }
    return _private(render(request, "widgets/chat.html", context))


@csrf_exempt  # a mail program presses it, too, and the link is proof enough
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Asked first: programs that look at every link of a mail must not unsubscribe anybody."""
    visitor = visitor_of_link(token)
    if visitor is None:
        return _dead(request)
    if request.method == "POST":
        unsubscribe(visitor)
    spoken = language_for(visitor)
    name = visitor.widget.name if visitor.widget else visitor.business.name
    context = {
        "is_done": request.method == "POST",
        "spoken": spoken,
        "says": spoken.written(business=name, email=visitor.customer.email),
    }
    return _private(render(request, "widgets/stop.html", context))


def _dead(request: HttpRequest) -> HttpResponse:
    spoken = language_of(accepted=request.headers.get("Accept-Language", ""))
    context = {"spoken": spoken, "says": spoken.mail}
    return _private(render(request, "widgets/dead_chat.html", context, status=404))


def _private(response: HttpResponse) -> HttpResponse:
    """Where the reader goes from here, nobody learns the link."""
    response["Referrer-Policy"] = "no-referrer"
    return response
