"""A mail as its sender made it, in a frame that runs nothing and is nobody's origin. It reaches nothing, but for the
pictures that did not come along, once somebody asks for them (`far`)."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from businesses.pages import member_page
from channels_app.adapters.email.bodies import safe_html
from conversations.attachments import path_of, signature
from conversations.models import MailOriginal, Message

# Links open in a tab of their own, which is a page like any other.
_SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox"


@member_page
@require_safe
@xframe_options_sameorigin
def original(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    messages = Message.objects.visible_to(request.user).filter(conversation_id=conversation_id)
    mail = MailOriginal.objects.filter(message__in=messages, pk=message_id).select_related("message").first()
    if mail is None:
        raise Http404
    # Signed, as the frame brings no cookie.
    files = {facts["id"]: f"{path_of(facts)}?s={signature(facts['id'])}" for facts in mail.message.attachments}
    pictures = {cid: files[file_id] for cid, file_id in mail.pictures.items() if file_id in files}
    far = request.GET.get("far") == "1"
    html = safe_html(mail.html, pictures=pictures, remote=far) if mail.html else ""
    response = render(request, "channels_app/original.html", {"mail": mail, "html": html})
    response["Content-Security-Policy"] = "; ".join(
        (
            _SANDBOX,
            "default-src 'none'",
            f"img-src {request.build_absolute_uri('/files/')}{' https: http:' if far else ''}",
            f"style-src 'unsafe-inline' {request.build_absolute_uri(settings.STATIC_URL)}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    )
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response
