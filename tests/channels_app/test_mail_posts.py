"""Mails that a service posts to us: each in its own form, under its own signature."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from channels_app import connecting, files, intake
from channels_app.adapters.email.threading import reply_address
from channels_app.models import Channel, RawEvent, RawState
from channels_app.services import create_channel
from conversations.models import ChannelType, Conversation, Message
from tests.channels_app.mailing import PATH, SECRET, comes, config, mail


def multipart(fields: dict[str, bytes]) -> tuple[bytes, str]:
    parts = [
        b'--XX\r\nContent-Disposition: form-data; name="' + n.encode() + b'"\r\n\r\n' + v + b"\r\n"
        for n, v in fields.items()
    ]
    return b"".join(parts) + b"--XX--\r\n", "multipart/form-data; boundary=XX"


def test_a_signature_of_mailguns_is_good_for_one_mail(email: Channel) -> None:
    stamp = str(int(time.time()))
    signed = hmac.new(SECRET.encode(), f"{stamp}once".encode(), hashlib.sha256).hexdigest()
    fields = {"recipient": b"help@acme.example", "timestamp": stamp.encode(), "token": b"once"}
    told = []
    for raw in (mail("Mine"), mail("Mine"), mail("Forged")):
        body, kind = multipart({**fields, "body-mime": raw, "signature": signed.encode()})
        told.append(Client().post(PATH, body, content_type=kind).status_code)
    intake.work()

    assert told == [200, 200, 400]
    assert [message.content for message in Message.objects.all()] == ["Order 1009\n\nMine"]


@pytest.mark.parametrize("service", ["mailgun", "sendgrid", "postmark"])
def test_each_mail_service_hands_a_mail_over(email: Channel, service: str) -> None:
    raw = mail(Message_ID="<1@example.net>")
    basic = {"Authorization": "Basic " + base64.b64encode(f"pingback:{SECRET}".encode()).decode()}
    if service == "mailgun":
        stamp = str(int(time.time()))
        signed = hmac.new(SECRET.encode(), f"{stamp}tok".encode(), hashlib.sha256).hexdigest()
        fields = {"recipient": b"help@acme.example", "body-mime": raw, "timestamp": stamp.encode(), "token": b"tok"}
        body, kind = multipart({**fields, "signature": signed.encode()})
        headers = {}
    elif service == "sendgrid":
        body, kind = multipart({"email": raw, "envelope": b'{"to":["help@acme.example"],"from":"cleo@example.net"}'})
        headers = basic
    else:
        told = {
            "From": "Cleo <cleo@example.net>",
            "To": "help@acme.example",
            "OriginalRecipient": "help@acme.example",
            "Subject": "Order 1009",
            "TextBody": "Where is it?",
            "HtmlBody": "<p>Where is it?</p>",
            "Headers": [{"Name": "Message-ID", "Value": "<1@example.net>"}],
            "Attachments": [{"Name": "a.txt", "Content": "aGk=", "ContentType": "text/plain", "ContentID": ""}],
        }
        body, kind, headers = json.dumps(told).encode(), "application/json", basic

    connecting.connect(email)
    email.refresh_from_db()
    path = urlsplit(email.setup["steps"][0]["value"]).path + ("/mime" if service == "mailgun" else "")
    refused = Client().post(path, body.replace(b"tok", b"tik"), content_type=kind, headers={})
    answer = Client().post(path, body, content_type=kind, headers=headers)
    intake.work()

    assert (refused.status_code, answer.status_code) == (400, 200)
    message = Message.objects.get()
    assert (message.content, message.conversation.customer.email) == ("Order 1009\n\nWhere is it?", "cleo@example.net")  # type: ignore[union-attr]
    for media in files.claim(most=5):
        files.fetch(media)
    message.refresh_from_db()
    assert [file["filename"] for file in message.attachments] == (["a.txt"] if service == "postmark" else [])


def test_mailersend_hands_a_mail_over_and_what_else_it_tells_is_no_mail(email: Channel) -> None:
    raw = mail(Message_ID="<1@example.net>").decode()
    data = {"object": "message", "recipients": {"rcptTo": [{"email": "help@acme.example"}]}, "raw": raw}
    told = {"type": "inbound.message", "created_at": "2026-01-01T00:00:00.000000Z", "data": data}

    def posted(told: dict[str, Any], secret: str = SECRET) -> int:
        body = json.dumps(told).encode()
        signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return Client().post(PATH, body, content_type="application/json", headers={"Signature": signed}).status_code

    assert [posted(told, "guessed"), posted(told), posted({**told, "type": "webhook.test"})] == [400, 200, 200]
    intake.work()
    assert Message.objects.get().content == "Order 1009\n\nWhere is it?"


BASIC = {"Authorization": "Basic " + base64.b64encode(f"pingback:{SECRET}".encode()).decode()}


@pytest.mark.parametrize("field", ["To", "Delivered-To", "Cc"])
def test_a_mail_that_was_forwarded_to_its_service_is_known_by_its_fields(email: Channel, field: str) -> None:
    raw = mail(Message_ID="<1@example.net>", to="else@other.example", **{field: "Help <help@acme.example>"})
    told = {"From": "cleo@example.net", "OriginalRecipient": "0a1b2c3d@inbound.postmarkapp.com"}

    body = json.dumps({**told, "RawEmail": raw.decode()})
    assert Client().post(PATH, body, content_type="application/json", headers=BASIC).status_code == 200
    intake.work()

    assert Message.objects.get().content == "Order 1009\n\nWhere is it?"


def test_a_mail_for_nobody_here_leaves_a_line_in_the_log(email: Channel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "pingback.intake")

    assert comes(mail(to="secretary@other.example")) == 200

    assert not RawEvent.objects.exists()
    assert "none of ours (1): ['other.example']" in caplog.text
    assert "secretary" not in caplog.text


def test_a_mail_service_is_not_refused_as_its_mail_names_an_address_of_another_workspace(
    email: Channel, mallory: User, smtp: Any
) -> None:
    theirs = {**config(smtp[1]), "address": "ask@umbrella.example", "inbound_secret": "umbrellas-own-secret"}
    create_channel(actor=mallory, type=ChannelType.EMAIL, config=theirs)
    ours = reply_address("help@acme.example", uuid4())
    only_ours = mail(to="alias@umbrella.example", Cc=ours, Message_ID="<1@example.net>")
    both = mail(to=f"{ours}, ask@umbrella.example", Message_ID="<2@example.net>")

    told = [comes(raw, secret) for raw in (only_ours, both) for secret in ("guessed", "umbrellas-own-secret")]

    assert told == [400, 200, 400, 200]
    assert [message.conversation.business_id for message in Message.objects.all()] == [mallory.membership.business_id]


def test_an_answer_to_two_support_addresses_joins_in_each_what_it_answers_there(email: Channel) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    first = Conversation.objects.get()
    ours, theirs = (reply_address(at, pk) for at, pk in (("help@acme.example", first.pk), ("ask@b.example", uuid4())))

    comes(mail("To both of you.", to=f"{theirs}, {ours}", Message_ID="<2@example.net>"))

    assert [message.content for message in first.messages.order_by("seq")][1:] == ["To both of you."]


def test_a_mail_that_cannot_be_read_is_kept_whole_and_shown_with_the_reason(email: Channel) -> None:
    raw = mail(Message_ID="<1@example.net>").partition(b"\r\n\r\n")[0] + b"\r\n" + unreadable().encode()

    assert comes(raw) == 200

    kept = RawEvent.objects.get()
    assert (kept.state, kept.last_error) == (RawState.FAILED, "The mail has too many parts.")
    assert base64.b64decode(kept.payload["raw"]) == raw


def test_what_the_reader_trips_over_is_kept_and_read_once_it_can(
    email: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("channels_app.adapters.email.reading.fold", lambda text: int(text))
        assert comes(mail(Message_ID="<1@example.net>")) == 200
        for _time in range(intake.MAX_TRIES):
            RawEvent.objects.update(due_at=email.created_at)
            intake.work()
    kept = RawEvent.objects.get()
    assert (kept.state, kept.last_error) == (RawState.FAILED, "ValueError while it was worked off.")

    assert intake.replay(kept)
    intake.work()
    assert Message.objects.get().content == "Order 1009\n\nWhere is it?"


def test_mandrill_asks_whether_the_address_answers(email: Channel) -> None:
    assert Client().head(PATH).status_code == 200


def test_mandrill_hands_several_mails_over_and_one_that_is_unreadable_refuses_none(
    email: Channel, settings: Any
) -> None:
    texts = [mail(text, Message_ID=f"<{text}@example.net>").decode() for text in ("One", "Two")]
    mails = [{"email": "help@acme.example", "raw_msg": raw} for raw in (texts[0], unreadable(), texts[1])]
    events = json.dumps([{"event": "inbound", "ts": 1767225600, "msg": one} for one in mails])

    def posted(events: str, secret: str = SECRET) -> int:
        signed = hmac.digest(
            secret.encode(), f"{settings.PUBLIC_BASE_URL}{PATH}mandrill_events{events}".encode(), "sha1"
        )
        body, headers = (
            urlencode({"mandrill_events": events}),
            {"X-Mandrill-Signature": base64.b64encode(signed).decode()},
        )
        return Client().post(PATH, body, content_type="application/x-www-form-urlencoded", headers=headers).status_code

    assert [posted(events, "guessed"), posted(events), posted("[]"), posted("7")] == [400, 200, 200, 200]
    intake.work()
    assert [one.content.split()[-1] for one in Message.objects.order_by("created_at")] == ["One", "Two"]
    assert RawEvent.objects.get(state=RawState.FAILED).last_error == "The mail has too many parts."


def unreadable() -> str:
    """More parts than anybody reads."""
    return "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\n" * 2_000
