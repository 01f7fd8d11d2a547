"""Choosing a message template, and filling the one that was chosen: pages of their own."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from businesses.pages import member_page
from channels_app.message_templates import (
    BLANK,
    MAX_BLANK,
    Template,
    has_templates,
    send_template,
    template_called,
    templates_of,
)
from conversations.models import Conversation
from conversations.selectors import conversation_of
from conversations.views import handling_page
from foundation.errors import Refused

MAX_QUERY = 100


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def templates(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """The list; with `name` and `language` the form of one."""
    user: User = request.user  # type: ignore[assignment]
    found = conversation_of(user, conversation_id)
    if found is None or not has_templates(found.channel):
        raise Http404
    if request.method == "POST":
        return _send(request, found, user)
    try:
        if request.GET.get("name"):
            chosen = template_called(found.channel, request.GET["name"], request.GET.get("language", ""))
            if chosen is None:
                raise Http404
            return _form(request, found, chosen)
        return _list(request, found)
    except Refused as refusal:
        return render(request, "channels_app/templates.html", {"conversation": found, "error": refusal.detail})


def _list(request: HttpRequest, found: Conversation) -> HttpResponse:
    assert found.channel
    offered = templates_of(found.channel)
    query = request.GET.get("q", "").strip()[:MAX_QUERY]
    words = query.casefold().split()
    shown = [one for one in offered if all(word in f"{one['name']} {one['body']}".casefold() for word in words)]
    context = {"conversation": found, "offered": shown, "q": query, "has_any": bool(offered)}
    return render(request, "channels_app/templates.html", context)


def _send(request: HttpRequest, found: Conversation, user: User) -> HttpResponse:
    name, language = request.POST.get("name", ""), request.POST.get("language", "")
    blanks = [text[:MAX_BLANK] for text in request.POST.getlist("blank")[:100]]
    key = request.POST.get("key", "")[:100]
    try:
        send_template(conversation=found, author=user, name=name, language=language, blanks=blanks, key=key)
    except Refused as refusal:
        try:
            chosen = template_called(found.channel, name, language)
        except Refused:
            chosen = None
        if chosen is None:
            raise Http404 from refusal
        return _form(request, found, chosen, blanks=blanks, error=refusal.detail, status=refusal.status)
    messages.success(request, _("The template is on its way."))
    return redirect("conversation", found.pk)


def _form(
    request: HttpRequest, found: Conversation, chosen: Template, *, blanks: list[str] | None = None, **more: Any
) -> HttpResponse:
    """blanks: what was just refused, so that nobody writes it again."""
    given = (blanks or [])[: chosen["blanks"]]
    filled = given + [""] * (chosen["blanks"] - len(given))
    context = {
        "conversation": found,
        "template": chosen,
        "pieces": _pieces(chosen["body"], filled),
        "fields": [{**slot, "words": words} for slot, words in zip(chosen["slots"], filled, strict=True)],
        "most": MAX_BLANK,
        "key": str(uuid4()),
        "error": more.get("error", ""),
    }
    return render(request, "channels_app/template.html", context, status=more.get("status", 200))


def _pieces(body: str, filled: list[str]) -> list[tuple[str, int, str]]:
    """Words of the template, each with the number of the blank behind it, 0 for none, and what is in that."""
    parts = BLANK.split(body)
    numbers = [int(number) for number in parts[1::2]]
    behind = [(number, filled[number - 1]) for number in numbers]
    return [(words, *blank) for words, blank in zip(parts[::2], [*behind, (0, "")], strict=True)]
