"""`/files/...`: the bytes of an attachment, for whoever holds its signed address or belongs to the team.

Whoever may not, gets what an unknown file gets. Source: promises 8, "Uploads"; design.md 6.
"""

from uuid import UUID

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.api.authentication import Bearer
from accounts.models import User
from accounts.verification import is_held
from businesses.api.authentication import ApiTokenBearer
from businesses.scopes import READ, Resource, grants
from businesses.second_factor import is_missing
from businesses.selectors import membership_of
from conversations.attachments import is_signed, place_of, thumbnail_place_of
from conversations.models import Attachment
from foundation.downloads import file_answer

DAY, HOUR = 24 * 3600, 3600


@require_safe
def download(request: HttpRequest, attachment_id: UUID, filename: str) -> HttpResponseBase:
    """filename: for people who save it; the id alone says which file it is."""
    attachment = _attachment(request, attachment_id)
    return _answer(
        request,
        attachment,
        place=place_of(attachment.pk),
        content_type=attachment.content_type,
        filename=attachment.filename,
    )


@require_safe
def thumbnail(request: HttpRequest, attachment_id: UUID) -> HttpResponseBase:
    attachment = _attachment(request, attachment_id)
    if not attachment.is_picture:
        raise Http404
    stem = attachment.filename.rpartition(".")[0]
    place = thumbnail_place_of(attachment.pk)
    return _answer(request, attachment, place=place, content_type="image/webp", filename=f"{stem}.webp")


def _answer(
    request: HttpRequest, attachment: Attachment, *, place: str, content_type: str, filename: str
) -> HttpResponseBase:
    etag = f'"{place.rpartition("/")[2]}"'
    response: HttpResponseBase = get_conditional_response(request, etag=etag) or _whole_or_part(
        request, attachment, place=place, content_type=content_type, filename=filename
    )
    signed = is_signed(attachment.pk, request.GET.get("s", ""))
    response["ETag"] = etag
    # What an address gives never changes. Without a signature it is the reader's cookie that opens it.
    response["Cache-Control"] = f"private, max-age={DAY}, immutable" if signed else f"private, max-age={HOUR}"
    response["Cross-Origin-Resource-Policy"] = "cross-origin" if signed else "same-origin"
    if not signed:
        patch_vary_headers(response, ["Cookie", "Authorization"])
    return response


def _whole_or_part(
    request: HttpRequest, attachment: Attachment, *, place: str, content_type: str, filename: str
) -> HttpResponseBase:
    try:
        file = default_storage.open(place)
    except FileNotFoundError as error:  # deleted since we looked
        raise Http404 from error
    return file_answer(
        file,
        size=file.size,
        content_type=content_type,
        filename=filename,
        inline=attachment.is_picture,
        asked=request.headers.get("Range"),
    )


def _attachment(request: HttpRequest, attachment_id: UUID) -> Attachment:
    """Raises Http404: unknown, unsigned or of others are alike."""
    rows = Attachment.objects.all()
    if not is_signed(attachment_id, request.GET.get("s", "")):
        reader = _reader(request)
        if reader is None:
            raise Http404
        rows = rows.visible_to(reader)
    found = rows.filter(pk=attachment_id).first()
    if found is None:
        raise Http404
    return found


def _reader(request: HttpRequest) -> User | None:
    if isinstance(request.user, User):
        return request.user  # middleware asked the same of the cookie's person
    try:
        user = _bearer(Request(request))
    except AuthenticationFailed:
        return None
    return None if user is None or is_held(user) or is_missing(membership_of(user)) else user


def _bearer(request: Request) -> User | None:
    """A person's token, or a program's that may read conversations. Raises AuthenticationFailed."""
    if by_program := ApiTokenBearer().authenticate(request):
        user, token = by_program
        return user if grants(token.scopes, f"{Resource.CONVERSATIONS}:{READ}") else None
    signed_in = Bearer().authenticate(request)
    return signed_in[0] if signed_in else None
