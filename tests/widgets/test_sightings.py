"""Where a widget was seen last."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from tests import builders
from widgets.models import Widget

pytestmark = pytest.mark.django_db


@pytest.fixture
def widget(ada: User, acme: Business) -> Widget:
    return builders.widget(ada, "acme.com")


def ask(widget: Widget, origin: str = "https://www.acme.com") -> Widget:
    assert builders.api().get(f"/api/v1/widget/{widget.pk}", headers={"Origin": origin}).status_code == 200
    widget.refresh_from_db()
    return widget


def test_a_page_of_its_domain_is_noted_and_any_other_is_not(widget: Widget) -> None:
    changed = widget.updated_at
    for origin in ("https://umbrella.com", "https://shop.acme.com", "http://acme.com", "null", ""):
        assert ask(widget, origin).seen_at is None

    seen = ask(widget)

    assert seen.seen_host == "www.acme.com"
    assert seen.updated_at == changed


def test_a_page_elsewhere_is_told_that_it_shows_nothing_and_the_owner_where_that_is(
    client: Client, ada: User, widget: Widget
) -> None:
    def told(origin: str | None) -> Any:
        headers = {"Origin": origin} if origin else {}
        return builders.api().get(f"/api/v1/widget/{widget.pk}", headers=headers).json()["is_at_home"]

    assert [told(origin) for origin in (None, settings.PUBLIC_BASE_URL, "https://acme.com")] == [True] * 3
    assert [told(origin) for origin in ("null", "javascript:1", "http://acme.com", "https://acme.com.evil.com")] == (
        [False] * 4
    )
    client.force_login(ada)
    address = f"/settings/widget/{widget.pk}/install/"
    assert "http://acme.com has your widget" in client.get(address).content.decode()
    widget.refresh_from_db()
    widget.refused_origin = "https://shop.acme.com"
    widget.save()
    assert "https://shop.acme.com has your widget" in client.get(address).content.decode()
    widget.allow_subdomains = True
    widget.save()
    assert "has your widget" not in client.get(address).content.decode()


def test_it_is_written_once_a_minute_at_most(widget: Widget, django_assert_num_queries: Any) -> None:
    ask(widget)
    address = f"/api/v1/widget/{widget.pk}"
    client = builders.api()
    with django_assert_num_queries(1):
        client.get(address, headers={"Origin": "https://acme.com"})
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert ask(widget, "https://acme.com").seen_host == "acme.com"


def test_only_our_own_pages_may_show_the_preview_and_it_sends_nothing_anywhere(
    client: Client, ada: User, acme: Business
) -> None:
    client.force_login(ada)
    page = client.get("/settings/widget/preview/")
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert "connect-src" not in page["Content-Security-Policy"]
    frame = builders.api().get("/widget/preview/frame")
    assert "frame-ancestors 'self'" in frame["Content-Security-Policy"]
