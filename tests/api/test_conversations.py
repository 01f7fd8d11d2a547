"""Conversations over REST, as the contract says."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation, Message
from tests import builders

pytestmark = pytest.mark.django_db


def test_the_list_is_newest_change_first_filtered_and_paged(ada: User, acme: Business, ben: User) -> None:
    first, second, third = (builders.conversation(acme, content=str(number)) for number in range(3))
    builders.answers(ben, first, "answer")
    client = builders.api(ada)
    client.put(f"/api/v1/conversations/{second.pk}/resolve")

    def ids(query: str = "") -> list[str]:
        return [row["id"] for row in client.get(f"/api/v1/conversations/{query}").json()]

    assert ids() == [str(second.pk), str(first.pk), str(third.pk)]
    assert ids("?status=open") == [str(first.pk), str(third.pk)]
    assert ids(f"?assignee_id={ben.pk}") == [str(first.pk)]
    assert ids("?limit=2&page=2") == [str(third.pk)]


def test_the_list_costs_the_same_for_one_and_for_fifty(
    ada: User, acme: Business, django_assert_num_queries: Any
) -> None:
    client = builders.api(ada)
    builders.conversation(acme)
    # who calls, conversations with everything that a row shows, their tags
    with django_assert_num_queries(3):
        client.get("/api/v1/conversations/")
    for _ in range(9):
        builders.conversation(acme)
    with django_assert_num_queries(3):
        assert len(client.get("/api/v1/conversations/").json()) == 10


def test_one_conversation_holds_its_whole_history_in_order(
    ada: User, acme: Business, django_assert_num_queries: Any
) -> None:
    conversation = builders.conversation(acme, content="1")
    for number in range(2, 8):
        builders.says(conversation, str(number))
    client = builders.api(ada)

    with django_assert_num_queries(4):  # who calls, conversation, tags, messages; nobody of ours wrote one
        body = client.get(f"/api/v1/conversations/{conversation.pk}").json()

    assert [message["content"] for message in body["messages"]] == list("1234567")
    assert body["customer"]["name"] == "Cleo"
    assert (body["unread"], body["last_message"]["content"]) == (7, "7")


def test_a_long_history_is_read_by_number(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content="1")
    for number in range(2, 8):
        builders.says(conversation, str(number))
    client = builders.api(ada)

    def read(query: str) -> tuple[list[int], int | None]:
        body = client.get(f"/api/v1/conversations/{conversation.pk}/messages?{query}").json()
        return [message["seq"] for message in body["results"]], body["next"]

    assert read("after=0&limit=3") == ([1, 2, 3], 3)
    assert read("after=3&limit=50") == ([4, 5, 6, 7], None)
    assert read("before=8&limit=2") == ([6, 7], 6)
    assert read("before=3&limit=2") == ([1, 2], None)
    assert client.get(f"/api/v1/conversations/{conversation.pk}/messages?after=1&before=3").status_code == 422


def test_a_long_history_is_read_in_pages_either_way_while_more_arrive(
    ada: User, acme: Business, django_assert_num_queries: Any
) -> None:
    conversation = builders.conversation(acme, content="1")
    now = timezone.now()
    Message.objects.bulk_create(
        Message(conversation=conversation, seq=seq, sender_type="customer", content=str(seq), created_at=now)
        for seq in range(2, 2_001)
    )
    Conversation.objects.filter(pk=conversation.pk).update(last_seq=2_000)
    client, path = builders.api(ada), f"/api/v1/conversations/{conversation.pk}/messages"

    def pages(name: str, start: int) -> list[int]:
        """Every number that is seen on the way, with a message more before each fifth page."""
        seen: list[int] = []
        position: int | None = start
        for page in range(40):
            if position is None:
                return seen
            if page % 5 == 0:
                builders.says(conversation, "and another")
            with django_assert_num_queries(4):  # who calls, conversation, tags, messages
                body = client.get(f"{path}?{name}={position}&limit=100").json()
            seen += [message["seq"] for message in body["results"]]
            position = body["next"]
        raise AssertionError("no end")

    backward = pages("before", 2_001)
    assert sorted(backward) == list(range(1, 2_001))
    forward = pages("after", 0)
    last = Conversation.objects.get().last_seq
    assert last > 2_008
    assert forward == list(range(1, last + 1))
    assert len(client.get(f"/api/v1/conversations/{conversation.pk}").json()["messages"]) == last


def test_the_first_answer_stops_the_clock_by_every_door_and_only_once(
    ada: User, acme: Business, client: Client
) -> None:
    opened = builders.api(ada).post(
        "/api/v1/conversations/", {"business_id": str(acme.pk), "initial_message": "Parcel left today."}
    )
    assert opened.json()["first_response_at"] == opened.json()["messages"][0]["created_at"]

    by_rest, by_page = builders.conversation(acme), builders.conversation(acme)
    for conversation in (by_rest, by_page):
        builders.says(conversation, "Anybody?")
        conversation.refresh_from_db()
        assert conversation.first_response_at is None
    builders.api(ada).post(f"/api/v1/conversations/{by_rest.pk}/messages", {"content": "Yes"})
    client.post("/login", {"email": ada.email, "password": builders.PASSWORD})
    assert client.post(f"/inbox/{by_page.pk}/reply/", {"content": "Yes"}).status_code == 302
    for conversation in (by_rest, by_page):
        conversation.refresh_from_db()
        stamped = conversation.first_response_at
        assert stamped == conversation.messages.get(sender_type="agent").created_at
        builders.answers(ada, conversation, "And again")
        conversation.refresh_from_db()
        assert conversation.first_response_at == stamped


def test_resolve_close_and_reopen_answer_as_the_contract_says(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme)
    client, path = builders.api(ada), f"/api/v1/conversations/{conversation.pk}"

    resolved = client.put(f"{path}/resolve").json()
    assert set(resolved) == {"resolved_at"}
    assert client.put(f"{path}/resolve").json() == {"detail": "Already resolved"}

    closed = client.put(f"{path}/close").json()
    assert set(closed) == {"closed_at"}
    again = client.put(f"{path}/close")
    assert (again.status_code, again.json()) == (200, {"detail": "Already closed"})

    assert client.patch(path, {"status": "pending"}).json()["status"] == "pending"
    reopened = client.patch(path, {"status": "open"}).json()
    assert (reopened["status"], reopened["resolved_at"], reopened["closed_at"]) == ("open", None, None)
    assert client.patch(path, {"status": "resolved"}).status_code == 422


def test_an_agent_reads_up_to_a_number(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme)
    builders.says(conversation, "two")
    answer = builders.api(ada).post(f"/api/v1/conversations/{conversation.pk}/read", {"seq": 1})
    assert answer.json() == {"seq": 1, "unread": 1}
    client = builders.api(ada)
    assert client.post(f"/api/v1/conversations/{conversation.pk}/read", {"seq": 9}).json() == {"seq": 2, "unread": 0}
    assert client.post(f"/api/v1/conversations/{conversation.pk}/read", {"seq": 1}).json() == {"seq": 2, "unread": 0}


def test_an_agent_leaves_it_unread_from_the_customers_last_message_on(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme)
    builders.says(conversation, "two")
    client, path = builders.api(ada), f"/api/v1/conversations/{conversation.pk}"
    client.post(f"{path}/messages", {"content": "Hi"})
    client.post(f"{path}/read", {"seq": 3})
    for _ in range(2):
        assert client.delete(f"{path}/read").json() == {"message": "Marked as unread"}
        assert client.get(path).json()["unread"] == 1
    other = builders.conversation(acme, content="elsewhere")
    builders.api(ada).post(f"{path}/merge", {"other_id": str(other.pk)})
    client.post(f"{path}/read", {"seq": 3})
    client.post(f"/api/v1/conversations/{other.pk}/read", {"seq": 1})
    assert client.delete(f"{path}/read").status_code == 200
    assert client.get(path).json()["unread"] == 1  # what is merged here came last
    alone = client.post("/api/v1/conversations/", {"business_id": str(acme.pk), "initial_message": "Hello"}).json()
    refused = client.delete(f"/api/v1/conversations/{alone['id']}/read")
    assert (refused.status_code, refused.json()) == (400, {"detail": "The customer has written nothing here."})


def test_a_message_of_another_channel_waits_in_the_queue(ada: User, acme: Business) -> None:
    from conversations.models import ChannelType

    conversation = builders.conversation(acme, type=ChannelType.TELEGRAM)
    answer = builders.api(ada).post(f"/api/v1/conversations/{conversation.pk}/messages", {"content": "Hi"})
    assert answer.json()["status"] in {"queued", "failed"}
    assert Conversation.objects.get().first_response_at
