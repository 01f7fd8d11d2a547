"""The door that providers knock at: whose event it is, who may say so, how much and how fast."""

import hashlib
import hmac
import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import connecting, credentials, hooks, intake
from channels_app.models import Channel, ChannelState, RawEvent
from channels_app.services import create_channel, update_channel
from conversations.models import ChannelType, Message
from tests.channels_app.cases import CLEO, whatsapp_says
from tests.fakes import meta

pytestmark = pytest.mark.django_db
OF_THE_INSTALLATION = "harbour-app-secret-of-all"
ELSEWHERE = "203.0.113.9"


@pytest.fixture(autouse=True)
def one_app_for_all(settings: Any) -> None:
    settings.META_APP_SECRET = OF_THE_INSTALLATION
    hooks.buckets.forget()


def whatsapp(owner: User, *, number: str = meta.NUMBER, agreed: bool = True) -> Channel:
    made = create_channel(
        actor=owner, type=ChannelType.WHATSAPP, config={"phone_number_id": number, "access_token": "EAAtoken"}
    )
    if agreed:
        agrees(made)
    return made


def agrees(channel: Channel) -> None:
    key = f"whatsapp:{channel.config['phone_number_id']}"
    Channel.objects.filter(pk=channel.pk).update(
        connected_at=timezone.now(), sole_account=key, state=ChannelState.CONNECTED
    )


def posted(body: bytes | dict[str, Any], *, secret: str = OF_THE_INSTALLATION, address: str = "127.0.0.1") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"X-Hub-Signature-256": "sha256=" + hmac.digest(secret.encode(), raw, hashlib.sha256).hex()}
    path = "/api/v1/webhooks/whatsapp"
    return Client().post(path, raw, content_type="application/json", headers=headers, REMOTE_ADDR=address)


def mailed(raw: bytes, *secrets: str, address: str = "127.0.0.1") -> list[HttpResponse]:
    def signed(secret: str) -> dict[str, str]:
        return {"X-PingBack-Signature": "sha256=" + hmac.digest(secret.encode(), raw, hashlib.sha256).hex()}

    path = "/api/v1/webhooks/email"
    return [
        Client().post(path, raw, content_type="message/rfc822", headers=signed(secret), REMOTE_ADDR=address)  # type: ignore[misc]
        for secret in secrets
    ]


def test_a_number_is_theirs_whom_meta_agreed_with_and_not_theirs_who_typed_it(
    ada: User, acme: Business, mallory: User
) -> None:
    ours = whatsapp(ada)
    whatsapp(mallory, agreed=False)

    assert posted(whatsapp_says("Where is my parcel?", 1)).status_code == 200
    intake.work()

    assert list(RawEvent.objects.values_list("channel", flat=True)) == [ours.pk]
    assert Message.objects.get().conversation.business_id == acme.pk


def test_while_meta_is_asked_about_a_number_its_messages_are_to_be_sent_again(ada: User, acme: Business) -> None:
    waiting = whatsapp(ada, agreed=False)
    other = whatsapp(ada, number="700000000000002")
    both = whatsapp_says("Where is my parcel?", 1)
    elsewhere = whatsapp_says("For the other", 2)
    elsewhere["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "700000000000002"
    both["entry"] += elsewhere["entry"]

    early = posted(both)
    assert (early.status_code, early["Retry-After"]) == (503, "30")
    assert posted(both, secret="guessed").status_code == 400
    assert list(RawEvent.objects.values_list("channel", flat=True)) == [other.pk]

    agrees(waiting)
    assert posted(both).status_code == 200
    intake.work()
    assert set(Message.objects.values_list("content", flat=True)) == {"Where is my parcel?", "For the other"}


def test_a_number_that_another_workspace_has_by_now_brings_its_messages_to_that_alone(
    ada: User, acme: Business, mallory: User
) -> None:
    before, now = whatsapp(mallory), whatsapp(ada, agreed=False)
    Channel.objects.filter(pk=before.pk).update(state=ChannelState.ERROR, sole_account=None)
    agrees(now)

    assert posted(whatsapp_says("Where is my parcel?", 1)).status_code == 200

    assert list(RawEvent.objects.values_list("channel", flat=True)) == [now.pk]


def test_what_comes_while_a_channel_is_switched_on_again_is_to_be_sent_again(ada: User, acme: Business) -> None:
    channel = whatsapp(ada)
    for is_active in (False, True):
        update_channel(actor=ada, channel=channel, is_active=is_active)

    assert posted(whatsapp_says("Where is my parcel?", 1)).status_code == 503


def test_one_that_meta_refuses_loses_nothing_by_being_switched_off_and_on(ada: User, acme: Business) -> None:
    channel = whatsapp(ada)
    Channel.objects.update(state=ChannelState.ERROR)
    for is_active in (False, True):
        update_channel(actor=ada, channel=channel, is_active=is_active)
    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTING

    assert posted(whatsapp_says("Where is my parcel?", 1)).status_code == 200
    Channel.objects.update(state=ChannelState.ERROR)  # Meta still refuses it
    assert posted(whatsapp_says("Are you there?", 2)).status_code == 200
    intake.work()

    assert set(Message.objects.values_list("content", flat=True)) == {"Where is my parcel?", "Are you there?"}


def test_channels_that_were_connected_before_accounts_were_kept_have_theirs(
    ada: User, acme: Business, mallory: User
) -> None:
    ours, stopped, off = whatsapp(ada), whatsapp(mallory, agreed=False), whatsapp(mallory, number="700000000000002")
    Channel.objects.update(sole_account=None, connected_at=timezone.now())
    Channel.objects.filter(pk=stopped.pk).update(state=ChannelState.ERROR)
    Channel.objects.filter(pk=off.pk).update(is_active=False)

    import_module("channels_app.migrations.0011_sole_accounts").fill(apps, None)

    kept = Channel.objects.exclude(sole_account=None).values_list("pk", "sole_account")
    assert list(kept) == [(ours.pk, f"whatsapp:{meta.NUMBER}")]


def test_numbers_and_accounts_of_x_that_were_connected_before_are_kept_as_they_are_known_now(
    ada: User, acme: Business
) -> None:
    keys = {"api_key": "k", "api_secret": "s", "access_token": "42-token", "access_token_secret": "s"}
    x = create_channel(actor=ada, type=ChannelType.X, config=keys)
    number = {"phone_number": "00 1 (555) 222-3333", "account_sid": "AC1", "auth_token": "token"}
    sms = create_channel(actor=ada, type=ChannelType.SMS, config=number)
    Channel.objects.update(connected_at=timezone.now(), state=ChannelState.CONNECTED)
    Channel.objects.filter(pk=x.pk).update(config={"account_id": "42"})

    import_module("channels_app.migrations.0013_sole_numbers").fill(apps, None)

    kept = dict(Channel.objects.values_list("pk", "sole_account"))
    assert kept == {each.pk: f"{each.type}:{connecting.account_of(each)}" for each in (x, sms)}


def test_a_number_that_only_somebody_typed_brings_them_nothing(mallory: User) -> None:
    refused = whatsapp(mallory, agreed=False)
    Channel.objects.filter(pk=refused.pk).update(state=ChannelState.ERROR)

    assert posted(whatsapp_says("Where is my parcel?", 1)).status_code == 200
    assert not RawEvent.objects.exists()


def test_who_claims_an_address_too_takes_no_mail_of_it_and_keeps_none_from_its_owner(
    ada: User, acme: Business, mallory: User
) -> None:
    config = {"address": "help@acme.example", "smtp_host": "mail.acme.example"}
    for owner, secret in ((ada, "adas-own-secret"), (mallory, "mallorys-own-secret")):
        create_channel(actor=owner, type=ChannelType.EMAIL, config={**config, "inbound_secret": secret})

    raw = b"From: cleo@example.net\r\nTo: help@acme.example\r\nMessage-ID: <1@example.net>\r\n\r\nHello?"
    told = mailed(raw, "adas-own-secret", "nobodys")
    intake.work()

    assert [answer.status_code for answer in told] == [200, 400]
    assert Message.objects.get().conversation.business_id == acme.pk


def test_what_names_ours_and_is_vouched_for_by_another_is_asked_about_within_bounds(
    ada: User, acme: Business, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"smtp_host": "mail.acme.example"}
    for owner, name in ((ada, "help"), (mallory, "other")):
        entered = {**config, "address": f"{name}@acme.example", "inbound_secret": f"the-secret-of-{name}"}
        create_channel(actor=owner, type=ChannelType.EMAIL, config=entered)
    raw = b"From: cleo@example.net\r\nTo: help@acme.example\r\nMessage-ID: <1@example.net>\r\n\r\nHello?"

    def told(secret: str, *, times: int = 1, raw: bytes = raw) -> list[int]:
        return [answer.status_code for answer in mailed(raw, *[secret] * times, address=ELSEWHERE)]

    assert told("the-secret-of-other", times=25) == [200] * 25
    assert told("the-secret-of-other", raw=raw + b"x" * hooks.ASKED_AROUND) == [400]
    assert told("nobodys", times=20) == [400] * 19 + [429]
    opened: list[str] = []
    reveal = credentials.reveal
    monkeypatch.setattr(credentials, "reveal", lambda one: opened.append(one.config["address"]) or reveal(one))
    assert told("nobodys") == [429]

    assert opened == ["help@acme.example"]
    assert not RawEvent.objects.exists()


def test_secrets_are_opened_only_of_those_that_it_is_about(
    ada: User, acme: Business, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = whatsapp(ada)
    for number in ("700000000000002", "700000000000003"):
        whatsapp(mallory, number=number)
    opened: list[Channel] = []
    reveal = credentials.reveal
    monkeypatch.setattr(credentials, "reveal", lambda channel: opened.append(channel) or reveal(channel))

    assert posted(whatsapp_says("Where is my parcel?", 1)).status_code == 200
    assert opened == [ours]


def test_who_signs_wrongly_too_often_has_to_wait_and_disturbs_nobody(ada: User, acme: Business) -> None:
    whatsapp(ada)
    says = whatsapp_says("Where is my parcel?", 1)

    told = [posted(says, secret="guessed", address=ELSEWHERE) for _time in range(21)]

    assert [answer.status_code for answer in told] == [400] * 20 + [429]
    assert int(told[-1]["Retry-After"]) > 0
    assert posted(says, address=ELSEWHERE).status_code == 200


def test_a_provider_that_is_too_fast_is_told_to_send_it_again(ada: User, acme: Business, settings: Any) -> None:
    settings.THROTTLE_BUCKETS = {**settings.THROTTLE_BUCKETS, "WEBHOOK": (1, 2)}
    whatsapp(ada)

    told = [posted(whatsapp_says(f"Number {number}", number)) for number in range(3)]

    assert [answer.status_code for answer in told] == [200, 200, 429]
    assert told[-1]["Retry-After"] == "1"
    assert RawEvent.objects.count() == 2


def test_a_mail_of_twenty_megabytes_is_taken_in(ada: User, acme: Business) -> None:
    config = {"address": "help@acme.example", "smtp_host": "mail.acme.example", "inbound_secret": "adas-own-secret"}
    create_channel(actor=ada, type=ChannelType.EMAIL, config=config)
    head = b"From: cleo@example.net\r\nTo: help@acme.example\r\nContent-Type: multipart/mixed; boundary=XX\r\n\r\n"
    said = b"--XX\r\n\r\nThe plans.\r\n--XX\r\nContent-Disposition: attachment; filename=plans.bin\r\n\r\n"

    (answer,) = mailed(head + said + (b"x" * 75 + b"\n") * 262_144 + b"--XX--\r\n", "adas-own-secret")
    intake.work()

    assert answer.status_code == 200
    assert Message.objects.get().content == "The plans."


def test_only_so_many_big_ones_are_looked_at_at_once_and_the_others_are_to_come_again(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "PATIENCE_SECONDS", 0)
    whatsapp(ada)
    small, big = whatsapp_says("Hello?", 1), b"x" * (hooks.BIG + 1)
    for _place in range(hooks.BIG_AT_ONCE):
        assert hooks._big.acquire(blocking=False)
    try:
        answer = posted(big)
        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
        assert posted(small).status_code == 200
    finally:
        hooks._big.release(hooks.BIG_AT_ONCE)
    assert posted(big).status_code == 400


@pytest.mark.parametrize(
    "odd",
    [r'"half \ud83d of one"', r'"a \u0000 in it"', "1e400", "NaN", "9" * 5000, '"\xff"', '{"\\u0000": [1e999]}'],
    ids=["half a character", "NUL", "infinite", "no number", "endless", "no UTF-8", "inside"],
)
def test_one_odd_value_in_a_batch_refuses_nothing_of_what_came_along(ada: User, acme: Business, odd: str) -> None:
    whatsapp(ada)
    message = {"from": CLEO, "id": "wamid.IN2", "type": "text", "text": {"body": "ODD"}}
    says = whatsapp_says("Where is my parcel?", 1)
    says["entry"][0]["changes"][0]["value"]["messages"].append(message)
    raw = json.dumps(says).replace('"ODD"', odd).encode("latin-1")

    assert posted(raw).status_code == 200
    intake.work()

    assert Message.objects.get(seq=1).content == "Where is my parcel?"
    assert Message.objects.count() == 2


@pytest.mark.parametrize("odd", [r'"\u0000"', "NaN"])
def test_what_nests_as_no_providers_does_is_refused_and_no_trouble(ada: User, acme: Business, odd: str) -> None:
    whatsapp(ada)
    body = f'{{"object": "whatsapp_business_account", "odd": {odd}, "entry": {"[" * 900}{"]" * 900}}}'
    assert posted(body.encode()).status_code == 400


def test_who_asks_whether_anybody_is_here_hears_yes(acme: Business) -> None:
    assert Client().head("/api/v1/webhooks/email").status_code == 200
    assert Client().head("/api/v1/webhooks/pigeon").status_code == 404
