"""Answers by mail to a visitor who has left: all that is unread, once, and not to who wants none."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from conversations.models import Customer, Message
from conversations.services.receipts import mark_read
from tests import builders
from widgets.away import mail_answers, mail_waiting, waiting
from widgets.links import link_for, visitor_of_link
from widgets.models import Visitor, Widget
from widgets.receiving import Received

pytestmark = pytest.mark.django_db


@pytest.fixture
def widget(acme: Business, ada: User) -> Widget:
    return builders.widget(ada, "acme.com")


@pytest.fixture
def cleo(acme: Business, widget: Widget) -> Received:
    return builders.visitor_writes(acme, "Do you ship?", widget=widget, claims={"email": "Cleo@example.com"})


@pytest.fixture
def sent(settings: Any, django_capture_on_commit_callbacks: Any, monkeypatch: Any) -> Callable[..., list[Any]]:
    """`sent(minutes=6)`: what the worker mails so much later."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr("foundation.mail.later", lambda work: work())

    def look(*, minutes: float = 6) -> list[Any]:
        before = len(mail.outbox)
        then = timezone.now() + timedelta(minutes=minutes)
        with time_machine.travel(then), django_capture_on_commit_callbacks(execute=True):
            mail_waiting(Event())
        return mail.outbox[before:]

    return look


def read(message: Message) -> None:
    mark_read(message=message)


def test_what_is_unread_goes_out_once_in_one_mail_and_later_only_what_is_new(
    ada: User, cleo: Received, sent: Callable[..., list[Any]], django_assert_num_queries: Any
) -> None:
    builders.answers(ada, cleo.conversation, "We do & gladly.")
    builders.answers(ada, cleo.conversation, "To <Madeira>, too.")

    assert sent(minutes=4) == []
    [first] = sent()
    assert sent() == []

    assert (first.to, first.subject) == (["Cleo@example.com"], "Acme has answered you")
    assert first.body.index("We do & gladly.") < first.body.index("To <Madeira>, too.")
    assert "Do you ship?" not in first.body
    [(html, _type)] = first.alternatives
    assert "To &lt;Madeira&gt;, too." in html
    builders.answers(ada, cleo.conversation, "By Friday.")
    [second] = sent()
    assert "By Friday." in second.body
    assert "gladly" not in second.body
    with django_assert_num_queries(1):
        assert waiting() == []


def test_nothing_is_mailed_that_was_read_or_has_no_address_or_nobody_wants(
    acme: Business, ada: User, widget: Widget, cleo: Received, sent: Callable[..., list[Any]], settings: Any
) -> None:
    read(builders.answers(ada, cleo.conversation, "We do."))
    nameless = builders.visitor_writes(acme, "And me?", widget=widget)
    builders.answers(ada, nameless.conversation, "You, too.")
    assert sent() == []

    builders.answers(ada, cleo.conversation, "And cheaply.")
    builders.visitor_writes(acme, "Thanks", visitor=cleo.visitor, widget=widget, conversation_id=cleo.conversation.pk)
    assert sent() == []

    builders.answers(ada, cleo.conversation, "Any time.")
    assert sent(minutes=60 * 25) == []
    settings.MAIL_ANSWERS_AFTER = 0
    assert sent() == []
    settings.MAIL_ANSWERS_AFTER = 300
    widget.config = {"mail_answers": False}
    widget.save()
    assert sent() == []


def test_a_worker_that_comes_second_mails_nothing(ada: User, cleo: Received, sent: Callable[..., list[Any]]) -> None:
    builders.answers(ada, cleo.conversation, "We do.")
    assert len(sent()) == 1

    assert mail_answers(conversation_id=cleo.conversation.pk) is False


def test_an_address_gets_so_many_a_day_whoever_named_it(
    acme: Business, ada: User, widget: Widget, sent: Callable[..., list[Any]], settings: Any
) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "ANSWERS_ADDRESS": (2, 86400)}
    for _ in range(3):
        visitor = builders.visitor_writes(acme, "Hi", widget=widget, claims={"email": "victim@example.com"})
        builders.answers(ada, visitor.conversation, "Hello")

    assert len(sent()) == 2


def test_the_link_opens_the_chat_as_its_visitor_and_the_other_one_ends_the_mails(
    acme: Business, ada: User, cleo: Received, sent: Callable[..., list[Any]]
) -> None:
    builders.answers(ada, cleo.conversation, "We do.")
    [first] = sent()
    stop = first.extra_headers["List-Unsubscribe"].strip("<>")
    path = "/" + stop.split("/", 3)[3]
    page = Client().get(path.removesuffix("stop/"))

    assert page.status_code == 200
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    key = page.content.decode().split('id="key" type="application/json">"')[1].split('"')[0]
    listed = builders.api().get(
        f"/api/v1/widget/{cleo.visitor.widget_id}/conversations", headers={"X-Visitor-Key": key}
    )
    assert [each["id"] for each in listed.json()["results"]] == [str(cleo.conversation.pk)]

    asked = Client(enforce_csrf_checks=True).get(path)
    assert "Stop these mails" in asked.content.decode()
    builders.answers(ada, cleo.conversation, "Still there?")
    pressed = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
    assert "No more mails" in pressed.content.decode()
    assert sent() == []


def test_mails_and_their_pages_speak_what_the_visitors_chat_spoke_last(
    ada: User, widget: Widget, cleo: Received, sent: Callable[..., list[Any]]
) -> None:
    address = f"/api/v1/widget/{widget.pk}/conversations"
    for language in ("de-AT", "ar", None):  # a caller that says nothing changes nothing
        headers = {"X-Visitor-Key": cleo.visitor_key} | ({"Accept-Language": language} if language else {})
        assert builders.api().get(address, headers=headers).status_code == 200
    builders.answers(ada, cleo.conversation, "We do & gladly.")
    [mailed] = sent()

    assert mailed.subject == "ردّ عليك Acme"
    assert "تصلك هذه الرسالة لأنك كتبت في دردشة acme.com" in mailed.body
    [(html, _type)] = mailed.alternatives
    assert '<html lang="ar" dir="rtl">' in html
    assert "We do &amp; gladly." in html
    stop = "/" + mailed.extra_headers["List-Unsubscribe"].strip("<>").split("/", 3)[3]
    for path, words in ((stop, "إيقاف هذه الرسائل"), (stop.removesuffix("stop/"), "محادثتك")):
        page = Client(headers={"Accept-Language": "fr"}).get(path).content.decode()
        assert 'lang="ar" dir="rtl"' in page
        assert words in page
    gone = Client(headers={"Accept-Language": "he, en"}).get("/chat/nonsense/").content.decode()
    assert 'lang="he" dir="rtl"' in gone
    assert "הקישור אינו פועל" in gone


def test_a_visitor_whose_chat_said_nothing_is_written_to_in_the_widgets_language(
    ada: User, widget: Widget, cleo: Received, sent: Callable[..., list[Any]]
) -> None:
    widget.config = {"locale": "pl"}
    widget.save()
    builders.answers(ada, cleo.conversation, "We do.")

    assert [each.subject for each in sent()] == ["Acme: nowa odpowiedź dla Ciebie"]


def test_a_link_that_is_not_ours_old_or_void_opens_nothing(cleo: Received) -> None:
    token = link_for(cleo.visitor).chat.rstrip("/").rpartition("/")[2]
    assert visitor_of_link(token) == cleo.visitor
    for wrong in (token[:-1], f"{token}x", "x" * 5_000, "nonsense"):
        assert visitor_of_link(wrong) is None
    assert Client().get("/chat/nonsense/").status_code == Client().post("/chat/nonsense/stop/").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert visitor_of_link(token) is None
    Visitor.objects.filter(pk=cleo.visitor.pk).update(generation=2)
    assert visitor_of_link(token) is None
    assert Customer.objects.filter(pk=cleo.visitor.customer_id).exists()
