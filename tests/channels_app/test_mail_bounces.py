"""Mails that come back: a message has failed, and an address that does not exist is marked until they write."""

import pytest

from accounts.models import User
from businesses.models import Business
from channels_app.first import write_first
from channels_app.models import Channel
from conversations.models import Conversation, MessageStatus
from tests import builders
from tests.channels_app.mailing import Server, comes, mail, send_all

pytestmark = pytest.mark.django_db


def test_a_bounce_fails_the_message_and_an_auto_reply_starts_nothing(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    answer = builders.answers(ada, Conversation.objects.get(), "It left today.")
    send_all()
    sent_id = str(smtp[0].mails[0]["Message-ID"])

    comes(mail("Away.", sender="other@example.net", Auto_Submitted="auto-replied", In_Reply_To="<6@a>"))
    comes(
        mail(
            f"550 5.1.1 No such user\r\nMessage-ID: {sent_id}", sender="MAILER-DAEMON@mx.example.net", Return_Path="<>"
        )
    )

    answer.refresh_from_db()
    assert answer.status == MessageStatus.FAILED
    assert "came back" in answer.error
    assert Conversation.objects.count() == 1


def test_an_address_that_does_not_exist_is_marked_until_its_customer_writes(
    email: Channel, ada: User, acme: Business, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    conversation = Conversation.objects.get()
    builders.answers(ada, conversation, "It left today.")
    send_all()
    sent_id = str(smtp[0].mails[0]["Message-ID"])
    client, page = builders.browser(ada), f"/inbox/{conversation.pk}/"
    shown = "Until the customer writes, what you send does not arrive."
    limits = f"/api/v1/conversations/{conversation.pk}/limits"

    full = "550 5.2.2 Mailbox full"
    comes(mail(f"{full}\r\nMessage-ID: {sent_id}", sender="MAILER-DAEMON@mx.example.net", Return_Path="<>"))
    assert shown not in client.get(page).content.decode()

    gone = "550 5.1.1 No such user"
    comes(mail(f"{gone}\r\nMessage-ID: {sent_id}\r\n", sender="MAILER-DAEMON@mx.example.net", Return_Path="<>"))
    told = client.get(page).content.decode()
    assert shown in told
    assert told.count("The mail came back: 550 5.1.1 No such user") >= 2  # at the composer and at the customer
    assert "No such user" in builders.api(ada).get(limits).json()["unreachable"]
    answer = builders.answers(ada, conversation, "It is there.")  # who knows better may try
    send_all()
    answer.refresh_from_db()
    assert answer.status == MessageStatus.SENT

    comes(mail("Here I am.", In_Reply_To=sent_id, Message_ID="<2@example.net>"))
    assert shown not in client.get(page).content.decode()
    assert builders.api(ada).get(limits).json()["unreachable"] == ""


def test_an_address_that_only_the_team_wrote_to_is_marked_and_nobody_is_known_by_it(
    email: Channel, ada: User, acme: Business, smtp: tuple[Server, int]
) -> None:
    cleo = builders.customer(acme, name="Cleo", email="cleo@exmaple.net")
    conversation = write_first(author=ada, customer=cleo, channel=email, content="It left.", subject="Your parcel")
    smtp[0].unknown = {"cleo@exmaple.net"}
    send_all()

    told = builders.browser(ada).get(f"/inbox/{conversation.pk}/").content.decode()
    assert "Until the customer writes, what you send does not arrive." in told
    assert (
        "says that this address does not exist" in builders.browser(ada).get(f"/customers/{cleo.pk}/").content.decode()
    )

    comes(mail("It is mine now.", sender="cleo@exmaple.net", Message_ID="<3@example.net>"))
    assert Conversation.objects.exclude(pk=conversation.pk).get().customer != cleo
