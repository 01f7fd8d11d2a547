"""Spam: out of every list but its own, whatever comes in, until somebody says otherwise; it blocks nobody."""

import threading
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from conversations.lists import Place, rows_of
from conversations.models import Conversation, SenderType, Status
from conversations.saved_views.services import create_view
from conversations.services import handling
from conversations.services.assigning import assign_conversation
from conversations.services.merging import merge_conversations
from conversations.services.tags import add_tag
from conversations.sidebar import groups_of
from tests import builders
from workflows.listening import listen
from workflows.models import Notification

pytestmark = pytest.mark.django_db
URL = "/api/v1/conversations"


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme, content="Cheap watches")


def lists_with(user: User, conversation: Conversation) -> set[str]:
    """Which show it, and which count it: never another."""
    user = User.objects.get(pk=user.pk)  # as another request has them
    entries = [entry for group in groups_of(user) for entry in group.entries]
    shown = {
        each.listing.name
        for each in entries
        if conversation in rows_of(user, Place(listing=each.listing), cursor=None)[0]
    }
    assert shown == {entry.listing.name for entry in entries if entry.count}
    return shown


def fetched(user: User, query: str = "") -> list[Any]:
    return [each["id"] for each in builders.api(user).get(f"{URL}/{query}").json()]


def test_it_is_in_its_own_list_alone_until_it_is_none(ada: User, conversation: Conversation) -> None:
    tag = add_tag(conversation=conversation, name="Watches", actor=ada).conversation.tag_list[0]
    assign_conversation(conversation=conversation, agent_id=ada.pk, actor=ada)
    is_open = {"all": [{"field": "customer", "op": "contains", "value": "cleo"}]}
    view = create_view(actor=ada, name="Cleo's", filter=is_open)
    before = {"mine", "open", "all", f"tag-{tag.pk}", f"view-{view.pk}"}
    assert lists_with(ada, conversation) == before

    marked = builders.api(ada).put(f"{URL}/{conversation.pk}/spam")
    again = builders.api(ada).put(f"{URL}/{conversation.pk}/spam").json()

    assert marked.json()["spam_at"]
    assert again == {"detail": "Already spam"}
    assert lists_with(ada, conversation) == {"spam"}
    assert fetched(ada) == fetched(ada, "?status=closed") == fetched(ada, f"?view={view.pk}") == []
    assert fetched(ada, "?spam=true") == [str(conversation.pk)]
    told = builders.api(ada).get(f"{URL}/{conversation.pk}").json()
    assert (told["status"], told["spam_at"]) == ("closed", marked.json()["spam_at"])

    builders.api(ada).patch(f"{URL}/{conversation.pk}", {"status": "open"})
    assert lists_with(ada, conversation) == before


def test_what_comes_in_opens_nothing_and_is_told_to_nobody(ada: User, ben: User, conversation: Conversation) -> None:
    assign_conversation(conversation=conversation, agent_id=ben.pk, actor=ada)
    handling.mark_spam(conversation=conversation, actor=ada)
    listen(threading.Event())
    Notification.objects.all().delete()

    message = builders.says(conversation, "Cheaper watches")
    listen(threading.Event())

    conversation.refresh_from_db()
    assert (message.sender_type, conversation.last_seq) == (SenderType.CUSTOMER, 2)  # nothing is lost
    assert (conversation.status, conversation.standing) == (Status.CLOSED, "spam")
    assert not Notification.objects.exists()


@pytest.mark.parametrize("otherwise", ["open", "pending", "resolved", "closed"])
def test_any_other_status_ends_it(ada: User, conversation: Conversation, otherwise: str) -> None:
    client = Client()
    client.force_login(ada)
    page = f"/inbox/{conversation.pk}"
    client.post(f"{page}/status/", {"status": "spam"})
    shown = client.get(f"{page}/").content.decode()
    assert "Not spam" in shown
    assert "marked it as spam" in shown

    client.post(f"{page}/status/", {"status": otherwise})

    conversation.refresh_from_db()
    assert conversation.standing == otherwise


def test_many_are_marked_at_once_and_undone_at_once(ada: User, acme: Business) -> None:
    rows = [builders.conversation(acme) for _ in range(3)]
    handling.resolve_conversation(conversation=rows[0], actor=ada)
    handling.mark_spam(conversation=rows[1], actor=ada)
    client = Client(headers={"X-Requested-With": "fetch"})
    client.force_login(ada)

    def standing() -> list[str]:
        return [Conversation.objects.get(pk=row.pk).standing for row in rows]

    answer = client.post("/inbox/selection/", {"status": "spam", "ids": [row.pk for row in rows]}).json()
    assert standing() == ["spam", "spam", "spam"]
    for each in answer["undo"]:
        client.post("/inbox/selection/", {each["name"]: each["value"], "ids": each["ids"]})
    assert standing() == ["resolved", "spam", "open"]

    answer = client.post("/inbox/selection/", {"status": "open", "ids": [rows[1].pk]}).json()
    assert answer["undo"] == [{"name": "status", "value": "undo", "ids": [str(rows[1].pk)]}]
    done = builders.api(ada).post(f"{URL}/bulk", {"ids": [str(rows[2].pk)], "action": "spam"}).json()
    assert done["done"] == [str(rows[2].pk)]


def test_what_is_merged_is_spam_no_more(ada: User, conversation: Conversation) -> None:
    other = builders.conversation(conversation.business, customer=conversation.customer)
    handling.mark_spam(conversation=conversation, actor=ada)

    merge_conversations(conversation=conversation, into=other, actor=ada)

    conversation.refresh_from_db()
    assert conversation.standing == Status.CLOSED


def test_what_comes_into_a_conversation_that_it_shows_opens_no_spam(
    ada: User, acme: Business, conversation: Conversation
) -> None:
    other = builders.conversation(acme, customer=conversation.customer, content="Watches")
    merge_conversations(conversation=other, into=conversation, actor=ada)
    handling.mark_spam(conversation=conversation, actor=ada)

    builders.says(other, "Cheap!")

    conversation.refresh_from_db()
    assert conversation.status == Status.CLOSED
    assert conversation.spam_at
