"""Rows and messages are drawn once for as long as they show the same, and never one change longer."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, Team
from conversations.models import Conversation, Message, Priority, Receipts
from conversations.services import handling
from conversations.services.assigning import assign_conversation
from conversations.services.drafts import keep_draft
from conversations.services.tags import add_tag
from conversations.templatetags import rows, thread
from tests import builders
from tests.pages.conftest import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_drawn_yet() -> None:
    rows._draw.cache_clear()
    thread._draw.cache_clear()


def drawn() -> int:
    return rows._draw.cache_info().misses


def test_what_did_not_change_is_not_drawn_again(ada: User, acme: Business, sign_in: SignIn) -> None:
    client = sign_in(ada)
    first, *_others = [builders.conversation(acme) for _ in range(5)]
    page = client.get("/inbox/").content
    before = drawn()

    assert client.get("/inbox/rows/").content.count(b"<li id=") == page.count(b'<li id="row-') == 5
    assert drawn() == before == 5

    builders.says(first, "One more thing")
    assert "One more thing" in client.get("/inbox/").content.decode()
    assert drawn() == before + 1


def test_a_row_shows_what_its_reader_has_begun_to_write_and_nobody_else(
    ada: User, ben: User, acme: Business, sign_in: SignIn
) -> None:
    conversation = builders.conversation(acme, content="Hello?")
    keep_draft(conversation=conversation, user=ada, content="Dear <b>Cleo</b>" + "!" * 200)

    adas, bens = (sign_in(each).get("/inbox/rows/").content.decode() for each in (ada, ben))
    assert "Draft:</span> Dear &lt;b&gt;Cleo&lt;/b&gt;!" in adas
    assert "!" * 140 not in adas
    assert "Draft:" not in bens
    keep_draft(conversation=conversation, user=ada, content="")
    assert "Draft:" not in sign_in(ada).get("/inbox/rows/").content.decode()


def test_everything_that_a_row_shows_is_new_at_once(ada: User, ben: User, acme: Business, sign_in: SignIn) -> None:
    client = sign_in(ada)
    conversation = builders.conversation(acme, content="Hello?")
    team = Team.objects.create(business=acme, name="Night shift")

    def row() -> str:
        page = client.get("/inbox/?list=all").content.decode()
        return page.split('<ul class="rows"')[1].split("</ul>")[0]

    assert "Hello?" in row()
    assert "1 unread." in row()
    handling.mark_read(conversation=conversation, user=ada, seq=1)
    assert "unread" not in row()
    builders.says(conversation, "It is *urgent*, I said")
    assert "It is urgent, I said" in row()
    builders.answers(ben, conversation, "Soon")
    assert "Ben:" in row()
    assign_conversation(conversation=conversation, agent_id=ben.pk, team_id=team.pk, actor=ada)
    assert "Assigned to" in row()
    assert "Night shift" in row()
    ben.full_name = "Benjamin Oak"
    ben.save()
    assert "Assigned to Benjamin Oak" in row()
    Message.objects.filter(conversation=conversation).update(status="failed")
    assert "Not sent" in row()
    Message.objects.filter(conversation=conversation).update(status="sent")
    add_tag(conversation=conversation, name="Refund", actor=ada)
    assert "Refund" in row()
    Conversation.objects.filter(pk=conversation.pk).update(priority=Priority.URGENT)
    assert "Urgent" in row()
    handling.park_conversation(conversation=conversation, actor=ada)
    assert "Pending" in row()
    Conversation.objects.filter(pk=conversation.pk).update(snoozed_until=timezone.now() + timedelta(days=9))
    assert "Until" in row()
    Conversation.objects.filter(pk=conversation.pk).update(snoozed_until=None)
    conversation.customer.name = "Cleopatra"  # type: ignore[union-attr]
    conversation.customer.save()  # type: ignore[union-attr]
    assert "Cleopatra" in row()
    assert "Yesterday" not in row()
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        assert "Yesterday" in row()


def test_each_reader_is_the_one_who_is_meant(ada: User, ben: User, acme: Business, sign_in: SignIn) -> None:
    builders.answers(ben, builders.conversation(acme), "Soon")

    assert "Ben:" in sign_in(ada).get("/inbox/").content.decode()
    assert "You:" in sign_in(ben).get("/inbox/").content.decode()
    assert "Ben:" in sign_in(ada).get("/inbox/").content.decode()


def test_messages_that_did_not_change_are_not_drawn_again(ada: User, acme: Business, sign_in: SignIn) -> None:
    client = sign_in(ada)
    conversation = builders.conversation(acme)
    for number in range(5):
        builders.answers(ada, conversation, f"answer {number}")
    address = f"/inbox/{conversation.pk}/"
    page = client.get(address).content.decode()
    assert thread._draw.cache_info().misses == 6

    assert client.get(address).content.decode().count('<li class="msg') == page.count('<li class="msg') == 6
    assert thread._draw.cache_info().misses == 6


def test_everything_that_a_message_shows_is_new_at_once(ada: User, ben: User, acme: Business, sign_in: SignIn) -> None:
    conversation = builders.conversation(acme, content="Where is it?")

    def page(reader: User = ada) -> str:
        return sign_in(reader).get(f"/inbox/{conversation.pk}/").content.decode()

    assert "data-new" in page()
    handling.mark_read(conversation=conversation, user=ada, seq=1)
    assert "data-new" not in page()
    answer = builders.answers(ben, conversation, "On its way")
    assert "Ben:" in page()
    assert "You:" in page(ben)
    assert 'data-mark="sent"' in page().split('id="message-')[2].split("</li>")[0]
    Receipts.objects.update_or_create(
        conversation=conversation, defaults={"customer_delivered_seq": 2, "customer_delivered_at": timezone.now()}
    )
    assert 'data-mark="delivered"' in page().split('id="message-')[2].split("</li>")[0]
    Message.objects.filter(pk=answer.pk).update(status="failed", error="No such number")
    assert "Not sent: No such number" in page().replace("</span>", "")
    ben.full_name = "Benjamin Oak"
    ben.save()
    assert "Benjamin Oak:" in page()
    conversation.customer.name = "Cleopatra"  # type: ignore[union-attr]
    conversation.customer.save()  # type: ignore[union-attr]
    assert "Cleopatra:" in page()
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        assert "Yesterday" in page()
