"""The mail about what is unread, up to a mail server on loopback."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuthSession, User
from businesses.models import AgentStatus, Business, Membership
from conversations.models import Conversation
from conversations.services.assigning import assign_conversation
from tests import builders
from tests.fakes.server import Answer
from tests.fakes.smtp import PASSWORD, USER, Smtp
from workflows.digest import mail_due
from workflows.listening import listen
from workflows.models import Notification, NotificationSetting

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Any) -> Iterator[Smtp]:
    with Smtp() as fake:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", fake.port
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = USER, PASSWORD
        yield fake


@pytest.fixture
def talk(ada: User, ben: User, acme: Business) -> Conversation:
    """Ben's, who is not here; Cleo wrote an hour ago. Nobody else is told of anything."""
    found = builders.conversation(acme)
    assign_conversation(conversation=found, actor=ada, agent_id=ben.pk)
    listen(threading.Event())
    Notification.objects.all().delete()
    builders.says(found, "Where is my parcel?")
    listen(threading.Event())
    AuthSession.objects.all().delete()
    pass_time(hours=1)
    return found


def pass_time(**time: int) -> None:
    for row in Notification.objects.all():
        Notification.objects.filter(pk=row.pk).update(
            created_at=row.created_at - timedelta(**time),
            mail_due_at=row.mail_due_at and row.mail_due_at - timedelta(**time),
        )


def work() -> None:
    mail_due(threading.Event())


def mails(server: Smtp) -> list[Any]:
    return [message_from_bytes(call.body, policy=default) for call in server.sent]


def words(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def waits() -> int:
    return Notification.objects.filter(mail_due_at__isnull=False).count()


def test_one_mail_says_all_that_is_unread_and_none_says_it_again(
    server: Smtp, talk: Conversation, ada: User, ben: User, acme: Business
) -> None:
    other = builders.conversation(acme)
    assign_conversation(conversation=other, actor=ada, agent_id=ben.pk)
    work()
    work()
    [mail] = mails(server)
    text = words(mail)
    assert (mail["to"], mail["list-unsubscribe-post"]) == (ben.email, "List-Unsubscribe=One-Click")
    assert "Cleo wrote to you" in text
    assert "Where is my parcel?" in text
    assert "Ada assigned you the conversation with Cleo" in text
    assert f"/inbox/{talk.pk}/" in text
    assert "/settings/notifications/" in text
    assert waits() == 0

    builders.says(talk, "Hello?")
    listen(threading.Event())
    pass_time(hours=1)
    work()
    assert len(server.sent) == 2
    assert "Hello?" in words(mails(server)[1])
    assert "assigned you" not in words(mails(server)[1])


@pytest.mark.parametrize("why", ["read", "left", "no mails", "not wanted", "too old"])
def test_nobody_is_written_to_who_does_not_want_it_or_has_seen_it(
    server: Smtp, talk: Conversation, ben: User, why: str
) -> None:
    if why == "read":
        builders.api(ben).post(f"/api/v1/conversations/{talk.pk}/read", {"seq": 2})
        AuthSession.objects.all().delete()
    elif why == "left":
        Membership.objects.filter(user=ben).update(is_active=False)
    elif why == "no mails":
        NotificationSetting.objects.create(user=ben, mail_after=None)
    elif why == "not wanted":
        NotificationSetting.objects.create(user=ben, not_mailed=["message"])
    else:
        pass_time(days=1)
    work()
    assert (server.sent, waits()) == ([], 0)


@pytest.mark.parametrize("why", ["not yet", "live", "was here"])
def test_who_is_here_or_may_still_come_is_not_written_to_yet(
    server: Smtp, talk: Conversation, ben: User, why: str
) -> None:
    if why == "not yet":
        NotificationSetting.objects.create(user=ben, mail_after=120)
    elif why == "live":
        Membership.objects.filter(user=ben).update(status=AgentStatus.LIVE)
    else:
        builders.token(ben)
    work()
    assert (server.sent, waits()) == ([], 1)
    assert Notification.objects.get().mail_due_at > timezone.now()  # nobody asks again until then

    Membership.objects.filter(user=ben).update(status=AgentStatus.OFFLINE)
    AuthSession.objects.all().delete()
    pass_time(hours=2)
    work()
    assert (len(server.sent), waits()) == (1, 0)


def test_what_no_mail_server_took_is_mailed_later(server: Smtp, talk: Conversation) -> None:
    server.next.append(Answer(status=451))
    work()
    assert waits() == 1
    tried = len(server.sent)
    work()
    assert len(server.sent) == tried
    pass_time(minutes=10)
    work()
    assert waits() == 0
    assert len(server.sent) == tried + 1


def test_the_link_in_it_ends_these_mails_without_a_sign_in(server: Smtp, talk: Conversation, ben: User) -> None:
    work()
    address = urlsplit(mails(server)[0]["list-unsubscribe"].strip(" <>")).path
    client = Client(enforce_csrf_checks=True)
    assert "No more mails about what is unread?" in client.get(address).content.decode()
    assert not NotificationSetting.objects.exists()
    assert "No more mails" in client.post(address, {"List-Unsubscribe": "One-Click"}).content.decode()
    assert NotificationSetting.objects.get(user=ben).mail_after is None
    assert client.get("/notifications/no-mails/x/").status_code == 404
