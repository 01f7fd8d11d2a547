"""Facts about a request that do not depend on who asks."""

import ipaddress
import re
from collections.abc import Mapping

from django.conf import settings

# Alike for every reader: nobody's session is looked at, so that any cache may keep them.
ALIKE_FOR_ALL = ("/static/", "/widget.js", "/widget/", "/api/v1/widget/", "/avatars/", "/healthz", "/readyz")

OF_A_MEMBER = re.compile(r"/api/v1/widget/(create|update|delete|[^/]+/identity-secrets)(/|$)")


def is_alike_for_all(path: str) -> bool:
    """The public reads of the widget, but not its making and changing."""
    return path.startswith(ALIKE_FOR_ALL) and not OF_A_MEMBER.match(path)


def client_address(meta: Mapping[str, str]) -> str | None:
    """The caller's address: Nth from the right of X-Forwarded-For, N = TRUSTED_PROXIES; with 0 the peer's.

    meta: WSGI-style names, as in `request.META`. None when nobody trustworthy says.
    """
    candidate = meta.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        candidate = hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES else ""
    try:
        return str(ipaddress.ip_address(candidate))
    except ValueError:
        return None
