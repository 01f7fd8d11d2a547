"""The script and the frame that pages of other people load."""

import gzip
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from tests import builders
from widgets.models import Widget


@pytest.fixture
def widget(ada: User, acme: Business) -> Widget:
    return builders.widget(ada, "acme.com")


def policy(response: Any) -> dict[str, list[str]]:
    """{"frame-ancestors": ["https://acme.com", ...], ...}"""
    directives = [directive.split() for directive in response["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in directives}


def framed_by(widget: Widget) -> list[str]:
    return policy(Client().get(f"/widget/{widget.pk}/frame"))["frame-ancestors"]


def test_only_the_widgets_own_domain_and_we_may_frame_the_chat(widget: Widget) -> None:
    assert framed_by(widget) == ["'self'", "https://acme.com", "https://www.acme.com"]


def test_subdomains_may_frame_it_when_the_owner_said_so(ada: User, acme: Business) -> None:
    widget = builders.widget(ada, "acme.com", allow_subdomains=True)

    assert "https://*.acme.com" in framed_by(widget)


def test_plain_http_may_frame_it_on_localhost_alone_on_any_port(ada: User, acme: Business) -> None:
    widget = builders.widget(ada, "localhost")

    assert framed_by(widget) == ["'self'", "http://localhost:*", "https://localhost:*"]


def test_the_frame_runs_our_files_and_nothing_else(widget: Widget) -> None:
    response = Client().get(f"/widget/{widget.pk}/frame")

    rules = policy(response)
    assert (rules["default-src"], rules["script-src"], rules["style-src"]) == (["'none'"], ["'self'"], ["'self'"])
    assert "X-Frame-Options" not in response.headers
    assert not response.cookies


def test_what_an_owner_writes_is_data_in_the_frame_and_never_markup(ada: User, acme: Business) -> None:
    words = "</script><script>alert(1)</script>"
    widget = builders.widget(ada, "acme.com", welcome_heading=words, name=words)

    page = Client().get(f"/widget/{widget.pk}/frame").content.decode()

    assert "<script>alert(1)" not in page
    assert page.count("<script") == 2  # the module and the settings


def test_an_unknown_widget_has_no_frame(db: None) -> None:
    assert Client().get(f"/widget/{uuid4()}/frame").status_code == 404
    assert Client().get("/widget/nonsense/frame").status_code == 404


def test_the_script_is_public_cacheable_and_packed(db: None) -> None:
    response = Client(headers={"accept-encoding": "gzip"}).get("/widget.js")

    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"].startswith("public, max-age=600")
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not response.cookies
    assert gzip.decompress(response.content) == Client().get("/widget.js").content


def test_a_script_that_has_not_changed_is_not_sent_again(db: None) -> None:
    first = Client().get("/widget.js")

    again = Client(headers={"if-none-match": first["ETag"]}).get("/widget.js")

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_neither_takes_anything(widget: Widget, method: str) -> None:
    for path in ("/widget.js", f"/widget/{widget.pk}/frame"):
        assert getattr(Client(), method)(path).status_code == 405


@pytest.mark.django_db
def test_what_is_alike_for_all_looks_at_nobodys_session(client: Client, ada: User, acme: Business) -> None:
    client.force_login(ada)
    widget = builders.widget(ada)
    for path in ("/widget.js", f"/widget/{widget.pk}/frame", f"/api/v1/widget/{widget.pk}", "/healthz"):
        assert "Cookie" not in client.get(path).headers.get("Vary", ""), path
