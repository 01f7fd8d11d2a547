"""GET /feed: everything that happened, once and in order, for programs without a socket."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from businesses.models import Business, FeedEvent
from tests import builders

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {builders.token(user)}")
    return client


def read(user: User, query: str = "") -> Any:
    return signed_in(user).get(f"/api/v1/feed{query}")


def test_it_is_read_to_its_end_in_pages_without_a_gap(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme, content="one")
    builders.answers(ada, conversation, "two")

    seen, after = [], 0
    while page := (answer := read(ada, f"?after={after}&limit=2").json())["results"]:
        seen += page
        after = answer["next"]

    acme.refresh_from_db()
    assert [event["seq"] for event in seen] == list(range(1, acme.feed_seq + 1))
    assert (after, answer["resync"]) == (acme.feed_seq, False)
    words = [event["object"]["content"] for event in seen if event["kind"] == "message.created"]
    assert words == ["one", "two"]


def test_who_asks_after_what_is_gone_or_never_was_is_told_to_fetch_anew(acme: Business, ada: User) -> None:
    builders.conversation(acme, content="one")
    acme.refresh_from_db()
    FeedEvent.objects.filter(business=acme, seq=1).delete()

    for after in (0, acme.feed_seq + 5):
        assert read(ada, f"?after={after}").json() == {"results": [], "next": acme.feed_seq, "resync": True}
    assert read(ada, f"?after={acme.feed_seq}").json() == {"results": [], "next": acme.feed_seq, "resync": False}


def test_who_asks_across_an_event_that_is_gone_is_told_to_fetch_anew(acme: Business, ada: User) -> None:
    """With clocks apart, what is thrown away as old is not the first of what is left."""
    conversation = builders.conversation(acme, content="one")
    builders.answers(ada, conversation, "two")
    acme.refresh_from_db()
    newest = acme.feed_seq
    anew = {"results": [], "next": newest, "resync": True}

    FeedEvent.objects.filter(business=acme, seq=newest).delete()
    assert read(ada, "?after=0").json() == anew
    assert [each["seq"] for each in read(ada, f"?after=0&limit={newest - 2}").json()["results"]] == list(
        range(1, newest - 1)
    )
    FeedEvent.objects.filter(business=acme, seq=2).delete()
    assert read(ada, "?after=0").json() == anew
    assert read(ada, f"?after={newest}").json()["resync"] is False


def test_S1_nobody_reads_another_workspaces(acme: Business, mallory: User) -> None:
    builders.conversation(acme, content="secret")

    answer = read(mallory)

    assert answer.status_code == 200
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize(
    "query", ["?after=-1", "?after=x", "?limit=0", "?limit=101", "?wait=26", "?wait=-1", f"?after={2**63}"]
)
def test_what_makes_no_sense_is_refused(acme: Business, ada: User, query: str) -> None:
    answer = read(ada, query)

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "query"


def test_a_page_costs_the_same_whatever_is_on_it(acme: Business, ada: User, django_assert_num_queries: Any) -> None:
    conversation = builders.conversation(acme, content="one")
    for number in range(20):
        builders.says(conversation, f"{number}")
    client = signed_in(ada)
    client.get("/api/v1/feed")

    # who calls; where the feed is, its rows, their messages, conversations with their tags, receipts
    for limit in (4, 100):
        with django_assert_num_queries(7):
            assert len(client.get(f"/api/v1/feed?limit={limit}").json()["results"]) >= 3
