"""What pages of other people load: the loader script and its second part, and the frame that holds the chat.

Both are alike for every visitor and touch neither session nor cookie. Only the widget's own domains may frame the
chat, and pages of ours that show it (onboarding, the demo). Source: promises 4 and 10, design.md 6.
"""

import gzip
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from businesses.models import ReplyTime
from foundation import mail
from foundation.filetypes import EXTENSIONS
from theo import help_centre
from widgets.availability import Availability, availability_of, payload_of
from widgets.domains import frame_ancestors
from widgets.languages import Language, language_of
from widgets.models import Widget

BUILT = Path(settings.BASE_DIR, "static/widget")


def loader(request: HttpRequest) -> HttpResponseBase:
    """`/widget.js`, what a page includes."""
    return _script(request, BUILT / "loader.js")


def part(request: HttpRequest, name: str) -> HttpResponseBase:
    """`/widget/panel.js` and the like, what the loader imports, from another origin than the page's."""
    response = _script(request, BUILT / f"{name}.js")
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def _script(request: HttpRequest, file: Path) -> HttpResponseBase:
    """No cookie, the same bytes for everybody, asked for again every ten minutes at most."""
    plain, packed, etag = _packed(file, file.stat().st_mtime_ns)
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(packed if zipped else plain, content_type="text/javascript; charset=utf-8")
    if zipped:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    response["ETag"] = f'W/"{etag}"'
    response["Cache-Control"] = "public, max-age=600, stale-while-revalidate=86400"
    # Also for pages that isolate themselves (Cross-Origin-Embedder-Policy).
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


@lru_cache(maxsize=3)
def _packed(file: Path, _modified: int) -> tuple[bytes, bytes, str]:
    plain = file.read_bytes()
    return plain, gzip.compress(plain, mtime=0), hashlib.sha256(plain).hexdigest()[:32]


@require_safe
@xframe_options_exempt  # frame-ancestors says it better
def frame(request: HttpRequest, widget_id: UUID) -> HttpResponse:
    widget = Widget.objects.select_related("business").filter(pk=widget_id).first()
    if widget is None:
        raise Http404
    shown = {**shown_of(widget), "availability": payload_of(availability_of(widget))}
    ancestors = frame_ancestors(widget.domain, allow_subdomains=widget.allow_subdomains)
    return _frame(request, shown, ancestors=ancestors)


@require_safe
@xframe_options_exempt
def preview_frame(request: HttpRequest) -> HttpResponse:
    """For Settings: a chat that nobody has made yet, whose looks the page tells. Only our own pages frame it."""
    there = Availability(is_open=True, is_online=True, changes_at=None, reply_time=ReplyTime.MINUTES)
    shown = {**shown_of(Widget()), "preview": True, "availability": payload_of(there)}
    return _frame(request, shown, ancestors=[])


def shown_of(widget: Widget) -> dict[str, Any]:
    """What the chat is told of its widget."""
    return {
        "id": str(widget.pk),
        "business_id": str(widget.business_id),
        "name": widget.name,
        "welcome_heading": widget.welcome_heading,
        "welcome_tagline": widget.welcome_tagline,
        "primary_color": widget.primary_color,
        "logo_url": widget.logo_url or None,
        "options": widget.options,
        "mail_is_on": mail.is_on(),
        "upload_bytes": settings.UPLOAD_BYTES,
        "upload_types": ",".join(f".{extension}" for extension in EXTENSIONS),
        "has_help": help_centre.is_open(widget.business_id),
    }


def _frame(request: HttpRequest, shown: dict[str, Any], *, ancestors: list[str]) -> HttpResponse:
    """ancestors: CSP sources of pages that may frame it, beside ours."""
    context = {"name": shown["name"], "shown": shown, "language": spoken_to(request, shown["options"])}
    # Without the request: what everybody may see does not depend on who is signed in.
    response = HttpResponse(render_to_string("widgets/frame.html", context))
    patch_vary_headers(response, ["Accept-Language"])
    # Asked for each time, and whole: a 304 would bring its own policy along, that of our pages.
    response["Cache-Control"] = "no-cache"
    response["Content-Security-Policy"] = _policy(ancestors, host=request.get_host())
    # A page that isolates itself frames only who does so, too. Pictures from elsewhere come without cookies then.
    response["Cross-Origin-Embedder-Policy"] = "credentialless"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def spoken_to(request: HttpRequest, options: Mapping[str, Any]) -> Language:
    """What the page asked for (`locale`), the owner's choice, the page's own language (`lang`), or the browser's."""
    asked, own = request.GET.get("locale", ""), request.GET.get("lang", "")
    return language_of(asked, options["locale"], own, accepted=request.headers.get("Accept-Language", ""))


def _policy(ancestors: list[str], *, host: str) -> str:
    """host: as the browser named us; some browsers do not count a WebSocket to it as 'self'."""
    directives = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        # Pictures of agents and in messages have the public address, whatever name the frame was asked for by.
        # A picture that is on its way is shown from the visitor's own memory (blob:).
        "img-src": ["'self'", settings.PUBLIC_BASE_URL, "https:", "blob:"],
        "connect-src": ["'self'", f"{'wss' if settings.HTTPS else 'ws'}://{host}"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'self'", *ancestors],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())
