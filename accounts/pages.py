"""What the pages of signing in share."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def to_prove(address: str) -> HttpResponseRedirect:
    """To the page that asks again who this is, which then leads to `address`."""
    return HttpResponseRedirect(f"{reverse('prove')}?{urlencode({'next': address})}")


def back(request: HttpRequest, address: str) -> HttpResponseRedirect:
    """To an address of ours that the reader came from, else to the start."""
    return HttpResponseRedirect(address if is_ours(request, address) else "/")


def is_ours(request: HttpRequest, address: str) -> bool:
    return url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
