"""Passkeys: what is taken from a device, and what is not. tests/browser/test_passkeys.py has a real browser."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.utils import timezone

from accounts.factors import second_factor
from accounts.factors.passkeys import Site, site_of
from accounts.models import AuthSession, Passkey, RecoveryCode, User
from businesses.models import AuditEntry, Business
from tests import builders
from tests.accounts.device import PRESENT, Device

pytestmark = pytest.mark.django_db

SIGN_IN, STEP, ADD = "/login/passkey", "/login/second-step/passkey", "/settings/security/passkeys"


def at_home() -> Client:
    return Client(headers={"host": "localhost"})


def challenge(browser: Client, address: str) -> str:
    answer = browser.post(f"{address}/options")
    assert answer.status_code == 200, answer.content
    return str(answer.json()["challenge"])


def signed_in(user: User) -> Client:
    browser = at_home()
    browser.force_login(user)
    return browser


def with_passkey(user: User, name: str = "Laptop") -> Device:
    device, browser = Device(), signed_in(user)
    browser.post(f"{ADD}/add", {"credential": device.create(challenge(browser, ADD)), "name": name})
    assert Passkey.objects.filter(user=user, name=name).exists()
    AuthSession.objects.filter(user=user).delete()
    return device


def test_a_passkey_is_added_with_recovery_codes_and_written_down(ada: User, acme: Business) -> None:
    browser, device = signed_in(ada), Device()
    options = browser.post(f"{ADD}/options").json()
    assert options["rp"] == {"name": "PingBack", "id": "localhost"}
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"

    page = browser.post(f"{ADD}/add", {"credential": device.create(options["challenge"]), "name": ""})

    assert len(page.context["codes"]) == 10
    assert second_factor.has_one(ada)
    again = browser.post(f"{ADD}/options").json()
    assert len(again["excludeCredentials"]) == 1
    assert AuditEntry.objects.get(action="factor.added").data == {"factor": "passkey “Passkey”"}


@pytest.mark.parametrize(
    "changes",
    [
        {"challenge": "AAAA"},
        {"origin": "http://localhost:1"},
        {"origin": "https://localhost"},
        {"origin": "http://evil.example"},
        {"rp_id": "evil.example"},
        {"flags": PRESENT},
    ],
    ids=str,
)
def test_an_answer_for_something_else_adds_nothing(ada: User, changes: dict[str, Any]) -> None:
    browser = signed_in(ada)
    asked = challenge(browser, ADD)
    credential = Device().create(**{"challenge": asked, **changes})
    answer = browser.post(f"{ADD}/add", {"credential": credential})
    assert answer["Location"] == "/settings/security/"
    assert not Passkey.objects.exists()
    assert not RecoveryCode.objects.exists()


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", "nope", '{"id": 7}', "x" * 20_001, "[" * 10_000])
def test_what_is_no_answer_is_refused_in_words(ada: User, credential: str) -> None:
    browser = signed_in(ada)
    challenge(browser, ADD)
    assert browser.post(f"{ADD}/add", {"credential": credential})["Location"] == "/settings/security/"
    stranger = at_home()
    challenge(stranger, SIGN_IN)
    assert stranger.post(SIGN_IN, {"credential": credential})["Location"] == "/login"


@pytest.mark.parametrize("name", ["x" * 61, "nul\0"])
def test_a_name_that_cannot_be_stored_adds_nothing(ada: User, name: str) -> None:
    browser = signed_in(ada)
    body = {"credential": Device().create(challenge(browser, ADD)), "name": name}
    assert browser.post(f"{ADD}/add", body)["Location"] == "/settings/security/"
    assert not Passkey.objects.exists()


def test_the_same_passkey_is_added_once(ada: User, mallory: User) -> None:
    device = with_passkey(ada)
    browser = signed_in(mallory)
    browser.post(f"{ADD}/add", {"credential": device.create(challenge(browser, ADD))})
    assert Passkey.objects.get().user == ada


def test_a_passkey_signs_in_without_a_password_and_leads_on(ada: User, acme: Business) -> None:
    device, browser = with_passkey(ada), at_home()
    body = {"credential": device.get(challenge(browser, SIGN_IN), handle=ada.pk.bytes), "next": "/settings/channels/"}

    assert browser.post(SIGN_IN, body)["Location"] == "/settings/channels/"

    assert browser.get("/inbox/").status_code == 200
    assert AuthSession.objects.filter(user=ada).count() == 1
    assert Passkey.objects.get().last_used_at is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"challenge": "AAAA"},
        {"origin": "http://localhost:1"},
        {"origin": "http://evil.example"},
        {"rp_id": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
        {"count": 1},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"handle": b"somebody else"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_answer_that_is_not_good_signs_nobody_in(ada: User, changes: dict[str, Any]) -> None:
    device, browser = with_passkey(ada), at_home()
    assert browser.post(SIGN_IN, {"credential": device.get(challenge(browser, SIGN_IN))})["Location"] == "/"
    AuthSession.objects.all().delete()
    browser = at_home()

    credential = device.get(**{"challenge": challenge(browser, SIGN_IN), **changes})

    assert browser.post(SIGN_IN, {"credential": credential})["Location"] == "/login"
    assert "This passkey was not accepted." in browser.get("/login").content.decode()
    assert not AuthSession.objects.exists()
    assert AuditEntry.objects.filter(action="second_factor.failed").count() == 1


def test_a_challenge_is_good_once_for_five_minutes_in_its_browser_and_for_its_purpose(ada: User) -> None:
    device, browser, other = with_passkey(ada), at_home(), at_home()
    credential = device.get(challenge(browser, SIGN_IN))
    challenge(other, SIGN_IN)
    assert other.post(SIGN_IN, {"credential": credential})["Location"] == "/login"
    assert browser.post(SIGN_IN, {"credential": "{}"})["Location"] == "/login"
    assert browser.post(SIGN_IN, {"credential": credential})["Location"] == "/login"

    late = device.get(challenge(browser, SIGN_IN))
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        assert browser.post(SIGN_IN, {"credential": late})["Location"] == "/login"

    browser.post("/login", {"email": ada.email, "password": builders.PASSWORD})
    weak = device.get(challenge(browser, STEP), flags=PRESENT)
    assert browser.post(SIGN_IN, {"credential": weak})["Location"] == "/login"
    assert not AuthSession.objects.exists()


def test_beside_the_password_ones_own_passkey_is_the_second_step_and_no_other(ada: User, mallory: User) -> None:
    device, foreign, browser = with_passkey(ada), with_passkey(mallory), at_home()
    answer = browser.post("/login", {"email": ada.email, "password": builders.PASSWORD})
    assert answer["Location"] == "/login/second-step"
    assert len(browser.post(f"{STEP}/options").json()["allowCredentials"]) == 1

    wrong = browser.post(STEP, {"credential": foreign.get(challenge(browser, STEP))})
    assert wrong["Location"] == "/login/second-step"
    right = browser.post(STEP, {"credential": device.get(challenge(browser, STEP), flags=PRESENT)})
    assert right["Location"] == "/"
    assert AuthSession.objects.get().user == ada
    assert at_home().post(f"{STEP}/options").status_code == 401
    assert at_home().post(STEP)["Location"] == "/login"


def test_a_disabled_person_is_not_let_in_by_a_passkey(ada: User) -> None:
    device, browser = with_passkey(ada), at_home()
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert browser.post(SIGN_IN, {"credential": device.get(challenge(browser, SIGN_IN))})["Location"] == "/login"
    assert not AuthSession.objects.exists()


def test_one_renames_and_removes_ones_own_and_never_anothers(ada: User, mallory: User) -> None:
    with_passkey(ada)
    passkey = Passkey.objects.get()
    own, foreign = signed_in(ada), signed_in(mallory)
    for address in (f"{ADD}/{passkey.pk}", f"{ADD}/{passkey.pk}/remove"):
        assert foreign.post(address, {"name": "x", "proof": builders.PASSWORD}).status_code == 404
    assert own.post(f"{ADD}/{passkey.pk}", {"name": ""}).status_code == 422
    assert own.post(f"{ADD}/{passkey.pk}", {"name": "Phone"})["Location"] == "/settings/security/"
    assert "Phone" in own.get("/settings/security/").content.decode()
    assert own.post(f"{ADD}/{passkey.pk}/remove", {"proof": "not hers"}).status_code == 400
    assert own.post(f"{ADD}/{passkey.pk}/remove", {"proof": builders.PASSWORD})["Location"] == "/settings/security/"
    assert not Passkey.objects.exists()
    assert not RecoveryCode.objects.exists()


@pytest.mark.parametrize(
    ("public", "host", "site"),
    [
        (
            "https://support.example.com",
            "support.example.com",
            Site("support.example.com", "https://support.example.com"),
        ),
        ("https://s.example.com:8443", "s.example.com:8443", Site("s.example.com", "https://s.example.com:8443")),
        ("https://s.example.com:443", "s.example.com", Site("s.example.com", "https://s.example.com")),
        ("https://support.example.com", "other.example.com", None),
        ("http://support.example.com", "support.example.com", None),
        ("http://127.0.0.1:8000", "localhost:8000", Site("localhost", "http://localhost:8000")),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", None),
        ("http://[::1]:8000", "localhost:8000", Site("localhost", "http://localhost:8000")),
        ("https://192.0.2.7", "localhost", None),
        ("https://192.0.2.7", "192.0.2.7", None),
    ],
)
def test_passkeys_belong_to_the_public_host_or_to_localhost(
    public: str, host: str, site: Site | None, settings: Any
) -> None:
    settings.PUBLIC_BASE_URL = public
    settings.PUBLIC_HOST = public.split("//")[1].removeprefix("[").split("]")[0]
    if "[" not in public:
        settings.PUBLIC_HOST = settings.PUBLIC_HOST.split(":")[0]
    assert site_of(host) == site


def test_where_there_are_none_their_addresses_are_not_there(ada: User) -> None:
    browser = Client(headers={"host": "127.0.0.1"})
    assert browser.post(f"{SIGN_IN}/options").status_code == 404
    assert browser.post(SIGN_IN).status_code == 404
