"""The line to a mail server on its bad days: one that drips, one that is rude at the end, one that falls silent."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import deliveries, idling, mailboxes
from channels_app.adapters.email import mailbox, sending
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.models import Channel, Delivery, DeliveryState, Mailbox
from channels_app.services import create_channel
from conversations.models import ChannelType, Message, MessageStatus
from tests import builders
from tests.fakes.server import Answer
from tests.fakes.smtp import PASSWORD, USER, Smtp


@pytest.fixture(autouse=True)
def on_loopback(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = [*settings.OUTBOUND_ALLOW, "127.0.0.1"]


@pytest.fixture
def drips() -> Iterator[Callable[[bytes], int]]:
    """`drips(b"220")` is the port of a server that says this, and then a letter at a time for ever."""
    over = threading.Event()
    servers: list[socketserver.ThreadingTCPServer] = []

    def begin(words: bytes) -> int:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.sendall(words)
                while not over.wait(0.02):
                    self.request.sendall(b"x")

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.handle_error = lambda *_given: None  # type: ignore[method-assign]  # it is cut, that is the point
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return int(server.server_address[1])

    yield begin
    over.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def smtp_at(port: int, *, use_tls: bool = False) -> sending.Server:
    return sending.Server(host="127.0.0.1", port=port, username=USER, password=PASSWORD, use_tls=use_tls)


def imap_at(port: int, *, use_tls: bool = False) -> mailbox.Server:
    return mailbox.Server(host="127.0.0.1", port=port, username="u", password="p", folder="INBOX", use_tls=use_tls)


@pytest.mark.parametrize("words", [b"220", b"\x16\x03\x03\x40\x00"], ids=["greeting", "TLS"])
def test_a_server_that_drips_is_left_when_its_time_is_over(
    drips: Callable[[bytes], int], words: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, use_tls = drips(words), words[0] == 0x16
    for module in (sending, mailbox):
        monkeypatch.setattr(module, "WHOLE_SECONDS", 0.3)
        monkeypatch.setattr(module, "TLS_AT_ONCE", port)

    with pytest.raises(DeliveryError) as of_smtp:
        sending.log_in(smtp_at(port, use_tls=use_tls))
    with pytest.raises(DeliveryError) as of_imap, mailbox.opened(imap_at(port, use_tls=use_tls), whole_seconds=None):
        pass

    assert of_smtp.value.kind == of_imap.value.kind == Kind.TRANSIENT


def test_a_mail_that_was_taken_is_sent_however_rude_the_goodbye(ada: User, acme: Business) -> None:
    with Smtp() as server:
        server.goodbye = "421 4.3.2 going away"
        message = answered(ada, acme, server)

        send_due()

        message.refresh_from_db()
        assert message.status == MessageStatus.SENT
        assert len(server.sent) == 1


def test_a_server_that_falls_silent_after_the_words_gets_the_same_mail_once_more_and_no_more(
    ada: User, acme: Business
) -> None:
    with Smtp() as server:
        server.next.extend([Answer(drop=True), Answer(drop=True)])
        message = answered(ada, acme, server)

        for _ in range(3):
            send_due()
            Delivery.objects.filter(state=DeliveryState.QUEUED).update(due_at=timezone.now() - timedelta(seconds=1))

        message.refresh_from_db()
        assert message.error == "It may have arrived, perhaps twice: the provider never said."
        assert len({message_from_bytes(call.body)["Message-ID"] for call in server.sent}) == 1
        assert len(server.sent) == 2


def test_a_line_that_begins_with_a_dot_arrives_with_it(ada: User, acme: Business) -> None:
    with Smtp() as server:
        answered(ada, acme, server, "Look:\n.profile\n..\n.")

        send_due()

        assert server.sent[0].fields["text"].splitlines()[:4] == ["Look:", ".profile", "..", "."]


@pytest.mark.django_db(transaction=True)
def test_mailboxes_that_did_not_answer_are_asked_apart_from_the_others(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    well, ailing = mailboxes_of(ada, 2)
    Channel.objects.update(state="connected")
    Mailbox.objects.create(channel=ailing, last_error="The server of the mailbox does not answer.")
    looked: list[Any] = []
    monkeypatch.setattr(mailboxes, "look", lambda pk: looked.append(Mailbox.objects.get(pk=pk).channel_id))

    mailboxes.fetch_due(threading.Event())
    mailboxes.fetch_due(threading.Event(), ailing=True)

    assert looked == [well.pk, ailing.pk]


def test_mailboxes_whose_servers_tell_nothing_keep_no_other_from_being_listened_to(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels = mailboxes_of(ada, 4)
    Channel.objects.update(state="connected")
    boxes = [Mailbox.objects.create(channel=channel, looked_at=timezone.now()) for channel in channels]
    for box in boxes[:3]:
        cache.set(f"idle:{box.pk}", 1, 60)
    cache.delete(f"idle:{boxes[3].pk}")
    heard: list[int] = []
    monkeypatch.setattr(idling, "MOST", 2)
    monkeypatch.setattr(idling, "_listeners", {})
    monkeypatch.setattr(idling, "hear", lambda pk, _stop: heard.append(pk))

    idling.listen(threading.Event())
    for thread in idling._listeners.values():
        thread.join(60)

    assert heard == [boxes[3].pk]


def mailboxes_of(ada: User, count: int) -> list[Channel]:
    config = {"smtp_host": "127.0.0.1", "imap_host": "127.0.0.1"}
    addresses = [f"help{number}@acme.example" for number in range(count)]
    return [
        create_channel(actor=ada, type=ChannelType.EMAIL, config=config | {"address": address}) for address in addresses
    ]


def answered(ada: User, acme: Business, server: Smtp, text: str = "It left today.") -> Message:
    config = {
        "address": "help@acme.example",
        "smtp_host": "127.0.0.1",
        "smtp_port": server.port,
        "smtp_username": USER,
        "smtp_password": PASSWORD,
        "smtp_use_tls": False,
    }
    channel = create_channel(actor=ada, type=ChannelType.EMAIL, config=config)
    conversation = builders.conversation(acme, type=ChannelType.EMAIL, channel=channel)
    conversation.customer.email = "cleo@example.net"
    conversation.customer.save()
    return builders.answers(ada, conversation, text)


def send_due() -> None:
    for delivery in deliveries.claim(10):
        deliveries.attempt(delivery)
