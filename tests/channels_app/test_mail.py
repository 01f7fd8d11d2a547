"""Mails both ways: handed over by each mail service, answered through a real SMTP server."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import connecting, deliveries, files, intake
from channels_app.adapters.email import EmailAdapter
from channels_app.adapters.email.sending import of_code
from channels_app.adapters.errors import Kind
from channels_app.models import Channel, ChannelState, Delivery, DeliveryState
from channels_app.parts import TRIES_FOR_COPIES
from channels_app.services import create_channel
from conversations.models import ChannelType, Conversation, Message, MessageStatus, SenderType
from conversations.services.messages import Draft, post_messages, send_reply
from conversations.services.uploads import store_upload
from tests import builders
from tests.services import free_port

SECRET = "pb-inbound-secret"
PATH = "/api/v1/webhooks/email"


class Server:
    """An SMTP server that takes mail from who knows the password; `refusal` is its answer to the next mails."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []  # of the last mail
        self.refusal = ""
        self.unknown: set[str] = set()
        self.later: set[str] = set()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refusal.startswith("5"):
            return self.refusal
        if address in self.later:
            return "450 4.2.0 come again"
        if address in self.unknown:
            return "550 5.1.1 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusal:
            return self.refusal
        self.recipients = envelope.rcpt_tos
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given.password == b"right", handled=False)


@pytest.fixture
def smtp() -> Iterator[tuple[Server, int]]:
    server, port = Server(), free_port()
    controller = Controller(server, "127.0.0.1", port, authenticator=server.authenticate, auth_require_tls=False)
    controller.start()
    yield server, port
    controller.stop()


@pytest.fixture
def email(ada: User, acme: Business, smtp: tuple[Server, int], settings: Any) -> Channel:
    settings.OUTBOUND_ALLOW = [*settings.OUTBOUND_ALLOW, "127.0.0.1"]
    return create_channel(actor=ada, type=ChannelType.EMAIL, config=config(smtp[1]))


def config(port: int, password: str = "right") -> dict[str, Any]:
    return {
        "address": "help@acme.example",
        "from_name": "Acme Help",
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_username": "help",
        "smtp_password": password,
        "smtp_use_tls": False,
        "inbound_secret": SECRET,
    }


def mail(
    body: str = "Where is it?", sender: str = "Cleo <cleo@example.net>", to: str = "help@acme.example", **more: str
) -> bytes:
    fields = {"From": sender, "To": to, "Subject": "Order 1009", **{k.replace("_", "-"): v for k, v in more.items()}}
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n" + body.encode()


def comes(raw: bytes, secret: str = SECRET) -> int:
    signed = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    answer = Client().post(PATH, raw, content_type="message/rfc822", headers={"X-PingBack-Signature": signed})
    intake.work()
    return answer.status_code


def send_all() -> None:
    for delivery in deliveries.claim(10):
        deliveries.attempt(delivery)


def words(out: EmailMessage, kind: str = "plain") -> str:
    body = out.get_body((kind,))
    assert body
    return str(body.get_content()).replace("\r\n", "\n").strip()


def test_a_mail_is_answered_and_the_answer_to_that_joins(email: Channel, ada: User, smtp: tuple[Server, int]) -> None:
    assert comes(mail(Message_ID="<1@example.net>")) == 200
    assert comes(mail(Message_ID="<1@example.net>")) == 200  # the same, once more
    first = Message.objects.get()
    assert first.content == "Order 1009\n\nWhere is it?"

    builders.answers(ada, first.conversation, "It left today.")
    send_all()

    (out,) = smtp[0].mails
    assert out["To"] == "cleo@example.net"
    assert out["Subject"] == "Re: Order 1009"
    assert out["In-Reply-To"] == "<1@example.net>"
    assert out["From"] == "Acme Help <help@acme.example>"
    assert "Auto-Submitted" not in out
    assert words(out).startswith("It left today.\n\nOn ")
    assert words(out).endswith("Cleo wrote:\n> Order 1009\n>\n> Where is it?")
    assert "<blockquote" in words(out, "html")

    quoted = (
        "Thanks!\r\n\r\nOn Wed, Jan 7, 2026 at 9:14 AM Acme Help <help@acme.example> wrote:\r\n> It left today.\r\n"
    )
    by_token = mail(quoted, to=out["Reply-To"].addresses[0].addr_spec, Message_ID="<2@example.net>")
    by_reference = mail("And when?", Message_ID="<3@example.net>", In_Reply_To=str(out["Message-ID"]))
    assert comes(by_token) == comes(by_reference) == 200
    texts = list(Message.objects.order_by("seq").values_list("conversation", "content"))
    assert texts[2:] == [(first.conversation_id, "Thanks!"), (first.conversation_id, "And when?")]


def test_an_answer_is_one_mail_with_all_of_its_files_in_words_and_in_html(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    conversation = Conversation.objects.get()
    text = "Read <b>this</b>:\nhttps://acme.example/?a=1&b=2."
    attached(ada, conversation, text, sizes=[10, 20, 30])
    send_all()

    (out,) = smtp[0].mails
    assert [part.get_filename() for part in out.iter_attachments()] == ["0.txt", "1.txt", "2.txt"]
    assert [len(part.get_content()) for part in out.iter_attachments()] == [10, 20, 30]
    assert words(out).splitlines()[: len(text.splitlines())] == text.splitlines()
    link = '<a href="https://acme.example/?a=1&amp;b=2">https://acme.example/?a=1&amp;b=2</a>.'
    assert f"Read &lt;b&gt;this&lt;/b&gt;:<br>\n{link}" in words(out, "html")
    assert "src=" not in words(out, "html")
    assert Message.objects.last().status == MessageStatus.SENT  # type: ignore[union-attr]


def test_files_that_are_too_much_for_one_mail_go_in_as_few_as_it_takes(
    email: Channel, ada: User, smtp: tuple[Server, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmailAdapter, "capabilities", replace(EmailAdapter.capabilities, together=15_000))
    comes(mail(Message_ID="<1@example.net>"))
    attached(ada, Conversation.objects.get(), "Three big ones.", sizes=[8_000, 6_000, 8_000])
    send_all()
    send_all()

    names = [[part.get_filename() for part in out.iter_attachments()] for out in smtp[0].mails]
    assert names == [["0.txt", "1.txt"], ["2.txt"]]
    assert len({str(out["Message-ID"]) for out in smtp[0].mails}) == 2


def test_a_persons_answer_goes_to_everybody_who_got_the_mail_and_to_no_address_of_ours(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    to = "help@acme.example, Help <help+old@acme.example>, dora@example.net"
    comes(mail(Message_ID="<1@example.net>", to=to, Cc="noreply@example.net, Eve <eve@example.org>, cleo@example.net"))
    conversation = Conversation.objects.get()
    page = Client()
    page.force_login(ada)
    assert "Copies to dora@example.net, eve@example.org" in page.get(f"/inbox/{conversation.pk}/").content.decode()

    builders.answers(ada, conversation, "It left today.")
    send_all()
    (out,) = smtp[0].mails
    assert (out["To"], out["Cc"]) == ("cleo@example.net", "dora@example.net, eve@example.org")
    assert smtp[0].recipients == ["cleo@example.net", "dora@example.net", "eve@example.org"]

    comes(mail("Just me.", Message_ID="<2@example.net>", In_Reply_To=str(out["Message-ID"])))
    builders.answers(ada, conversation, "Fine.")
    send_all()
    assert smtp[0].mails[1]["Cc"] is None


def test_who_gets_copies_is_told_over_the_api(email: Channel, ada: User) -> None:
    comes(mail(Message_ID="<1@example.net>", Cc="Eve <eve@example.org>"))
    path = f"/api/v1/conversations/{Conversation.objects.get().pk}/limits"

    told = builders.api(ada).get(path).json()

    assert (told["copies"], told["max_text"], told["window_hours"]) == (["eve@example.org"], 100_000, None)


def test_a_copy_that_is_wanted_later_holds_the_mail_back_and_then_is_told_as_left_out(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>", Cc="eve@example.org"))
    conversation = Conversation.objects.get()
    answer = builders.answers(ada, conversation, "It left today.")
    smtp[0].later = {"eve@example.org"}

    for _try in range(TRIES_FOR_COPIES):
        Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        Channel.objects.update(held_until=None)
        send_all()
    assert smtp[0].mails == []
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    Channel.objects.update(held_until=None)
    send_all()

    assert smtp[0].recipients == ["cleo@example.net"]
    answer.refresh_from_db()
    assert answer.status == MessageStatus.SENT
    page = Client()
    page.force_login(ada)
    thread = page.get(f"/inbox/{conversation.pk}/").content.decode()
    assert "The mail server took no copy for eve@example.org" in thread


def test_a_mail_that_comes_late_says_when_it_was_sent_and_one_of_a_machine_that_it_is(
    email: Channel, ada: User
) -> None:
    hours_ago = timezone.now() - timedelta(hours=3)
    comes(mail(Message_ID="<1@example.net>", Date=format_datetime(hours_ago), Auto_Submitted="auto-generated"))
    conversation = Conversation.objects.get()

    told = builders.api(ada).get(f"/api/v1/conversations/{conversation.pk}/messages").json()["results"][0]
    assert (told["sent_at"], told["automated"]) == (hours_ago.strftime("%Y-%m-%dT%H:%M:%SZ"), True)
    page = Client()
    page.force_login(ada)
    thread = page.get(f"/inbox/{conversation.pk}/").content.decode()
    assert f'<time datetime="{hours_ago:%Y-%m-%dT%H:%M:%S}+00:00"' in thread
    assert "Automatic</span>" in thread


def test_a_machines_answer_goes_to_the_customer_alone(email: Channel, smtp: tuple[Server, int]) -> None:
    comes(mail(Message_ID="<1@example.net>", Cc="dora@example.net"))
    draft = Draft(
        conversation_id=Conversation.objects.get().pk, sender_type=SenderType.AGENT, content="Hello.", ai_sources=[]
    )
    post_messages([draft])
    send_all()

    assert smtp[0].mails[0]["Cc"] is None


def test_a_copy_that_the_server_refuses_keeps_the_answer_from_nobody_else(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>", Cc="gone@example.net, dora@example.net"))
    smtp[0].unknown = {"gone@example.net"}
    message = builders.answers(ada, Conversation.objects.get(), "It left today.")
    send_all()

    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
    assert smtp[0].recipients == ["cleo@example.net", "dora@example.net"]


def attached(ada: User, conversation: Conversation, text: str, *, sizes: list[int]) -> None:
    ids = [
        store_upload(conversation=conversation, name=f"{n}.txt", file=BytesIO(b"x" * size), size=size, uploader=ada).pk
        for n, size in enumerate(sizes)
    ]
    send_reply(conversation=conversation, author=ada, content=text, attachments=ids)


def test_what_a_first_mail_forwards_is_shown(email: Channel) -> None:
    forwarded = "Is this real?\r\n\r\n---------- Forwarded message ---------\r\nFrom: x@y.example\r\n\r\nYou won."
    comes(mail(forwarded, Message_ID="<1@example.net>"))
    assert Message.objects.get().content.endswith("You won.")


def test_a_stranger_who_knows_token_and_ids_gets_a_conversation_of_their_own(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    builders.answers(ada, Conversation.objects.get(), "It left today.")
    send_all()
    (out,) = smtp[0].mails

    to = out["Reply-To"].addresses[0].addr_spec
    comes(mail(sender="mallory@evil.example", to=to, Message_ID="<9@evil.example>", References="<1@example.net>"))
    comes(mail("Still me.", to=to, Message_ID="<2@example.net>", References="<9@evil.example> <1@example.net>"))

    assert sorted(Conversation.objects.values_list("customer__email", "last_seq")) == [
        ("cleo@example.net", 3),
        ("mallory@evil.example", 1),
    ]


def test_a_mail_that_nobody_vouches_for_is_refused_and_one_for_nobody_is_dropped(email: Channel) -> None:
    assert comes(mail(), secret="guessed") == 400
    assert comes(mail(to="else@other.example")) == 200
    assert not Message.objects.exists()


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

    refused = Client().post(PATH, body.replace(b"tok", b"tik"), content_type=kind, headers={})
    answer = Client().post(PATH, body, content_type=kind, headers=headers)
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


def unreadable() -> str:
    """More parts than anybody reads."""
    return "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\n" * 2_000


def test_a_bounce_fails_the_message_and_an_auto_reply_starts_nothing(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    answer = builders.answers(ada, Conversation.objects.get(), "It left today.")
    send_all()
    sent_id = str(smtp[0].mails[0]["Message-ID"])

    comes(mail("Away.", sender="other@example.net", Auto_Submitted="auto-replied", Message_ID="<7@example.net>"))
    comes(
        mail(
            f"550 5.1.1 No such user\r\nMessage-ID: {sent_id}", sender="MAILER-DAEMON@mx.example.net", Return_Path="<>"
        )
    )

    answer.refresh_from_db()
    assert answer.status == MessageStatus.FAILED
    assert "came back" in answer.error
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize(
    ("refusal", "state", "words"),
    [
        ("550 5.1.1 no such user", DeliveryState.FAILED, "does not exist"),
        ("554 5.7.1 spam", DeliveryState.FAILED, "rule of its own"),
        ("451 greylisted", DeliveryState.QUEUED, "try again later"),
    ],
)
def test_a_servers_refusal_is_told_in_words(
    email: Channel, ada: User, smtp: tuple[Server, int], refusal: str, state: str, words: str
) -> None:
    comes(mail())
    builders.answers(ada, Conversation.objects.get(), "Hello")
    smtp[0].refusal = refusal

    send_all()

    row = Delivery.objects.get()
    assert (row.state, words in row.last_error) == (state, True)


def test_connecting_signs_in_and_a_wrong_password_says_so(email: Channel, ada: User, smtp: tuple[Server, int]) -> None:
    connecting.connect(email)
    email.refresh_from_db()
    assert email.state == ChannelState.CONNECTED
    assert email.setup["steps"][0]["value"] == builders.public_url(PATH)

    wrong = create_channel(actor=ada, type=ChannelType.EMAIL, config=config(smtp[1], password="wrong"))
    assert "password" in connecting.connect(wrong).detail
    wrong.refresh_from_db()
    assert wrong.state == ChannelState.ERROR


def test_a_mail_server_inside_is_never_called(email: Channel, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = []
    assert "may not be called" in connecting.connect(email).detail


def test_tls_is_asked_for_and_nothing_is_sent_without_it(email: Channel, ada: User, smtp: tuple[Server, int]) -> None:
    email.config["smtp_use_tls"] = True
    email.save()
    comes(mail())
    builders.answers(ada, Conversation.objects.get(), "Hello")

    send_all()

    assert smtp[0].mails == []
    email.refresh_from_db()
    assert "TLS" in email.state_detail


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (421, "", Kind.TRANSIENT),
        (452, "", Kind.TRANSIENT),
        (530, "", Kind.CREDENTIALS),
        (535, "5.7.8", Kind.CREDENTIALS),
        (550, "5.1.10", Kind.UNREACHABLE),
        (550, "5.7.26 DMARC", Kind.PERMANENT),
        (552, "", Kind.PERMANENT),
        (553, "", Kind.UNREACHABLE),
        (554, "", Kind.PERMANENT),
    ],
)
def test_reply_codes_have_their_kinds(code: int, words: str, kind: str) -> None:
    assert of_code(code, words).kind == kind
