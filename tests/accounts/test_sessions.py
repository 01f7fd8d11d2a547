"""Sessions: seen, ended from afar, their tokens changed, and tickets for sockets."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.devices import device_name
from accounts.models import AuthSession, User
from accounts.services import end_sessions_of, open_session
from accounts.tokens import issue_access_token
from businesses.models import AuditEntry, Business
from tests import builders

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1"
)


def with_token(raw: str) -> Any:
    client = builders.api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")
    return client


def refresh(raw: str) -> Any:
    return with_token(raw).post("/api/v1/auth/refresh")


def works(raw: str) -> bool:
    return bool(with_token(raw).get("/api/v1/auth/me").status_code == 200)


# Changing tokens ------------------------------------------------------------------------------------------------


def test_A8_the_old_token_is_good_for_a_minute_and_then_gives_the_thief_away(ada: User, acme: Business) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        old = builders.token(ada)
        answer = refresh(old)
        assert (answer.status_code, set(answer.json())) == (200, {"access_token", "token_type"})
        new = answer.json()["access_token"]
    with time_machine.travel(start + timedelta(seconds=30), tick=False):
        assert works(old)
        assert works(new)
        assert not AuditEntry.objects.filter(action="token.reuse").exists()
    with time_machine.travel(start + timedelta(seconds=90), tick=False):
        assert not works(old)
        assert not works(new), "nobody can say who of the two is the thief"

    assert not AuthSession.objects.exists()
    entry = AuditEntry.objects.get(action="token.reuse")
    assert (entry.business_id, entry.actor_id, entry.target_name) == (acme.pk, None, ada.email)


def test_A8_two_tabs_that_refresh_one_after_the_other_get_the_same(ada: User) -> None:
    old = builders.token(ada)

    one, other = refresh(old).json()["access_token"], refresh(old).json()["access_token"]

    assert works(one)
    assert works(other)
    assert AuthSession.objects.count() == 1
    newer = refresh(one).json()["access_token"]
    assert works(newer)
    assert works(other), "it is the one before now"


@pytest.mark.django_db(transaction=True)
def test_A8_tabs_that_refresh_together_are_both_fine_in_one_session(ada: User) -> None:
    old = builders.token(ada)

    def tab(_number: int) -> Any:
        try:
            return refresh(old)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(tab, range(6)))

    assert [answer.status_code for answer in answers] == [200] * 6
    assert all(works(answer.json()["access_token"]) for answer in answers)
    assert AuthSession.objects.count() == 1
    assert not AuditEntry.objects.filter(action="token.reuse").exists()


def test_A8_the_token_before_the_one_before_ends_the_session_at_once(ada: User) -> None:
    first = builders.token(ada)
    second = refresh(first).json()["access_token"]
    third = refresh(second).json()["access_token"]
    assert works(third)

    assert not works(first)

    assert not works(third)
    assert AuditEntry.objects.filter(action="token.reuse").count() == 1


def test_refreshing_prolongs_nothing(ada: User) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        raw = builders.token(ada)
    for day in range(10, 30, 10):
        with time_machine.travel(start + timedelta(days=day), tick=False):
            raw = refresh(raw).json()["access_token"]
    with time_machine.travel(start + timedelta(days=30, seconds=1), tick=False):
        assert not works(raw)


def test_a_program_that_never_refreshes_keeps_its_token_and_a_cookie_has_none_to_change(ada: User) -> None:
    raw = builders.token(ada)
    browser = Client()
    browser.force_login(ada)

    assert browser.post("/api/v1/auth/refresh").status_code == 401
    assert works(raw)


# Seeing and ending ----------------------------------------------------------------------------------------------


def test_the_list_says_where_one_is_signed_in(ada: User, mallory: User) -> None:
    builders.api(mallory)
    open_session(user=ada, user_agent=FIREFOX, ip="192.0.2.1")
    client = builders.api(ada)

    rows = client.get("/api/v1/auth/sessions").json()

    assert len(rows) == 2
    assert set(rows[0]) == {"id", "current", "user_agent", "ip", "created_at", "last_used_at"}
    assert [(row["current"], row["user_agent"], row["ip"]) for row in rows] == [
        (True, "", None),
        (False, FIREFOX, "192.0.2.1"),
    ]
    assert rows[0]["created_at"].endswith("Z")
    assert "." not in rows[0]["created_at"]


def test_the_list_costs_the_same_however_long(ada: User, django_assert_num_queries: Any) -> None:
    client = builders.api(ada)
    for _ in range(120):
        open_session(user=ada)
    with django_assert_num_queries(2):
        assert len(client.get("/api/v1/auth/sessions").json()) == 100


def test_a_session_that_is_over_is_not_listed(ada: User) -> None:
    AuthSession.objects.create(user=ada, last_used_at=timezone.now() - timedelta(days=15))
    assert len(builders.api(ada).get("/api/v1/auth/sessions").json()) == 1


def test_ending_a_session_is_felt_by_its_token_at_once_and_by_nobody_else(ada: User, mallory: User) -> None:
    lost = open_session(user=ada)
    raw, client = issue_access_token(lost), builders.api(ada)
    hers = AuthSession.objects.create(user=mallory)

    answers = [
        client.delete(f"/api/v1/auth/sessions/{name}") for name in (lost.pk, lost.pk, hers.pk, uuid.uuid4(), "none")
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 404, 404, 404]
    assert {answer.content for answer in answers[1:]} == {b'{"detail":"Not found"}'}
    assert not works(raw)
    assert AuthSession.objects.filter(pk=hers.pk).exists()
    assert AuditEntry.objects.filter(action="session.revoked").count() == 1


def test_signing_out_everywhere_else_keeps_the_one_that_asks(ada: User, mallory: User) -> None:
    others, client, stranger = [builders.token(ada) for _ in range(3)], builders.api(ada), builders.token(mallory)

    assert client.post("/api/v1/auth/sessions/end-others").status_code == 200

    assert not any(works(raw) for raw in others)
    assert client.get("/api/v1/auth/me").status_code == 200
    assert works(stranger)


def test_ending_many_is_one_statement_one_row_and_every_socket(
    ada: User,
    acme: Business,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    AuthSession.objects.bulk_create(AuthSession(user=ada) for _ in range(300))
    ids = set(AuthSession.objects.values_list("pk", flat=True))
    cut: list[uuid.UUID] = []
    monkeypatch.setattr("pingback.realtime.publish.session_ended", cut.append)

    with django_capture_on_commit_callbacks(execute=True), django_assert_max_num_queries(11):
        end_sessions_of(ada)

    assert not AuthSession.objects.exists()
    assert (len(cut), set(cut)) == (300, ids)
    [entry] = AuditEntry.objects.filter(action="session.revoked")
    assert (entry.target_id, entry.data) == (str(ada.pk), {"count": 300})


def test_of_more_than_two_hundred_sign_ins_the_oldest_end(
    ada: User, mallory: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    stranger, raw = builders.token(mallory), builders.token(ada)
    first = AuthSession.objects.get(user=ada)
    AuthSession.objects.bulk_create(AuthSession(user=ada) for _ in range(199))
    cut: list[uuid.UUID] = []
    monkeypatch.setattr("pingback.realtime.publish.session_ended", cut.append)
    assert works(raw)

    with django_capture_on_commit_callbacks(execute=True):
        newest = builders.token(ada)

    assert AuthSession.objects.filter(user=ada).count() == 200
    assert cut == [first.pk]
    assert [works(each) for each in (raw, newest, stranger)] == [False, True, True]


def test_the_page_names_devices_and_ends_them(ada: User, acme: Business) -> None:
    browser = Client(headers={"User-Agent": FIREFOX})
    browser.post("/login", {"email": ada.email, "password": builders.PASSWORD})
    lost = open_session(user=ada, user_agent=IPHONE, ip="192.0.2.1")

    page = browser.get("/settings/security/").content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert "This device" in page

    assert browser.post(f"/settings/security/sessions/{lost.pk}/end", follow=True).status_code == 200
    assert not AuthSession.objects.filter(pk=lost.pk).exists()
    assert browser.post(f"/settings/security/sessions/{lost.pk}/end", follow=True).status_code == 200

    builders.token(ada)
    browser.post("/settings/security/sessions/end-others")
    assert AuthSession.objects.filter(user=ada).count() == 1
    assert browser.get("/settings/security/").status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0"
            " Safari/537.36 Edg/139.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile"
            " Safari/537.36",
            "Chrome on Android",
        ),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32", "python-requests"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
    ],
)
def test_devices_have_names_that_people_know(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


def test_a_ticket_is_handed_out_for_a_minute(ada: User) -> None:
    answer = builders.api(ada).post("/api/v1/auth/socket-ticket")
    assert set(answer.json()) == {"ticket", "expires_in"}
    assert answer.json()["expires_in"] == 60
    assert not works(answer.json()["ticket"])
