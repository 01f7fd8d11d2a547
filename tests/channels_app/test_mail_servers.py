"""The server that mails leave by: signing in, and what it says when it takes none."""

import smtplib
import threading
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from channels_app import checking, connecting
from channels_app.adapters.email.sending import error_of, of_code
from channels_app.adapters.email.threading import reply_address
from channels_app.adapters.errors import Kind
from channels_app.models import Channel, ChannelState, Delivery, DeliveryState
from channels_app.reconnecting import needs_reconnecting
from channels_app.services import create_channel, update_channel
from conversations.models import ChannelType, Conversation
from tests import builders
from tests.channels_app.mailing import PATH, Server, comes, config, mail, send_all


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
    assert "SPF" in email.setup["steps"][-1]["text"]

    other = config(smtp[1], password="wrong") | {"address": "desk@acme.example"}
    wrong = create_channel(actor=ada, type=ChannelType.EMAIL, config=other)
    assert "password" in connecting.connect(wrong).detail
    wrong.refresh_from_db()
    assert wrong.state == ChannelState.ERROR


def test_a_server_that_refuses_addresses_with_a_sign_is_told_before_answers_come_back(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    smtp[0].unknown = {reply_address("help@acme.example", email.pk)}

    told = connecting.connect(email)
    page = builders.browser(ada).get(f"/settings/channels/{email.pk}/").content.decode()
    assert (told.ok, told.detail.split(",")[0]) == (False, "The mail server refuses addresses like help+7k2x@")
    assert "Switch sub-addressing on" in page

    unsigned = update_channel(actor=ada, channel=email, config={**config(smtp[1]), "reply_sign": False})
    assert connecting.connect(unsigned).ok
    assert smtp[0].mails == []


@pytest.mark.django_db(transaction=True)
def test_a_server_that_refuses_the_sign_is_asked_again_as_any_other_and_its_mail_is_not_said_to_go_elsewhere(
    email: Channel, smtp: tuple[Server, int], mailoutbox: list[Any]
) -> None:
    connecting.connect(email)
    smtp[0].unknown = {reply_address("help@acme.example", email.pk)}
    Channel.objects.update(checked_at=None)
    checking.check_due(threading.Event())
    email.refresh_from_db()
    assert (email.setup["ok"], mailoutbox) == (False, [])

    needs_reconnecting(email, "The mail server does not accept the user name or the password.")
    Channel.objects.update(last_error_at=timezone.now() - 2 * connecting.AGAIN_AFTER_NO)
    connecting.connect_waiting(threading.Event())

    email.refresh_from_db()
    assert (email.state, email.setup["ok"]) == (ChannelState.CONNECTED, False)


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
    error = of_code(code, words)
    assert error.kind == kind
    assert ("password" in error.reason) == (code == 535)


@pytest.mark.parametrize("code", [530, 534, 535])
def test_a_sign_in_that_is_refused_is_told_with_the_servers_own_code(code: int) -> None:
    error = error_of(smtplib.SMTPAuthenticationError(code, b"no"))
    assert (error.kind, error.provider_code, "password" in error.reason) == (Kind.CREDENTIALS, str(code), True)
