"""Mail fetched from a mailbox: a real Dovecot, whose INBOX somebody reads as well."""

import imaplib
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from channels_app import connecting, credentials, deliveries, files, idling, intake, mailboxes
from channels_app.adapters.email import mailbox
from channels_app.models import Channel, ChannelState, Mailbox, RawEvent, RawState
from channels_app.services import create_channel, update_channel
from conversations.models import ChannelType, Message
from tests import builders
from tests.channels_app.mailing import comes, config, mail
from tests.fakes.dovecot import Dovecot
from tests.fakes.smtp import USER, Smtp


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot()
    yield server
    server.end()


@pytest.fixture
def box(dovecot: Dovecot) -> str:
    """The name of somebody who has an empty INBOX."""
    return f"u{uuid4().hex[:8]}"


@pytest.fixture
def email(ada: User, acme: Business, smtp: Any, dovecot: Dovecot, box: str, settings: Any) -> Channel:
    settings.OUTBOUND_ALLOW = [*settings.OUTBOUND_ALLOW, "127.0.0.1"]
    return create_channel(actor=ada, type=ChannelType.EMAIL, config=fetched(smtp[1], dovecot, box))


def fetched(smtp_port: int, dovecot: Dovecot, box: str, **more: Any) -> dict[str, Any]:
    return config(smtp_port) | {
        "imap_host": "127.0.0.1",
        "imap_port": dovecot.port,
        "imap_username": box,
        "imap_password": "right",
        "imap_use_tls": False,
        **more,
    }


def look(channel: Channel) -> None:
    """As the worker does when it is due."""
    mailbox, _made = Mailbox.objects.get_or_create(channel=channel)
    Mailbox.objects.filter(pk=mailbox.pk).update(due_at=channel.created_at)
    mailboxes.look(mailbox.pk)
    intake.work()


def contents() -> list[str]:
    return list(Message.objects.order_by("created_at").values_list("content", flat=True))


def test_what_comes_from_now_on_is_taken_in_once(email: Channel, dovecot: Dovecot, box: str) -> None:
    dovecot.deliver(box, mail("Of last year.", Message_ID="<0@example.net>"))
    assert connecting.connect(email).ok
    look(email)
    dovecot.deliver(box, mail("One", Message_ID="<1@example.net>"), mail("Two", Message_ID="<2@example.net>"))
    look(email)
    look(email)

    assert contents() == ["Order 1009\n\nOne", "Order 1009\n\nTwo"]
    assert comes(mail("One", Message_ID="<1@example.net>")) == 200  # the mail service's webhook has it, too
    assert len(contents()) == 2
    assert dovecot.unread(box) == 3
    assert Mailbox.objects.get().looked_at


def test_files_come_along(email: Channel, dovecot: Dovecot, box: str) -> None:
    look(email)
    attached = (
        b"From: cleo@example.net\r\nTo: help@acme.example\r\nMessage-ID: <f@example.net>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee\r\n'
        b"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n1,2\r\n--b--\r\n"
    )
    dovecot.deliver(box, attached)
    look(email)
    for media in files.claim(most=10):
        files.fetch(media)

    assert [one["filename"] for one in Message.objects.get().attachments] == ["a.csv"]


def test_numbers_that_begin_anew_lose_and_double_nothing(email: Channel, dovecot: Dovecot, box: str) -> None:
    look(email)
    dovecot.deliver(box, mail("One", Message_ID="<1@example.net>"))
    look(email)
    before = Mailbox.objects.get()
    dovecot.begin_anew(box)
    dovecot.deliver(box, mail("Two", Message_ID="<2@example.net>"))
    look(email)

    assert Mailbox.objects.get().validity != before.validity
    assert contents() == ["Order 1009\n\nOne", "Order 1009\n\nTwo"]


def test_of_numbers_that_begin_anew_in_a_quiet_week_nothing_old_is_taken_in(
    email: Channel, dovecot: Dovecot, box: str
) -> None:
    months_ago = imaplib.Time2Internaldate(email.created_at - timedelta(days=40))
    with imaplib.IMAP4("127.0.0.1", dovecot.port, timeout=30) as client:
        client.login(box, "right")
        assert client.append("INBOX", "", months_ago, mail("Old", Message_ID="<0@example.net>"))[0] == "OK"
    look(email)
    dovecot.begin_anew(box)
    look(email)
    look(email)
    assert contents() == []

    dovecot.deliver(box, mail("New", Message_ID="<1@example.net>"))
    look(email)
    assert contents() == ["Order 1009\n\nNew"]


def test_a_mail_that_breaks_its_reader_is_set_aside_and_the_next_is_read(
    email: Channel, dovecot: Dovecot, box: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(email)
    poison = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 1_100 + b"--b--\r\n"
    monkeypatch.setattr("channels_app.adapters.email.mailbox.MAX_BYTES", 30_000)
    dovecot.deliver(box, poison, mail("x" * 40_000), mail("Fine", Message_ID="<2@example.net>"))
    look(email)

    assert contents() == ["Order 1009\n\nFine"]
    reasons = RawEvent.objects.filter(state=RawState.FAILED).order_by("pk").values_list("last_error", flat=True)
    assert [reason.split(". ")[0] for reason in reasons] == [
        "The mail has too many parts.",
        "A mail is too big to be taken in",
    ]
    too_big = RawEvent.objects.get(last_error__startswith="A mail is too big")
    assert intake.replay(too_big)
    intake.work()
    too_big.refresh_from_db()
    assert (too_big.state, too_big.last_error) == (RawState.FAILED, "The mail is still in the mailbox.")


def test_a_mail_that_never_comes_is_set_aside_after_some_looks_and_the_next_is_read(
    email: Channel, dovecot: Dovecot, box: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(email)
    stuck = Mailbox.objects.get().last_uid + 1
    dovecot.deliver(box, mail("Endless", Message_ID="<1@example.net>"), mail("Fine", Message_ID="<2@example.net>"))
    fetched_whole = mailbox.Folder.raw

    def raw(folder: mailbox.Folder, uid: int) -> bytes | None:
        if uid == stuck:
            raise TimeoutError
        return fetched_whole(folder, uid)

    monkeypatch.setattr(mailbox.Folder, "raw", raw)
    for _time in range(mailboxes.TRIES + 1):
        look(email)
        assert contents() == []
    look(email)

    assert contents() == ["Order 1009\n\nFine"]
    kept = RawEvent.objects.get(state=RawState.FAILED)
    assert kept.last_error == "A mail could not be fetched. It is still in the mailbox."


def test_several_mails_that_never_come_are_set_aside_and_those_behind_them_are_read(
    email: Channel, dovecot: Dovecot, box: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(email)
    first = Mailbox.objects.get().last_uid + 1
    stuck = {first, first + 1}
    dovecot.deliver(box, *(mail(f"Number {number}", Message_ID=f"<{number}@example.net>") for number in range(6)))
    fetched_whole = mailbox.Folder.raw

    def raw(folder: mailbox.Folder, uid: int) -> bytes | None:
        if uid in stuck:
            raise TimeoutError
        return fetched_whole(folder, uid)

    monkeypatch.setattr(mailbox.Folder, "raw", raw)
    for _time in range(3 * mailboxes.TRIES):
        look(email)

    assert contents() == [f"Order 1009\n\nNumber {number}" for number in range(2, 6)]
    assert RawEvent.objects.filter(state=RawState.FAILED).count() == len(stuck)


def test_a_mailbox_that_opens_and_hands_out_nothing_has_no_mail_set_aside(
    email: Channel, dovecot: Dovecot, box: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(email)
    dovecot.deliver(box, mail("One", Message_ID="<1@example.net>"), mail("Two", Message_ID="<2@example.net>"))

    def nothing(folder: mailbox.Folder, uid: int) -> bytes | None:
        raise TimeoutError

    with monkeypatch.context() as away:
        away.setattr(mailbox.Folder, "raw", nothing)
        for _time in range(3 * mailboxes.TRIES):
            look(email)
    look(email)

    assert contents() == ["Order 1009\n\nOne", "Order 1009\n\nTwo"]
    assert not RawEvent.objects.filter(state=RawState.FAILED).exists()


def test_another_mailbox_begins_with_what_comes(
    email: Channel,
    ada: User,
    dovecot: Dovecot,
    box: str,
    smtp: Any,
) -> None:
    look(email)
    dovecot.deliver(box + "b", mail("Old", Message_ID="<1@example.net>"))
    update_channel(actor=ada, channel=email, config=fetched(smtp[1], dovecot, box + "b"))
    look(email)
    dovecot.deliver(box + "b", mail("New", Message_ID="<2@example.net>"))
    look(email)

    assert contents() == ["Order 1009\n\nNew"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"imap_password": "wrong"}, "The mailbox does not accept the user name or the password."),
        ({"imap_folder": "Nowhere"}, "There is no such folder in the mailbox."),
        ({"imap_host": "10.0.0.1"}, "This mail server may not be called."),
        ({"imap_host": "mail.acme.example", "imap_port": 22}, "This mail server may not be called."),
    ],
)
def test_a_mailbox_that_cannot_be_read_is_no_connection(
    wrong: dict[str, Any],
    reason: str,
    email: Channel,
    ada: User,
    smtp: Any,
    dovecot: Dovecot,
    box: str,
) -> None:
    changed = update_channel(actor=ada, channel=email, config=fetched(smtp[1], dovecot, box, **wrong))

    health = connecting.connect(changed)

    assert (health.ok, health.detail) == (False, reason)
    changed.refresh_from_db()
    assert changed.state == ChannelState.ERROR


def test_only_the_third_refusal_in_a_row_asks_for_the_owner(
    email: Channel,
    ada: User,
    smtp: Any,
    dovecot: Dovecot,
    box: str,
) -> None:
    assert connecting.connect(email).ok
    channel = update_channel(actor=ada, channel=email, config=fetched(smtp[1], dovecot, box, imap_password="other"))
    states = []
    for _number in range(3):
        look(channel)
        channel.refresh_from_db()
        states.append(channel.state)

    assert states == [ChannelState.CONNECTING, ChannelState.CONNECTING, ChannelState.ERROR]
    browser = Client()
    browser.force_login(ada)
    page = browser.get(f"/settings/channels/{channel.pk}/").content.decode()
    assert "Mailbox last read" in page
    assert "The mailbox does not accept the user name or the password." in page


@pytest.mark.parametrize("at_once", [True, False], ids=["IMAPS", "STARTTLS"])
def test_over_tls_only_with_a_certificate_that_is_good_for_the_name(
    at_once: bool,
    email: Channel,
    ada: User,
    smtp: Any,
    dovecot: Dovecot,
    box: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = dovecot.tls_port if at_once else dovecot.port
    monkeypatch.setattr(mailbox, "TLS_AT_ONCE", dovecot.tls_port)
    over_tls = {"imap_port": port, "imap_use_tls": True}
    channel = update_channel(actor=ada, channel=email, config=fetched(smtp[1], dovecot, box, **over_tls))

    mailbox.tls.cache_clear()
    assert connecting.connect(channel).detail == "The mail server's certificate is not good for its name."

    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    mailbox.tls.cache_clear()
    assert connecting.connect(channel).ok
    look(channel)
    dovecot.deliver(box, mail("Sealed", Message_ID="<1@example.net>"))
    look(channel)
    mailbox.tls.cache_clear()
    assert contents() == ["Order 1009\n\nSealed"]


@pytest.mark.django_db(transaction=True)
def test_a_server_that_tells_of_new_mail_is_read_at_once(
    email: Channel, dovecot: Dovecot, box: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connecting.connect(email).ok
    look(email)
    stop, looked = threading.Event(), idling.look

    def look_once(pk: int) -> None:
        looked(pk)
        stop.set()

    monkeypatch.setattr(idling, "look", look_once)
    threading.Timer(0.3, dovecot.deliver, [box, mail("Now", Message_ID="<1@example.net>")]).start()
    idling.hear(Mailbox.objects.get().pk, stop)

    assert stop.is_set()
    intake.work()
    assert contents() == ["Order 1009\n\nNow"]


def test_a_refresh_token_takes_the_place_of_the_passwords(
    email: Channel,
    ada: User,
    smtp: Any,
    dovecot: Dovecot,
    box: str,
) -> None:
    given = fetched(smtp[1], dovecot, box)
    for name in ("imap_password", "smtp_password"):
        del given[name]
    signed = {
        "oauth_refresh_token": f"refresh-{box}",
        "oauth_client_id": "acme",
        "oauth_client_secret": "canary-client-secret",
        "oauth_token_url": f"{dovecot.tokens.url}/token",
    }
    with Smtp() as server:
        server.token, own = f"access-{box}", {"smtp_username": USER, "smtp_port": server.port}
        channel = update_channel(actor=ada, channel=email, config=given | signed | own)
        assert connecting.connect(channel).ok
        look(channel)
        dovecot.deliver(box, mail("Over OAuth", Message_ID="<1@example.net>"))
        look(channel)
        builders.answers(ada, Message.objects.get().conversation, "Likewise")
        for delivery in deliveries.claim(4):
            deliveries.attempt(delivery)

        assert contents() == ["Order 1009\n\nOver OAuth", "Likewise"]
        assert [call.fields["text"].split()[0] for call in server.sent] == ["Likewise"]
        assert len(dovecot.tokens.sent) <= 2  # kept for as long as it is good; once more with the renewed one
        channel.refresh_from_db()
        assert credentials.reveal(channel)["oauth_refresh_token"] == f"refresh-more-{box}"

        expired = signed | {"oauth_refresh_token": "expired"}
        health = connecting.connect(update_channel(actor=ada, channel=channel, config=given | expired | own))
        assert "enter the new refresh token" in health.detail
