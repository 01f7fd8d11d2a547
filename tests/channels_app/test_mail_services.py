"""What holds for each mail service that signs, or keeps the mail itself: Resend, Amazon SES, Postal."""

import base64
import errno
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import bringing, hooks, intake, journal
from channels_app.adapters.email import amazon
from channels_app.models import Channel, RawEvent, RawState
from channels_app.services import create_channel
from conversations.models import ChannelType, Message
from tests.channels_app.mailing import mail
from tests.fakes import mail_services as world
from tests.fakes.mail_services import SIGNING_SECRET, TOPIC, MailServices

pytestmark = pytest.mark.django_db
KEY = "canary-7Hq2-in-the-address"
PATH = "/api/v1/webhooks/email"


@dataclass(frozen=True, kw_only=True)
class Service:
    """config: what the channel knows of it. post: its request about a mail. others: what it tells besides mails."""

    name: str
    config: dict[str, str]
    post: Callable[[MailServices, bytes], tuple[bytes, dict[str, str]]]
    others: Callable[[MailServices], tuple[bytes, dict[str, str]]]
    query: str = ""


def _resend(fake: MailServices, raw: bytes) -> tuple[bytes, dict[str, str]]:
    fake.mails["56761188"] = raw
    data = {"email_id": "56761188", "from": "cleo@example.net", "to": ["Help <help@acme.example>"], "cc": []}
    told = {"type": "email.received", "created_at": "2026-02-22T23:41:12.126Z", "data": data}
    body = json.dumps({**told, "data": {**data, "message_id": "<1@example.net>"}}).encode()
    return body, world.of_resend(body)


def _of_resend(fake: MailServices) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"type": "email.delivered", "data": {"email_id": "1"}}).encode()
    return body, world.of_resend(body)


def _ses(
    fake: MailServices, raw: bytes, *, encoding: str = "BASE64", version: str = "2"
) -> tuple[bytes, dict[str, str]]:
    content = base64.b64encode(raw).decode() if encoding == "BASE64" else raw.decode()
    action = {"type": "SNS", "topicArn": TOPIC, "encoding": encoding}
    receipt = {"recipients": ["help@acme.example"], "action": action}
    told = {"notificationType": "Received", "receipt": receipt, "mail": {"messageId": "d6iit"}, "content": content}
    post = fake.of_amazon(version=version, Message=json.dumps(told), Subject="Amazon SES Email Receipt Notification")
    return json.dumps(post).encode(), {"x-amz-sns-message-type": "Notification"}


def _of_ses(fake: MailServices) -> tuple[bytes, dict[str, str]]:
    told = "Successfully validated SNS topic for Amazon SES event publishing."
    return json.dumps(fake.of_amazon(Message=told)).encode(), {"x-amz-sns-message-type": "Notification"}


def _postal(fake: MailServices, raw: bytes, *, header: str = "x-postal-signature-256") -> tuple[bytes, dict[str, str]]:
    told = {"id": 12345, "rcpt_to": "help@acme.example", "mail_from": "cleo@example.net", "base64": True}
    body = json.dumps({**told, "message": base64.b64encode(raw).decode(), "size": len(raw)}).encode()
    algorithm = hashes.SHA256() if header.endswith("256") else hashes.SHA1()
    return body, {header: world.signed(body, algorithm)}


def _of_postal(fake: MailServices) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"event": "MessageSent", "payload": {}}).encode()
    return body, {"x-postal-signature": world.signed(body, hashes.SHA1())}


RESEND = Service(
    name="resend",
    config={"inbound_secret": SIGNING_SECRET, "inbound_api_key": world.API_KEY},
    post=_resend,
    others=_of_resend,
)
SES = Service(
    name="ses",
    config={"inbound_secret": KEY, "inbound_topic": TOPIC},
    post=_ses,
    others=_of_ses,
    query=f"?key={KEY}",
)
POSTAL = Service(
    name="postal",
    config={"inbound_secret": KEY, "inbound_public_key": world.public_key()},
    post=_postal,
    others=_of_postal,
    query=f"?key={KEY}",
)


@pytest.fixture(params=[RESEND, SES, POSTAL], ids=lambda service: str(service.name))
def service(request: pytest.FixtureRequest) -> Service:
    found: Service = request.param
    return found


@pytest.fixture
def fake(settings: Any) -> Iterator[MailServices]:
    amazon._key.cache_clear()
    with MailServices() as running:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        settings.RESEND_API_BASE_URL = settings.AMAZON_SNS_BASE_URL = running.url
        yield running
        assert not running.broken


@pytest.fixture
def email(ada: User, acme: Business, service: Service) -> Channel:
    return connected(ada, service)


def connected(owner: User, service: Service) -> Channel:
    config = {"address": "help@acme.example", "smtp_host": "mail.acme.example", **service.config}
    return create_channel(actor=owner, type=ChannelType.EMAIL, config=config)


def posted(service: Service, body: bytes, headers: dict[str, str], *, query: str | None = None) -> int:
    path = PATH + (service.query if query is None else query)
    kind = "text/plain; charset=UTF-8" if service is SES else "application/json"
    return Client().post(path, body, content_type=kind, headers=headers).status_code  # type: ignore[arg-type]


def work() -> None:
    RawEvent.objects.filter(state=RawState.ELSEWHERE).update(due_at=timezone.now() - timedelta(seconds=1))
    bringing.bring_due(threading.Event())
    intake.work()


RAW = mail("Where is it?", Message_ID="<1@example.net>")


def test_a_mail_is_taken_in_once_however_often_it_is_told_of(
    email: Channel, service: Service, fake: MailServices
) -> None:
    for _time in range(3):
        assert posted(service, *service.post(fake, RAW)) == 200
        work()

    message = Message.objects.get()
    assert message.content == "Order 1009\n\nWhere is it?"
    assert message.conversation.customer
    assert message.conversation.customer.email == "cleo@example.net"
    assert RawEvent.objects.count() == 1


def test_forged_is_refused_and_nothing_is_stored(email: Channel, service: Service, fake: MailServices) -> None:
    body, headers = service.post(fake, RAW)
    signed = {name: value for name, value in headers.items() if name != "x-amz-sns-message-type"}

    assert posted(service, body.replace(b"help@acme", b"Help@acme"), headers) == 400
    assert posted(service, body, {}) in {200, 400}  # without its headers it may be nobody's
    for name in signed:
        assert posted(service, body, {**headers, name: "v1,bm90aGluZw=="}) == 400
    if service.query:
        assert posted(service, body, headers, query="") == 400
        assert posted(service, body, headers, query="?key=guessed") == 400
    assert not RawEvent.objects.exists()


def test_who_enters_the_same_address_and_service_gets_none_of_its_mail(
    email: Channel, service: Service, fake: MailServices, mallory: User
) -> None:
    """A topic's name and a server's public key are known to many."""
    public = {name: value for name, value in service.config.items() if name not in {"inbound_secret"}}
    create_channel(
        actor=mallory,
        type=ChannelType.EMAIL,
        config={"address": "help@acme.example", "smtp_host": "m.example", "inbound_secret": "mallorys-own", **public},
    )

    assert posted(service, *service.post(fake, RAW)) == 200

    assert list(RawEvent.objects.values_list("channel", flat=True)) == [email.pk]


def test_what_a_service_tells_besides_mails_is_no_mail(email: Channel, service: Service, fake: MailServices) -> None:
    assert posted(service, *service.others(fake)) == 200
    work()

    assert not Message.objects.exists()


# Resend ---------------------------------------------------------------------------------------------------


def test_a_mail_that_resend_does_not_hand_out_is_tried_again_and_then_shown_with_its_reason(
    ada: User, acme: Business, fake: MailServices
) -> None:
    connected(ada, RESEND)
    assert posted(RESEND, *_resend(fake, RAW)) == 200
    fake.token = "another"

    for _time in range(intake.MAX_TRIES):
        work()
    raw = RawEvent.objects.get()
    assert (raw.state, raw.last_error) == (RawState.FAILED, "Resend does not take the API key.")

    fake.token = world.API_KEY
    assert intake.replay(raw)
    work()
    assert Message.objects.get().content == "Order 1009\n\nWhere is it?"


def test_an_old_signature_of_resends_is_worth_nothing(ada: User, acme: Business, fake: MailServices) -> None:
    connected(ada, RESEND)
    body, _headers = _resend(fake, RAW)

    assert posted(RESEND, body, world.of_resend(body, at=time.time() - 400)) == 400


# Amazon ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("encoding", ["BASE64", "UTF-8"])
def test_amazon_signs_in_two_ways_and_encodes_in_two(
    ada: User, acme: Business, fake: MailServices, version: str, encoding: str
) -> None:
    connected(ada, SES)

    assert posted(SES, *_ses(fake, RAW, encoding=encoding, version=version)) == 200
    work()

    assert Message.objects.get().content == "Order 1009\n\nWhere is it?"


def asked(post: dict[str, Any], **more: Any) -> int:
    headers = {"x-amz-sns-message-type": "SubscriptionConfirmation"}
    return posted(SES, json.dumps({**post, **more}).encode(), headers)


def test_a_subscription_of_the_topic_is_confirmed(ada: User, acme: Business, fake: MailServices) -> None:
    connected(ada, SES)

    assert asked(fake.asks("t0k3n")) == 200
    work()

    assert fake.confirmed == ["t0k3n"]
    assert RawEvent.objects.get().state == RawState.DONE


def test_a_subscription_is_confirmed_for_the_right_topic_and_at_the_right_place_alone(
    ada: User, acme: Business, fake: MailServices, settings: Any
) -> None:
    connected(ada, SES)
    elsewhere = fake.of_amazon(
        "SubscriptionConfirmation", Message="Yes?", SubscribeURL="https://sns.evil.example/?Token=1", Token="1"
    )
    other_topic = fake.of_amazon(
        "SubscriptionConfirmation", Message="Yes?", SubscribeURL=fake.url, Token="1", TopicArn=f"{TOPIC}2"
    )

    assert asked(other_topic) == 200  # nobody's, like a mail to nobody
    assert asked(fake.asks("t0k3n"), Token="another") == 400
    assert asked(fake.asks("t0k3n"), SigningCertURL="https://sns.evil.example/a.pem") == 400
    assert asked(elsewhere) == 200
    work()

    assert fake.confirmed == []
    assert RawEvent.objects.get().last_error == "Amazon's confirmation leads somewhere else."


@pytest.mark.parametrize(
    ("url", "is_theirs"),
    [
        ("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem", True),
        ("https://sns.cn-north-1.amazonaws.com.cn/a.pem", True),
        ("http://sns.eu-west-1.amazonaws.com/a.pem", False),
        ("https://sns.eu-west-1.amazonaws.com.evil.example/a.pem", False),
        ("https://sns.eu-west-1.amazonaws.com@evil.example/a.pem", False),
        ("https://sns.eu-west-1.amazonaws.com:8443/a.pem", False),
        ("https://bucket.s3.amazonaws.com/a.pem", False),
        ("https://[", False),
    ],
)
def test_only_amazons_own_hosts_of_sns_are_believed(url: str, is_theirs: bool) -> None:
    assert amazon.is_amazons(url) is is_theirs


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("SimpleNotificationService-0a1b2c3d.pem", True),
        ("?Action=GetEndpointAttributes&EndpointArn=arn:aws:sns:mallorys", False),
        ("SimpleNotificationService-0a1b2c3d.pem?Action=GetEndpointAttributes", False),
        ("a/SimpleNotificationService-0a1b2c3d.pem", False),
    ],
)
def test_only_a_certificate_is_one_at_amazon_too_where_others_can_have_it_say_what_they_like(
    path: str, is_one: bool
) -> None:
    assert amazon.is_amazons_certificate(f"https://sns.eu-west-1.amazonaws.com/{path}") is is_one


def test_while_amazons_certificate_cannot_be_had_it_has_to_send_again(
    ada: User, acme: Business, fake: MailServices
) -> None:
    connected(ada, SES)
    body, headers = _ses(fake, RAW)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fake, "answer", lambda call: world.Answer({}, 503))
        assert posted(SES, body, headers) == 503

    assert posted(SES, body, headers) == 200


def test_a_mail_that_amazon_kept_in_s3_is_shown_with_what_is_to_be_done(
    ada: User, acme: Business, fake: MailServices
) -> None:
    connected(ada, SES)
    told = {"notificationType": "Received", "receipt": {"recipients": ["help@acme.example"]}, "mail": {}}
    body = json.dumps(fake.of_amazon(Message=json.dumps(told))).encode()

    assert posted(SES, body, {"x-amz-sns-message-type": "Notification"}) == 200
    work()

    assert RawEvent.objects.get().last_error.startswith("Amazon SES put a mail into S3, where we cannot fetch it.")


# Postal ---------------------------------------------------------------------------------------------------


def test_an_older_postal_signs_with_its_older_header(ada: User, acme: Business, fake: MailServices) -> None:
    connected(ada, POSTAL)

    assert posted(POSTAL, *_postal(fake, RAW, header="x-postal-signature")) == 200
    work()

    assert Message.objects.exists()


def test_postal_is_never_told_with_a_5xx_to_come_again_as_it_would_give_the_mail_up(
    ada: User, acme: Business, fake: MailServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(hooks, "BIG", 10)
    connected(ada, POSTAL)
    for _place in range(hooks.BIG_AT_ONCE):
        assert hooks._big.acquire(blocking=False)
    try:
        assert posted(POSTAL, *_postal(fake, RAW)) == 429
    finally:
        hooks._big.release(hooks.BIG_AT_ONCE)


def test_postal_comes_again_whatever_goes_wrong_on_our_side(
    ada: User, acme: Business, fake: MailServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected(ada, POSTAL)
    with monkeypatch.context() as patch:
        patch.setattr(journal, "fill", _full)
        assert posted(POSTAL, *_postal(fake, RAW)) == 429

    assert posted(POSTAL, *_postal(fake, RAW)) == 200
    work()
    assert Message.objects.count() == 1


def _full(*_given: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
