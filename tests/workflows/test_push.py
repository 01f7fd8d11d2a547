"""Web push, up to a push service on loopback that reads it as a browser would."""

import base64
import threading
from datetime import UTC, datetime, time, timedelta
from typing import Any

import http_ece
import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from accounts.models import AuthSession, User
from businesses.models import Business, Membership
from conversations.models import HandoffReason
from conversations.services.assigning import assign_conversation
from conversations.services.handoffs import flag_for_person
from foundation import http
from tests import builders
from workflows import push
from workflows.models import Notification, NotificationKind, NotificationSetting, PushSubscription
from workflows.telling import wants_push

pytestmark = pytest.mark.django_db
ENDPOINT = "https://push.example.com/send/1"
BROWSER = ec.generate_private_key(ec.SECP256R1())
AUTH = b"0123456789abcdef"


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


KEYS = {
    "p256dh": encoded(BROWSER.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
    "auth": encoded(AUTH),
}


class PushService:
    """status: what it answers with; None = it is away."""

    def __init__(self) -> None:
        self.status: int | None = 201
        self.taken: list[dict[str, Any]] = []

    def __call__(self, method: str, url: str, *, content: bytes, headers: dict[str, str], **_more: Any) -> http.Answer:
        if self.status is None:
            raise http.OutboundFailed("It is away.")
        token, key = (part.strip().partition("=")[2] for part in headers["authorization"][6:].split(","))
        point = base64.urlsafe_b64decode(key + "=")
        signer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        claims = jwt.decode(token, signer, algorithms=["ES256"], audience="https://push.example.com")
        assert claims["sub"].startswith(("mailto:", "https://"))
        assert claims["exp"] - timezone.now().timestamp() < 86400
        assert (method, url, headers["content-encoding"], len(content) <= 4096) == ("POST", ENDPOINT, "aes128gcm", True)
        plain = http_ece.decrypt(content, private_key=BROWSER, auth_secret=AUTH, version="aes128gcm")
        self.taken.append(orjson.loads(plain))
        return http.Answer(status=self.status, headers={}, body=b"")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> PushService:
    made = PushService()
    monkeypatch.setattr(http, "call", made)
    return made


@pytest.fixture
def talk(ada: User, ben: User, acme: Business) -> Any:
    """Ben has a browser, and is assigned this."""
    answer = builders.api(ben).post("/api/v1/notifications/subscriptions", {"endpoint": ENDPOINT, "keys": KEYS})
    assert answer.status_code == 201
    found = builders.conversation(acme)
    assign_conversation(conversation=found, actor=ada, agent_id=ben.pk)
    return found


def work() -> None:
    push.push_due(threading.Event())


def waits() -> int:
    return Notification.objects.filter(push_due_at__isnull=False).count()


def test_a_push_says_what_the_centre_says_once(service: PushService, talk: Any, ben: User) -> None:
    work()
    work()
    one = Notification.objects.get(user=ben)
    text = "Ada assigned you the conversation with Cleo"
    assert service.taken == [{"id": str(one.pk), "text": text, "url": f"/inbox/{talk.pk}/"}]
    assert waits() == 0


def test_a_service_that_is_away_is_asked_again_for_an_hour(service: PushService, talk: Any) -> None:
    service.status = None
    work()
    assert waits() == 1
    service.status = 503
    Notification.objects.update(push_due_at=timezone.now())
    work()
    assert waits() == 1
    Notification.objects.update(push_due_at=timezone.now(), created_at=timezone.now() - timedelta(hours=2))
    service.taken.clear()
    work()
    assert (service.taken, waits()) == ([], 0)


def test_one_browser_whose_service_is_away_keeps_none_of_the_others_waiting_and_rings_nobody_twice(
    service: PushService, talk: Any, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "https://away.example.com/1"
    builders.api(ben).post("/api/v1/notifications/subscriptions", {"endpoint": away, "keys": KEYS})
    is_there = threading.Event()

    def call(method: str, url: str, **more: Any) -> http.Answer:
        if url == away:
            assert is_there.wait(60)  # for as long as the other one is not served
            raise http.OutboundFailed("It is away.")
        try:
            return service(method, url, **more)
        finally:
            is_there.set()

    monkeypatch.setattr(http, "call", call)
    work()
    work()
    assert (len(service.taken), waits()) == (1, 0)


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(service: PushService, talk: Any, status: int) -> None:
    service.status = status
    work()
    assert (PushSubscription.objects.count(), waits()) == (0, 0)


@pytest.mark.parametrize("why", ["read", "left", "signed out", "not wanted", "quiet"])
def test_nothing_is_pushed_to_who_does_not_want_it_or_has_gone(
    service: PushService, talk: Any, ben: User, why: str
) -> None:
    if why == "read":
        Notification.objects.update(read_at=timezone.now())
    elif why == "left":
        Membership.objects.filter(user=ben).update(is_active=False)
    elif why == "signed out":
        AuthSession.objects.filter(user=ben).delete()
    elif why == "not wanted":
        NotificationSetting.objects.create(user=ben, not_pushed=["assigned"])
    else:
        NotificationSetting.objects.create(user=ben, quiet_from=time(0), quiet_until=time(23, 59, 59, 999999))
    work()
    assert (service.taken, waits()) == ([], 0)


def test_many_at_once_cost_no_more(
    service: PushService, talk: Any, ben: User, acme: Business, django_assert_max_num_queries: Any
) -> None:
    for _each in range(10):
        flag_for_person(conversation=builders.conversation(acme), reason=HandoffReason.ERROR)
    before = waits()
    with django_assert_max_num_queries(before + 7):  # a claim each; what is due, twice; and what all of them need
        work()
    assert len(service.taken) == 11


def test_quiet_hours_go_over_midnight_by_the_persons_clock() -> None:
    setting = NotificationSetting(quiet_from=time(22), quiet_until=time(7), time_zone="Asia/Tokyo")
    at_hour = [datetime(2026, 5, 1, hour, tzinfo=UTC) for hour in (12, 13, 21, 22)]  # Tokyo: 21, 22, 6, 7
    assert [wants_push(setting, "assigned", now) for now in at_hour] == [True, False, False, True]


def test_settings_over_rest_and_on_the_page(ben: User, acme: Business, client: Any) -> None:
    api = builders.api(ben)
    path = "/api/v1/notifications/settings"
    assert api.get(path).json() == {
        "not_shown": [],
        "not_rung": [],
        "not_pushed": [],
        "not_mailed": [],
        "mail_after": 30,
        "quiet_from": None,
        "quiet_until": None,
        "time_zone": "UTC",
        "public_key": push.public_key(),
    }
    night = {"not_pushed": ["handoff"], "quiet_from": "22:00", "quiet_until": "07:00", "time_zone": "Asia/Tokyo"}
    assert api.patch(path, night).json().items() >= {**night, "public_key": push.public_key()}.items()
    for bad in ({"not_rung": ["lunch"]}, {"quiet_from": None}, {"time_zone": "Mars"}, {"mail_after": 4}):
        assert api.patch(path, bad).status_code == 422, bad
    client.force_login(ben)
    page = "/settings/notifications/"
    assert 'value="22:00"' in client.get(page).content.decode()
    assert client.post(page, {"not_pushed": ["assigned", "message"], "time_zone": "UTC"}).status_code == 302
    changed = api.get(path).json()
    assert (changed["not_pushed"], changed["mail_after"]) == (
        ["mentioned", "handoff", "unassigned", "team", "woke", "returned", "not_sent"],
        None,
    )
    assert changed["not_rung"] == NotificationKind.values  # no box of that way is checked
    assert client.post(page, {"quiet_from": "22:00", "time_zone": "UTC"}).status_code == 422


def test_a_subscription_is_ones_own_and_bounded(ben: User, ada: User, acme: Business, talk: Any, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]  # of the house's own calls, and none of a browser's
    path = "/api/v1/notifications/subscriptions"
    for bad in (
        {"endpoint": "http://push.example.com/1", "keys": KEYS},
        {"endpoint": "http://127.0.0.1/1", "keys": KEYS},
        {"endpoint": "https://10.0.0.1/1", "keys": KEYS},
        {"endpoint": "https://[::1]/1", "keys": KEYS},
        {"endpoint": "https://push.example.com:8443/1", "keys": KEYS},
        {"endpoint": f"https://push.example.com/{'x' * 1000}", "keys": KEYS},
        {"endpoint": ENDPOINT, "keys": {**KEYS, "p256dh": "AAAA"}},
        {"endpoint": ENDPOINT, "keys": {**KEYS, "auth": "é"}},
    ):
        assert builders.api(ben).post(path, bad).status_code == 422, bad
    for number in range(21):
        answer = builders.api(ben).post(path, {"endpoint": f"{ENDPOINT}{number}", "keys": KEYS})
    assert PushSubscription.objects.filter(user=ben).count() == 20
    one = f"{path}/{answer.json()['id']}"
    assert builders.api(ada).delete(one).status_code == 404
    assert [builders.api(ben).delete(one).status_code for _each in range(2)] == [200, 404]


def test_a_test_is_pushed_at_once_and_says_what_its_service_answered(
    service: PushService, talk: Any, ben: User, ada: User, client: Any
) -> None:
    path = "/api/v1/notifications/subscriptions"
    [one] = builders.api(ben).get(path).json()["results"]
    assert (one["last_status"], builders.api(ada).get(path).json()["results"]) == (None, [])
    assert builders.api(ada).post(f"{path}/{one['id']}/test").status_code == 404

    assert builders.api(ben).post(f"{path}/{one['id']}/test").json() == {"taken": True, "last_status": 201}
    assert service.taken[-1]["text"].startswith("This is a test")
    for status, words in ((403, "refuses us (403)"), (None, "did not answer"), (201, "took the last one")):
        service.status = status
        client.force_login(ben)
        page = client.post(f"/settings/notifications/browsers/{one['id']}/", {"do": "test"}, follow=True)
        assert page.content.decode().count(words) == 2  # what is told, and the list
    client.force_login(ada)
    assert client.post(f"/settings/notifications/browsers/{one['id']}/", {"do": "remove"}).status_code == 404
    service.status = 410
    assert builders.api(ben).post(f"{path}/{one['id']}/test").json() == {"taken": False, "last_status": 410}
    assert not PushSubscription.objects.exists()


def test_what_a_service_answers_to_news_is_kept(service: PushService, talk: Any, ben: User) -> None:
    service.status = 403
    work()
    one = PushSubscription.objects.get()
    assert (one.last_status, waits()) == (403, 0)
    assert one.last_at


def test_what_installs_the_app_names_nobody(client: Any, ben: User, acme: Business) -> None:
    client.force_login(ben)
    worker = client.get("/service-worker.js")
    manifest, offline = client.get("/manifest.webmanifest"), client.get("/offline/")
    assert (worker.status_code, worker["Content-Type"]) == (200, "text/javascript")
    assert (manifest.json()["start_url"], manifest.json()["display"]) == ("/inbox/", "standalone")
    assert "Ben" not in offline.content.decode()
    assert "You are offline" in offline.content.decode()
