"""The notification centre."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from businesses.pages import member_page
from workflows.models import Notification
from workflows.notifications import mark_read, notifications_of, text_of, unread_of
from workflows.telling import setting_of

PER_PAGE = 50


@member_page
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    setting = setting_of(user)
    found = Paginator(notifications_of(user, setting), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "notifications",
        "found": found,
        "told": [(row, text_of(row)) for row in found],
        "unread": unread_of(user, setting),
    }
    return render(request, "workflows/notifications.html", context)


@member_page
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    mark_read(user=request.user, ids=None)  # type: ignore[arg-type]
    return redirect("notifications")


@member_page
@require_POST
def open_one(request: HttpRequest, notification_id: UUID) -> HttpResponse:
    """It is read, and its conversation is shown."""
    user: User = request.user  # type: ignore[assignment]
    found = Notification.objects.of(user).filter(pk=notification_id).first()
    if found is None:
        raise Http404
    mark_read(user=user, ids=[found.pk])
    return redirect("conversation", found.conversation_id)
