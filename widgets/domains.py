"""Domains as people write them and origins as browsers send them.

Source: promises 4, "Origin"; contract/api.md, C17.
"""

import ipaddress
import re
from urllib.parse import urlsplit

import idna
from django.utils.translation import gettext as _

from foundation.errors import Unprocessable

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
MAX_DOMAIN = 253
LOCAL = "localhost"


def normal_domain(text: str) -> str:
    """`https://Www.Müller.de:8080/shop.` -> `www.xn--mller-kva.de`. Raises Unprocessable."""
    refusal = Unprocessable(
        _("Write a domain like acme.com; add the part after the dot."), field="domain", kind="domain"
    )
    host = _host(text.strip() if "//" in text else f"//{text.strip()}")
    if host is None or (host != LOCAL and "." not in host) or len(host) > MAX_DOMAIN:
        raise refusal
    if not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise refusal
    return host


def host_of_origin(origin: str) -> str | None:
    """The host of an Origin header that may count at all: https anywhere, http only on this machine."""
    host = _host(origin)
    if host is None:
        return None
    parts = urlsplit(origin)
    if parts.scheme not in {"http", "https"} or f"{parts.scheme}://{parts.netloc}" != origin:
        return None
    if parts.scheme == "http" and not is_local(host):
        return None
    return host


def is_local(host: str) -> bool:
    if host == LOCAL or host.endswith(f".{LOCAL}"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def frame_ancestors(domain: str, *, allow_subdomains: bool) -> list[str]:
    """CSP sources of the pages that may frame the widget of a domain."""
    if is_local(domain):
        return [f"http://{domain}:*", f"https://{domain}:*"]
    sources = [f"https://{domain}", f"https://www.{domain}"]
    return [*sources, f"https://*.{domain}"] if allow_subdomains else sources


def _host(url: str) -> str | None:
    """Lower case, IDNA, without scheme, user, port, path and final dot."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        if parts.username is not None or not host or parts.port == 0:
            return None
        return idna.encode(host.lower(), uts46=True).decode("ascii")
    except ValueError:
        return None
