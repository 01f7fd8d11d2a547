"""The second factor: setting it up, signing in with it, losing it."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.checks import authenticators_have_their_keys
from accounts.factors import recovery, second_factor, totp
from accounts.models import Authenticator, AuthSession, RecoveryCode, User
from businesses.models import AuditEntry, Business
from foundation.errors import Invalid
from tests import builders

pytestmark = pytest.mark.django_db

WRONG = "000000"


def log_in(user: User, **body: str) -> Any:
    return builders.api().post("/api/v1/auth/login", {"email": user.email, "password": builders.PASSWORD, **body})


def at_second_step(user: User, next: str = "") -> Client:
    browser = Client()
    answer = browser.post("/login", {"email": user.email, "password": builders.PASSWORD, "next": next})
    assert (answer.status_code, answer["Location"]) == (302, "/login/second-step")
    return browser


# Setting it up ----------------------------------------------------------------------------------------------


def test_an_app_is_set_up_over_the_api_and_its_secret_is_shown_once_and_sealed(ada: User, acme: Business) -> None:
    client = builders.api(ada)
    assert client.get("/api/v1/auth/factors").json() == {"totp": False, "passkeys": [], "recovery_codes_left": 0}

    begun = client.post("/api/v1/auth/factors/totp").json()
    answer = client.post("/api/v1/auth/factors/totp/confirm", {"code": builders.code_of(begun["secret"])})

    assert begun["otpauth_uri"].startswith("otpauth://totp/PingBack:ada%40example.com?secret=" + begun["secret"])
    assert answer.status_code == 200
    assert len(set(answer.json()["recovery_codes"])) == 10
    assert client.get("/api/v1/auth/factors").json() == {"totp": True, "passkeys": [], "recovery_codes_left": 10}
    stored = str([*Authenticator.objects.values(), *RecoveryCode.objects.values()])
    assert begun["secret"] not in stored
    assert not [code for code in answer.json()["recovery_codes"] if code in stored]
    assert client.post("/api/v1/auth/factors/totp").status_code == 400


def test_a_wrong_first_code_turns_nothing_on(ada: User) -> None:
    client = builders.api(ada)
    client.post("/api/v1/auth/factors/totp")
    assert client.post("/api/v1/auth/factors/totp/confirm", {"code": WRONG}).status_code == 400
    assert log_in(ada).status_code == 200


def test_a_secret_that_nobody_proved_for_an_hour_is_no_good(ada: User) -> None:
    secret = second_factor.start_app(ada)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)), pytest.raises(Invalid):
        second_factor.confirm_app(ada, builders.code_of(secret))


def test_a_secret_copied_into_another_persons_row_opens_nothing(ada: User, mallory: User) -> None:
    builders.with_app(ada)
    secret, _codes = builders.with_app(mallory)
    sealed = Authenticator.objects.get(user=mallory).sealed_secret
    Authenticator.objects.filter(user=ada).update(sealed_secret=sealed)
    assert not totp.use(ada, builders.code_of(secret))


def test_without_the_key_that_sealed_them_no_start_and_no_code_but_a_recovery_code_still(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, codes = builders.with_app(ada)
    assert authenticators_have_their_keys(None, databases=["default"]) == []
    monkeypatch.setattr(settings, "FIELD_KEYS", ["n" * 40])

    assert [found.id for found in authenticators_have_their_keys(None, databases=["default"])] == ["accounts.E001"]
    login = {"email": ada.email, "password": builders.PASSWORD}
    assert builders.api().post("/api/v1/auth/login", {**login, "code": builders.code_of(secret)}).status_code == 401
    assert builders.api().post("/api/v1/auth/login", {**login, "code": codes[0]}).status_code == 200


def test_each_change_is_audited_and_mailed(
    ada: User, acme: Business, django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        secret, codes = builders.with_app(ada)
    with django_capture_on_commit_callbacks(execute=True):
        second_factor.check(ada, codes[0])
    with django_capture_on_commit_callbacks(execute=True):
        second_factor.renew_codes(ada, code=builders.code_of(secret))
    with django_capture_on_commit_callbacks(execute=True):
        second_factor.remove_app(ada, password=builders.PASSWORD)

    actions = AuditEntry.objects.filter(business_id=acme.pk).order_by("created_at").values_list("action", flat=True)
    wanted = ["factor.added", "recovery_code.used", "recovery_codes.made", "factor.removed"]
    assert [action for action in actions if "factor" in action or "recovery" in action] == wanted
    written = str([*AuditEntry.objects.values()])
    assert not [word for word in [secret, *codes] if word in written]
    deadline = time.monotonic() + 10
    while len(mail.outbox) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(mail.outbox) == 4
    for sent in mail.outbox:
        html = str(sent.alternatives[0][0])  # type: ignore[attr-defined]
        address = f"{settings.PUBLIC_BASE_URL}/settings/security/"
        assert (sent.to, address in str(sent.body), address in html) == ([ada.email], True, True)


# Signing in over the API ------------------------------------------------------------------------------------


def test_a_right_password_alone_opens_no_session(ada: User) -> None:
    secret, _codes = builders.with_app(ada)

    answer = log_in(ada)

    assert (answer.status_code, answer.json()["error"]) == (401, "second_factor_required")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert not AuthSession.objects.exists()
    right = log_in(ada, code=builders.code_of(secret))
    assert set(right.json()) == {"access_token", "token_type"}


def test_a_wrong_password_is_answered_alike_with_and_without_a_factor(ada: User) -> None:
    before = log_in(ada, password="not hers")
    secret, _codes = builders.with_app(ada)
    after = log_in(ada, password="not hers", code=builders.code_of(secret))
    assert (before.status_code, before.content) == (after.status_code, after.content)


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_a_clock_may_be_one_step_off(ada: User, steps: int, status: int) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        secret, _codes = builders.with_app(ada)
        assert log_in(ada, code=builders.code_of(secret, steps=steps)).status_code == status


def test_a_code_is_good_once_and_so_are_those_before_it(ada: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        secret, _codes = builders.with_app(ada)
        assert log_in(ada, code=builders.code_of(secret)).status_code == 200
        assert log_in(ada, code=builders.code_of(secret)).status_code == 401
        assert log_in(ada, code=builders.code_of(secret, steps=-1)).status_code == 401
        assert log_in(ada, code=builders.code_of(secret, steps=1)).status_code == 200


@pytest.mark.parametrize("code", ["12345", "1234567", "١٢٣٤٥٦", "abcdef", "-12345", "x" * 41])
def test_what_is_no_code_is_wrong(ada: User, code: str) -> None:
    builders.with_app(ada)
    assert log_in(ada, code=code).status_code == (422 if len(code) > 40 else 401)


def test_a_recovery_code_lets_in_once_however_it_is_typed(ada: User) -> None:
    _secret, codes = builders.with_app(ada)
    assert log_in(ada, code=codes[0].upper().replace("-", " ")).status_code == 200
    assert log_in(ada, code=codes[0]).status_code == 401
    assert recovery.left(ada) == 9


def test_five_wrong_codes_and_then_even_the_right_one_waits(ada: User) -> None:
    secret, codes = builders.with_app(ada)
    for _ in range(5):
        assert log_in(ada, code=WRONG).status_code == 401

    for code in (builders.code_of(secret), codes[0]):
        answer = log_in(ada, code=code)
        assert (answer.status_code, answer.json()["error"]) == (429, "rate_limited")
        assert int(answer["Retry-After"]) > 0
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert log_in(ada, code=codes[0]).status_code == 200
    assert AuditEntry.objects.filter(action="second_factor.failed", actor_id=None).count() == 5


def test_another_persons_code_is_wrong(ada: User, mallory: User) -> None:
    builders.with_app(ada)
    secret, codes = builders.with_app(mallory)
    for code in (builders.code_of(secret), codes[0]):
        assert log_in(ada, code=code).status_code == 401


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["recovery code", "app"])
def test_of_one_code_used_in_parallel_one_gets_in(ada: User, kind: str, settings: Any) -> None:
    settings.THROTTLES = False
    secret, codes = builders.with_app(ada)
    code = codes[0] if kind == "recovery code" else builders.code_of(secret)
    start = threading.Barrier(6)
    statuses: list[int] = []

    def use() -> None:
        start.wait()
        try:
            statuses.append(log_in(ada, code=code).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 401, 401, 401, 401, 401]
    assert AuthSession.objects.count() == 1


# Signing in over pages --------------------------------------------------------------------------------------


def test_the_pages_ask_for_the_second_step_and_lead_on_to_where_one_was_going(ada: User, acme: Business) -> None:
    secret, _codes = builders.with_app(ada)
    browser = at_second_step(ada, next="/settings/channels/")
    assert browser.get("/inbox/").status_code == 302
    assert browser.get("/api/v1/auth/me").status_code == 401
    assert not AuthSession.objects.exists()
    planted = browser.cookies["pingback"].value

    wrong = browser.post("/login/second-step", {"code": WRONG})
    right = browser.post("/login/second-step", {"code": builders.code_of(secret)})

    assert (wrong.status_code, bool(wrong.context["form"].non_field_errors())) == (401, True)
    assert (right.status_code, right["Location"]) == (302, "/settings/channels/")
    assert browser.get("/inbox/").status_code == 200
    assert browser.cookies["pingback"].value != planted
    assert browser.get("/login/second-step")["Location"] == "/login"


def test_the_second_step_leads_to_no_other_site(ada: User, acme: Business) -> None:
    secret, _codes = builders.with_app(ada)
    answer = at_second_step(ada, next="https://evil.example/").post(
        "/login/second-step", {"code": builders.code_of(secret)}
    )
    assert answer["Location"] == "/"


def test_the_second_step_waits_ten_minutes_and_not_for_somebody_with_a_new_password(ada: User) -> None:
    secret, _codes = builders.with_app(ada)
    late, stale, disabled = at_second_step(ada), at_second_step(ada), at_second_step(ada)
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        assert late.post("/login/second-step", {"code": builders.code_of(secret)})["Location"] == "/login"
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert disabled.post("/login/second-step", {"code": builders.code_of(secret)})["Location"] == "/login"
    ada.set_password("another-lane-77")
    ada.save()
    assert stale.post("/login/second-step", {"code": builders.code_of(secret)})["Location"] == "/login"
    assert not AuthSession.objects.exists()


def test_nobody_starts_at_the_second_step_and_one_may_turn_back(ada: User) -> None:
    assert Client().get("/login/second-step")["Location"] == "/login"
    builders.with_app(ada)
    browser = at_second_step(ada)
    browser.post("/login/second-step/give-up")
    assert browser.get("/login/second-step")["Location"] == "/login"


def test_an_app_is_set_up_through_the_pages_with_codes_that_are_shown_once(ada: User, acme: Business) -> None:
    browser = Client()
    browser.force_login(ada)
    assert browser.get("/settings/security/app")["Location"] == "/settings/security/"
    assert browser.post("/settings/security/app/start")["Location"] == "/settings/security/app"
    page = browser.get("/settings/security/app")
    assert "data:image/svg+xml" in page.content.decode()
    secret = page.context["secret"].replace(" ", "")

    wrong = browser.post("/settings/security/app", {"code": WRONG})
    right = browser.post("/settings/security/app", {"code": builders.code_of(secret)})

    assert wrong.status_code == 400
    codes = right.context["codes"]
    assert all(code in right.content.decode() for code in codes)
    assert "no-store" in right["Cache-Control"]
    assert browser.get("/settings/security/app")["Location"] == "/settings/security/"
    assert codes[0] not in browser.get("/settings/security/recovery-codes").content.decode()
    assert "10 of 10 are left" in browser.get("/settings/security/").content.decode()


# Losing it --------------------------------------------------------------------------------------------------


def test_a_session_alone_takes_no_protection_away(ada: User) -> None:
    secret, _codes = builders.with_app(ada)
    client = builders.api(ada)
    for body in ({}, {"code": WRONG}, {"password": "not hers"}, {"code": "", "password": ""}):
        assert client.delete("/api/v1/auth/factors/totp", body).status_code == 400
    assert second_factor.has_one(ada)

    assert client.delete("/api/v1/auth/factors/totp", {"code": builders.code_of(secret)}).status_code == 200

    assert not second_factor.has_one(ada)
    assert not RecoveryCode.objects.exists()
    assert log_in(ada).status_code == 200
    assert client.delete("/api/v1/auth/factors/totp", {"password": builders.PASSWORD}).status_code == 400


def test_a_stolen_session_guesses_five_times_and_no_more(ada: User) -> None:
    builders.with_app(ada)
    client = builders.api(ada)
    for _ in range(5):
        assert client.delete("/api/v1/auth/factors/totp", {"password": "not hers"}).status_code == 400
    assert client.delete("/api/v1/auth/factors/totp", {"password": builders.PASSWORD}).status_code == 429


def test_new_recovery_codes_kill_the_old(ada: User) -> None:
    _secret, codes = builders.with_app(ada)
    client = builders.api(ada)
    assert client.post("/api/v1/auth/factors/recovery-codes", {}).status_code == 400
    new = client.post("/api/v1/auth/factors/recovery-codes", {"password": builders.PASSWORD}).json()["recovery_codes"]
    assert not {*new} & {*codes}
    assert log_in(ada, code=codes[1]).status_code == 401
    assert log_in(ada, code=new[0]).status_code == 200


def test_without_a_factor_there_are_no_recovery_codes(ada: User) -> None:
    answer = builders.api(ada).post("/api/v1/auth/factors/recovery-codes", {"password": builders.PASSWORD})
    assert answer.status_code == 400


def test_the_pages_take_the_app_away_for_a_password_or_a_code(ada: User, acme: Business) -> None:
    builders.with_app(ada)
    browser = Client()
    browser.force_login(ada)
    assert browser.post("/settings/security/app/remove", {"proof": "not hers"}).status_code == 400
    made = browser.post("/settings/security/recovery-codes", {"proof": builders.PASSWORD})
    removed = browser.post("/settings/security/app/remove", {"proof": made.context["codes"][0]})
    assert removed["Location"] == "/settings/security/"
    assert "Your authenticator app is off" in browser.get("/settings/security/").content.decode()
    assert not second_factor.has_one(ada)


def test_an_operator_takes_the_factors_of_somebody_who_lost_them(ada: User, acme: Business, client: Client) -> None:
    builders.with_app(ada)
    operator = User.objects.create_superuser("root@example.com", builders.PASSWORD, full_name="Olga")
    client.force_login(operator)

    client.post("/admin/accounts/user/", {"action": "remove_factors", "_selected_action": [str(ada.pk)]})

    assert log_in(ada).status_code == 200
    [entry] = AuditEntry.objects.filter(action="factors.reset")
    assert (entry.business_id, entry.actor_id, entry.target_id) == (acme.pk, operator.pk, str(ada.pk))
