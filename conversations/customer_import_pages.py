"""Customers -> Import: a file is looked at, then comes in, and how far that is."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from businesses.pages import member_page
from conversations.models import CustomerImport, ImportState
from conversations.services.customer_imports import begin_import, receive_file, stop_import
from conversations.services.importing_customers import MOST_ROWS, Sheet, sheet_of
from conversations.views import handling_page
from foundation.errors import Refused, Unprocessable

LOOK_AGAIN = 2


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    context: dict[str, Any] = {"section": "customers"}
    if request.method == "POST":
        try:
            file = request.FILES.get("file")
            if file is None:
                raise Unprocessable(_("Choose a file, please."), field="file")
            made = receive_file(actor=user, sheet=sheet_in(file), name=file.name or "", looks_first=True)
            return redirect("customer-import", made.pk)
        except Refused as refusal:
            context["error"] = refusal.detail
    context |= {
        "most_mb": settings.UPLOAD_BYTES // 1024**2,
        "most_rows": MOST_ROWS,
        "imports": CustomerImport.objects.visible_to(user).order_by("-created_at", "-pk"),
    }
    return render(request, "conversations/customer_imports.html", context, status=422 if "error" in context else 200)


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def one_import(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """While the worker is at it the browser looks again by itself. do: begin or stop."""
    user: User = request.user  # type: ignore[assignment]
    one = get_object_or_404(CustomerImport.objects.visible_to(user), pk=import_id)
    error = ""
    if request.method == "POST":
        try:
            if request.POST.get("do") == "begin":
                begin_import(one=one, actor=user)
            else:
                stop_import(one=one)
            return redirect("customer-import", one.pk)
        except Refused as refusal:
            error = refusal.detail
    context = {"section": "customers", "one": one, "error": error, "is_looked_at": one.state == ImportState.LOOKED_AT}
    response = render(request, "conversations/customer_import.html", context, status=400 if error else 200)
    if one.is_under_way and not error:
        response["Refresh"] = str(LOOK_AGAIN)
    return response


def sheet_in(file: "UploadedFile[bytes]") -> Sheet:
    """Raises Unprocessable."""
    try:
        return sheet_of(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unprocessable(_("Save it as UTF-8, please."), field="file") from error
