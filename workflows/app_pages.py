"""What makes the pages an app to install: manifest, service worker, and what it shows without a connection.

All three are alike for everybody, and name nobody.
"""

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

BRAND = "#7650ff"
ICON_SIZES = (192, 512)
# Enough for one page: the whole sheet imports fifty others.
OFFLINE_SHEETS = [f"css/{name}.css" for name in ("reset", "tokens", "base", "helpers", "button", "auth", "page")]


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    icons = [
        {"src": static(f"icons/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in ICON_SIZES
        for purpose in ("any", "maskable")
    ]
    told = {
        "id": "/",
        "name": "PingBack",
        "short_name": "PingBack",
        "start_url": reverse("inbox"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": BRAND,
        "icons": icons,
    }
    return JsonResponse(told, content_type="application/manifest+json")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    return render(request, "workflows/offline.html", {"sheets": OFFLINE_SHEETS})


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """At the root, since a worker sees only what is below it; without a hash in its name: browsers ask for it again."""
    script = Path(settings.BASE_DIR, "static/js/service-worker.js").read_bytes()
    return HttpResponse(script, content_type="text/javascript", headers={"Cache-Control": "no-cache"})
