"""The inbox's pages: what they show, to whom, and how many questions they ask the database."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from businesses import policy
from businesses.models import Business, Role, Team
from conversations import lists
from conversations.models import ChannelType, Message, ReadMark, Status
from conversations.services import handling
from conversations.services.assigning import assign_conversation
from tests import builders
from theo.articles import create_article


def _text(client: Client, address: str) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return page.content.decode()


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_a_list_asks_as_many_questions_for_fifty_rows_as_for_one(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)
    builders.conversation(acme)
    one = _queries(client, "/inbox/")
    for _ in range(20):
        builders.conversation(acme)
    assert _queries(client, "/inbox/") == one
    assert one <= 10


def test_a_thread_asks_as_many_questions_for_fifty_messages_as_for_one(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)
    conversation = builders.conversation(acme)
    builders.answers(ada, conversation, "Hi!")  # and so somebody has it
    address = f"/inbox/{conversation.pk}/"
    one = _queries(client, address)
    for number in range(30):
        builders.answers(ada, conversation, f"answer {number}")
    assert _queries(client, address) == one
    assert one <= 19


def test_lists_hold_what_their_names_say_with_counts(ada: User, ben: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    mine = builders.conversation(acme, content="mine please")
    builders.answers(ada, mine, "yours")
    builders.conversation(acme, content="nobody’s yet")
    parked = builders.conversation(acme, content="parked one")
    handling.park_conversation(conversation=parked, actor=ben)
    done = builders.conversation(acme, content="solved one")
    handling.resolve_conversation(conversation=done, actor=ben)
    client = sign_in(ada)
    page = client.get("/inbox/?list=mine")
    counts = {entry.listing.name: entry.count for entry in page.context["groups"][0].entries}
    assert counts == {
        "open": 2,
        "mine": 1,
        "unassigned": 1,
        "handoffs": 0,
        "not_sent": 0,
        "mentions": 0,
        "snoozed": 0,
        "pending": 1,
        "resolved": 1,
        "closed": 0,
        "spam": 0,
        "all": 4,
    }
    assert [row.pk for row in page.context["rows"]] == [mine.pk]
    assert "nobody’s yet" in _text(client, "/inbox/?list=unassigned")
    assert "parked one" in _text(client, "/inbox/?list=pending")
    assert "solved one" in _text(client, "/inbox/?list=resolved")
    assert "Nothing is closed." in _text(client, "/inbox/?list=closed")


def test_pages_of_a_list_meet_without_a_gap_or_a_double(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversations = {builders.conversation(acme).pk for _ in range(53)}
    client = sign_in(ada)
    first = client.get("/inbox/")
    second = client.get("/inbox/", {"cursor": first.context["next"]})
    seen = [row.pk for page in (first, second) for row in page.context["rows"]]
    assert len(seen) == 53
    assert set(seen) == conversations
    assert second.context["next"] is None
    assert client.get("/inbox/?cursor=nonsense").status_code == 404


def test_a_customer_is_found_by_name_in_every_list(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    done = builders.conversation(acme, customer=builders.customer(acme, "Cleo Hart"))
    handling.resolve_conversation(conversation=done, actor=ada)
    client = sign_in(ada)
    assert [hit.found.conversation_id for hit in client.get("/inbox/?q=hart").context["hits"]] == [done.pk]
    assert "No match for" in _text(client, "/inbox/?q=zebra")


def test_words_of_people_are_never_markup_and_addresses_are_links(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    nasty = '<img src=x onerror=alert(1)> see https://acme.com/a?b=1&c="d).'
    conversation = builders.conversation(acme, content=nasty, customer=builders.customer(acme, "<b>Cleo</b>"))
    page = _text(sign_in(ada), f"/inbox/{conversation.pk}/")
    assert "<img src=x" not in page
    assert "<b>Cleo" not in page
    assert '<a href="https://acme.com/a?b=1&amp;c=" rel="noopener noreferrer nofollow"' in page


@pytest.mark.parametrize("suffix", ["", "messages/?after=0"])
def test_mallory_sees_nothing_of_acme(suffix: str, acme: Business, mallory: User, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme, content="secret recipe")
    client = sign_in(mallory)
    assert client.get(f"/inbox/{conversation.pk}/{suffix}").status_code == 404
    assert "secret recipe" not in _text(client, "/inbox/")
    assert "secret recipe" not in _text(client, "/inbox/?q=Cleo")


def test_mallory_changes_nothing_of_acme(acme: Business, mallory: User, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme)
    client = sign_in(mallory)
    for action, body in (("reply", {"content": "hi"}), ("status", {"status": "closed"}), ("read", {"seq": "1"})):
        assert client.post(f"/inbox/{conversation.pk}/{action}/", body).status_code == 404
    conversation.refresh_from_db()
    assert (conversation.status, conversation.last_seq) == (Status.OPEN, 1)
    assert not ReadMark.objects.exists()


def test_a_reply_works_without_javascript_and_twice_is_once(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme)
    client = sign_in(ada)
    body = {"content": "On its way.\r\nToday.", "client_message_id": str(uuid4())}
    address = f"/inbox/{conversation.pk}/reply/?list=mine"
    for _ in range(2):
        answer = client.post(address, body)
        assert answer["Location"] == f"/inbox/{conversation.pk}/?list=mine#end"
    assert [message.content for message in Message.objects.filter(sender=ada)] == ["On its way.\nToday."]


def test_a_refused_reply_keeps_the_words_and_says_why(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme)
    client = sign_in(ada)
    page = client.post(f"/inbox/{conversation.pk}/reply/", {"content": "x" * 10_001})
    assert page.status_code == 422
    assert "At most 10000 characters." in page.content.decode()
    assert "x" * 10_001 in page.content.decode()
    told = client.post(f"/inbox/{conversation.pk}/reply/", {"content": " "}, headers={"X-Requested-With": "fetch"})
    assert (told.status_code, told.json()) == (422, {"detail": "Write a message.", "kind": "string_too_short"})


def test_a_conversation_is_resolved_closed_parked_and_reopened(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme)
    client = sign_in(ada)
    for status in (Status.RESOLVED, Status.CLOSED, Status.PENDING, Status.OPEN):
        assert client.post(f"/inbox/{conversation.pk}/status/", {"status": status}).status_code == 302
        conversation.refresh_from_db()
        assert conversation.status == status
    assert client.post(f"/inbox/{conversation.pk}/status/", {"status": "gone"}).status_code == 404


def test_looking_at_a_conversation_shows_what_is_new_and_only_saying_so_reads_it(  # type: ignore[no-untyped-def]
    ada: User, acme: Business, sign_in
) -> None:
    conversation = builders.conversation(acme)
    builders.says(conversation, "Anybody?")
    client = sign_in(ada)
    address = f"/inbox/{conversation.pk}/"
    assert "data-new" in _text(client, address)
    client.head(address)
    client.get(address, headers={"X-Requested-With": "fetch"})
    assert not ReadMark.objects.exists()
    assert "2 unread." in _text(client, "/inbox/")
    assert client.post(f"{address}read/", {"seq": "2"}).json() == {"unread": 0}
    assert "unread." not in _text(client, "/inbox/")
    assert "data-new" not in _text(client, address)


def test_what_somebody_has_answered_is_not_called_new(ada: User, ben: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme)
    builders.answers(ben, conversation, "On its way.")
    client = sign_in(ada)
    address = f"/inbox/{conversation.pk}/"
    assert "data-new" not in _text(client, address)
    new = builders.says(conversation, "It has not come.")
    builders.says(conversation, "Anybody?")
    assert f'data-new data-seq="{new.seq}"' in _text(client, address)
    assert "data-new" not in _text(client, f"{address}?before={new.seq}")


def test_a_key_that_was_used_for_other_words_is_refused_and_the_page_brings_a_new_one(  # type: ignore[no-untyped-def]
    ada: User, acme: Business, sign_in
) -> None:
    conversation = builders.conversation(acme)
    client = sign_in(ada)
    address, key = f"/inbox/{conversation.pk}/reply/", str(uuid4())
    client.post(address, {"content": "On its way.", "client_message_id": key})
    other = {"content": "On its way, today.", "client_message_id": key}
    told = client.post(address, other, headers={"X-Requested-With": "fetch"})
    assert (told.status_code, told.json()["kind"]) == (422, "idempotency_key_reused")
    page = client.post(address, other)
    assert page.status_code == 422
    assert "On its way, today.</textarea>" in page.content.decode()
    assert "Other words were already sent from this page." in page.content.decode()
    new = str(page.context["client_message_id"])
    assert new != key
    client.post(address, other | {"client_message_id": new})
    sent = Message.objects.filter(sender=ada).order_by("seq")
    assert [message.content for message in sent] == ["On its way.", "On its way, today."]


@pytest.mark.parametrize("key", ["a\0b", "k" * 129])
def test_a_key_that_cannot_be_stored_is_refused_whole(key: str, ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme)
    body = {"content": "Hi", "client_message_id": key}
    assert sign_in(ada).post(f"/inbox/{conversation.pk}/reply/", body).status_code == 422
    assert not Message.objects.filter(sender=ada).exists()


def test_a_role_that_handles_no_conversations_changes_none(  # type: ignore[no-untyped-def]
    ben: User, acme: Business, sign_in, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = builders.conversation(acme)
    client = sign_in(ben)
    monkeypatch.setitem(policy.ALLOWED, Role.AGENT, frozenset())
    for action, body in (("reply", {"content": "hi"}), ("status", {"status": "closed"}), ("read", {"seq": "1"})):
        address = f"/inbox/{conversation.pk}/{action}/"
        assert client.post(address, body).status_code == 403
        told = client.post(address, body, headers={"X-Requested-With": "fetch"})
        assert (told.status_code, told.json()["kind"]) == (403, "forbidden")
    conversation.refresh_from_db()
    assert (conversation.status, conversation.last_seq) == (Status.OPEN, 1)
    assert not ReadMark.objects.exists()


def test_a_page_learns_the_names_of_its_own_team_alone(
    ada: User,
    ben: User,
    mallory: User,
    client: Client,
    sign_in,  # type: ignore[no-untyped-def]
) -> None:
    page = sign_in(ben)
    assert page.get("/inbox/people/").json() == {str(ada.pk): ada.get_short_name(), str(ben.pk): ben.get_short_name()}
    assert _queries(page, "/inbox/people/") <= 5  # four of them are who asks
    assert str(ada.pk) not in sign_in(mallory).get("/inbox/people/", follow=True).content.decode()
    assert client.get("/inbox/people/").status_code == 302


def test_counting_stops_at_ninety_nine(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)
    for _ in range(99):
        builders.conversation(acme)
    assert '<span class="n">99</span>' in _text(client, "/inbox/rows/")
    builders.conversation(acme)
    assert '<span class="n">99+</span>' in _text(client, "/inbox/rows/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/inbox/rows/")
    counting = [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]
    (counted,) = counting  # what is alike for everybody was counted before, and nothing has happened since
    assert counted.count("LIMIT 100") == len([each for each in lists.LISTS.values() if each.is_own])


def test_fragments_bring_what_is_behind_a_number_and_only_that(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme, content="first")
    builders.says(conversation, "second")
    builders.says(conversation, "third")
    client = sign_in(ada)
    entries = client.get(f"/inbox/{conversation.pk}/messages/?after=1").context["entries"]
    assert [entry.message.content for entry in entries] == ["second", "third"]
    assert [entry.same for entry in entries] == [True, True]
    assert [entry.day for entry in entries] == [None, None]
    one = client.get(f"/inbox/{conversation.pk}/messages/?after=1&limit=1").context["entries"]
    assert [entry.message.content for entry in one] == ["second"]
    assert client.get(f"/inbox/{conversation.pk}/messages/?after=-1").status_code == 404


def test_a_long_thread_opens_at_its_end_and_leads_to_the_start(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme, content="the very first")
    for number in range(60):
        builders.says(conversation, f"more {number}")
    client = sign_in(ada)
    page = client.get(f"/inbox/{conversation.pk}/")
    assert len(page.context["entries"]) == 50
    earlier = client.get(f"/inbox/{conversation.pk}/?before={page.context['earlier']}")
    assert earlier.context["entries"][0].message.content == "the very first"
    assert earlier.context["earlier"] is None


def test_who_has_no_workspace_is_led_to_make_one(db: None, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(builders.person("Newcomer"))
    assert client.get("/inbox/")["Location"] == "/onboarding"


@pytest.mark.parametrize("channel_type", ChannelType.values)
def test_every_channel_type_has_a_row_and_a_thread(channel_type: str, ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme, type=ChannelType(channel_type))
    client = sign_in(ada)
    assert str(ChannelType(channel_type).label) in _text(client, f"/inbox/{conversation.pk}/")


def test_a_team_has_a_list_of_its_own_with_its_count(
    ada: User, ben: User, acme: Business, mallory: User, sign_in
) -> None:  # type: ignore[no-untyped-def]
    billing = Team.objects.create(business=acme, name="Billing")
    Team.objects.create(business=acme, name="Sales")
    foreign = Team.objects.create(business=mallory.memberships.get().business, name="Theirs")
    free, taken, done, _other = (builders.conversation(acme) for _ in range(4))
    for conversation in (free, taken, done):
        assign_conversation(conversation=conversation, team_id=billing.pk, actor=ada)
    assign_conversation(conversation=taken, agent_id=ben.pk, actor=ada)
    handling.resolve_conversation(conversation=done, actor=ada)
    client = sign_in(ben)

    page = client.get(f"/inbox/?list=team-{billing.pk}")

    assert {row.pk for row in page.context["rows"]} == {free.pk, taken.pk}
    (teams,) = [group for group in page.context["groups"] if group.name == "teams"]
    counts = {entry.listing.title: entry.count for entry in teams.entries}
    assert counts == {"Billing": 2, "Sales": 0}
    assert ">Billing</h2>" in page.content.decode()
    # The place is kept on the way into a conversation and back.
    assert f"/inbox/{free.pk}/?list=team-{billing.pk}" in page.content.decode()
    assert client.get(f"/inbox/rows/?list=team-{foreign.pk}").status_code == 404


def test_a_search_shows_what_was_found_and_leads_to_it(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    conversation = builders.conversation(acme, content="Is the <lamp> back?")
    for number in range(300):
        builders.says(conversation, f"more {number}")
    client = sign_in(ada)

    page = _text(client, "/inbox/?q=lamp")

    assert "Is the &lt;<mark>lamp</mark>&gt; back?" in page
    assert f"/inbox/{conversation.pk}/?q=lamp&amp;at=1" in page
    far = client.get(f"/inbox/{conversation.pk}/?q=lamp&at=1")
    assert far.context["entries"][0].message.seq == 1
    assert far.context["before"] == 26  # that window stands still
    near = client.get(f"/inbox/{conversation.pk}/?at=250")
    assert [near.context["entries"][place].message.seq for place in (0, -1)] == [225, 301]
    assert (near.context["earlier"], near.context["before"]) == (225, None)
    assert "before: takes a day like" in _text(client, "/inbox/?q=before:soon")
    assert client.get("/inbox/?q=lamp&cursor=nonsense").status_code == 404


def test_a_search_leads_to_who_has_not_written_yet_and_to_articles(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    zebedee = builders.customer(acme, "Zebedee")
    article = create_article(business=acme, title="Zebedee’s hours", content="From nine to five.")

    page = _text(sign_in(ada), "/inbox/?q=zebedee")

    assert f'href="/customers/{zebedee.pk}/"' in page
    assert f'href="/knowledge/{article.pk}/"' in page


def test_a_search_page_asks_as_many_questions_for_fifty_hits_as_for_one(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)
    builders.conversation(acme, content="lamp")
    one = _queries(client, "/inbox/?q=lamp")
    for _ in range(20):
        builders.conversation(acme, content="lamp")
    assert _queries(client, "/inbox/?q=lamp") <= one <= 18
