"""What must hold before PingBack starts, and what its log may say."""

import io
import logging
import sys
from typing import Any

import pytest
from django.core.management import call_command

from pingback import checks
from pingback.logs import Masked, OneLine


def test_a_short_and_a_shared_key_are_refused(settings: Any) -> None:
    settings.JWT_KEY = "short"
    settings.VISITOR_KEY = settings.SECRET_KEY
    assert {flaw.id for flaw in checks.keys_are_long_and_separate()} == {"pingback.E001", "pingback.E002"}


def test_an_older_key_that_is_short_or_shared_is_refused_too(settings: Any) -> None:
    assert checks.keys_are_long_and_separate() == []
    settings.JWT_KEYS = [settings.JWT_KEY, "short"]
    assert "JWT_KEYS_OLD, number 1" in str(checks.keys_are_long_and_separate())
    settings.JWT_KEYS = [settings.JWT_KEY, settings.VISITOR_KEY]
    assert [flaw.id for flaw in checks.keys_are_long_and_separate()] == ["pingback.E002"]


@pytest.mark.parametrize(
    ("url", "flaws"),
    [
        ("", 0),
        ("redis://127.0.0.1:6379/0", 0),
        ("redis://localhost/0", 0),
        ("redis://:word@cache.internal/0", 0),
        ("redis://cache.internal/0", 1),
    ],
)
def test_a_redis_elsewhere_needs_a_password(settings: Any, url: str, flaws: int) -> None:
    settings.REDIS_URL = url
    assert len(checks.redis_is_private()) == flaws


def test_mails_that_nobody_gets_are_a_warning_for_a_deployment(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert {flaw.id for flaw in checks.mails_leave_the_house()} == {"pingback.W001"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert checks.mails_leave_the_house() == []


def test_uploads_below_static_files_are_refused(settings: Any) -> None:
    settings.MEDIA_ROOT = settings.STATIC_ROOT / "uploads"
    assert checks.uploads_are_not_static_files()


def test_the_listed_floors_are_met(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.packages_are_new_enough() == []
    monkeypatch.setattr(checks, "version", lambda name: "1.0.0")
    assert len(checks.packages_are_new_enough()) == len(checks.FLOORS)


@pytest.mark.django_db
def test_this_house_passes_its_own_checks() -> None:
    call_command("check", stdout=io.StringIO())


def written(message: str, *args: Any) -> str:
    record = logging.LogRecord("x", logging.INFO, "f", 1, message, args, None)
    Masked().filter(record)
    return OneLine("%(message)s").format(record)


def test_I3_what_is_named_like_a_secret_is_masked_in_the_log() -> None:
    for text in (
        'password="canary-1234"',
        "access_token: canary-1234",
        "Authorization: Bearer canary-1234",
        "GET /x?verify_token=canary-1234&a=1",
        "https://api.example/bot12345:canary-1234-canary-1234/sendMessage",
        "eyJhbGciOiJI.eyJzdWIiOiJj.canary-1234",
    ):
        assert "canary" not in written("%s", text), text
    assert written("a=%s", 1) == "a=1"


def test_what_an_exception_says_stays_on_one_line_and_masked() -> None:
    try:
        raise ValueError("Key (password)=(x)\nINFO forged token=canary-1234")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    text = OneLine("%(message)s").format(record)
    assert "\nINFO" not in text
    assert "canary" not in text
    assert "ValueError: Key" in text


def test_https_without_a_proxy_is_refused(settings: Any) -> None:
    assert checks.https_has_a_proxy() == []
    settings.HTTPS = True
    assert {flaw.id for flaw in checks.https_has_a_proxy()} == {"pingback.E007"}
    settings.TRUSTED_PROXIES = 1
    assert checks.https_has_a_proxy() == []


def test_control_characters_forge_no_second_line() -> None:
    assert "\n" not in written("user %s", "x\nINFO forged\r\x1b[2J\u2028")


def test_unsigned_posts_of_metas_are_refused_together_with_https(settings: Any) -> None:
    settings.HTTPS, settings.META_ALLOW_UNSIGNED = True, True
    assert [flaw.id for flaw in checks.meta_is_signed_in_production()] == ["pingback.E013"]
    settings.META_ALLOW_UNSIGNED = False
    assert checks.meta_is_signed_in_production() == []
