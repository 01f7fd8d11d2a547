"""Two conversations of one customer that are one: shown in one thread, moved nowhere, and exactly two again."""

from typing import Any

import pytest

from accounts.models import User
from businesses.models import AuditEntry, Business
from conversations.models import ChannelType, Conversation, Message, Priority, SenderType, Status
from conversations.services import handling
from conversations.services.merging import merge_conversations, undo_merge
from conversations.services.message_drafts import Draft, reply_draft
from conversations.services.messages import Posted, post_each
from conversations.services.notes import write_note
from conversations.services.objections import Held
from conversations.services.priorities import set_priority
from conversations.services.snoozing import snooze_conversation
from conversations.services.tags import add_tag
from foundation.errors import Stale
from tests import builders
from tests.conversations.test_snapshots import SOON
from tests.pages.conftest import SignIn

URL = "/api/v1/conversations"


def _rows() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Conversation, Message)]


def _two(acme: Business) -> tuple[Conversation, Conversation]:
    """By mail, and on the site; of one customer."""
    cleo = builders.customer(acme)
    mail = builders.conversation(acme, customer=cleo, content="By mail", type=ChannelType.EMAIL)
    return mail, builders.conversation(acme, customer=cleo, content="On the site")


def _in_order(page: str, *words: str) -> bool:
    places = [page.index(each) for each in words]
    return places == sorted(places)


def test_one_thread_shows_both_in_order_of_time_and_undone_nothing_is_left_of_it(
    ada: User, acme: Business, sign_in: SignIn
) -> None:
    mail, site = _two(acme)
    builders.says(mail, "By mail again")
    builders.says(site, "On the site again")
    write_note(conversation=mail, author=ada, content="A note there", mentions=[])
    snooze_conversation(conversation=mail, until=SOON, actor=ada)
    before, api, client = _rows(), builders.api(ada), sign_in(ada)

    assert api.post(f"{URL}/{site.pk}/merge", {"other_id": str(mail.pk)}).status_code == 200
    thread = client.get(f"/inbox/{site.pk}/").content.decode().split('id="messages"')[1]
    there = client.get(f"/inbox/{mail.pk}/").content.decode()

    assert _in_order(thread, ">By mail<", ">On the site<", ">By mail again<", ">On the site again<", "A note there")
    assert "merged another conversation into this one" in thread
    assert f'href="/inbox/{site.pk}/" data-row' in there
    assert [row["id"] for row in api.get(f"{URL}/{site.pk}/merge").json()["results"]] == [str(mail.pk)]
    merged = api.get(f"{URL}/{mail.pk}").json()
    assert (merged["merged_into_id"], merged["status"]) == (str(site.pk), "closed")
    assert f"/inbox/{mail.pk}/" not in client.get("/inbox/").content.decode().split('id="thread"')[0]

    assert client.post(f"/inbox/{mail.pk}/unmerge/").status_code == 302
    assert _rows() == before
    assert "By mail" not in client.get(f"/inbox/{site.pk}/messages/?after=0").content.decode().split('id="facts"')[1]
    assert list(AuditEntry.objects.order_by("-created_at").values_list("action", flat=True)[:2]) == [
        "conversation.unmerged",
        "conversation.merged",
    ]


@pytest.mark.parametrize("writes_on", [False, True])
def test_what_was_spam_is_spam_again_when_the_merge_is_undone(ada: User, acme: Business, writes_on: bool) -> None:
    mail, site = _two(acme)
    handling.mark_spam(conversation=mail, actor=ada)
    merge_conversations(conversation=mail, into=site, actor=ada)
    if writes_on:
        builders.says(mail, "Buy more")

    undo_merge(conversation=mail, actor=ada)

    mail.refresh_from_db()
    assert (mail.status, bool(mail.spam_at)) == (Status.CLOSED, True)


def test_tags_and_the_higher_priority_come_along_and_go_again(ada: User, acme: Business) -> None:
    mail, site = _two(acme)
    for one, name, priority in ((mail, "Damaged", Priority.HIGH), (site, "Invoice", Priority.LOW)):
        add_tag(conversation=one, name=name, actor=ada)
        set_priority(conversation=one, priority=priority, actor=ada)
    add_tag(conversation=mail, name="Invoice", actor=ada)
    api, there = builders.api(ada), f"{URL}/{site.pk}"

    def shown() -> tuple[list[str], str]:
        told = api.get(there).json()
        return [tag["name"] for tag in told["tags"]], told["priority"]

    api.post(f"{there}/merge", {"other_id": str(mail.pk)})
    assert shown() == (["Damaged", "Invoice"], "high")

    api.delete(f"{URL}/{mail.pk}/merge")
    assert shown() == (["Invoice"], "low")
    assert [tag["name"] for tag in api.get(f"{URL}/{mail.pk}").json()["tags"]] == ["Damaged", "Invoice"]


def test_what_is_written_in_the_merged_one_is_news_in_the_other(ada: User, acme: Business, sign_in: SignIn) -> None:
    mail, site = _two(acme)
    api, client = builders.api(ada), sign_in(ada)
    api.post(f"{URL}/{site.pk}/merge", {"other_id": str(mail.pk)})
    api.post(f"{URL}/{site.pk}/read", {"seq": 1})
    api.post(f"{URL}/{mail.pk}/read", {"seq": 1})
    handling.resolve_conversation(conversation=site, actor=ada)

    message = builders.says(mail, "And another thing")

    assert (message.conversation_id, message.seq) == (mail.pk, 2)
    into, other = api.get(f"{URL}/{site.pk}").json(), api.get(f"{URL}/{mail.pk}").json()
    assert (into["status"], into["unread"], other["status"]) == ("open", 1, "closed")
    news = client.get(f"/inbox/{site.pk}/messages/?after=1").content.decode()
    assert f'data-aside data-of="{mail.pk}" data-own-seq="2" data-seq="1"' in news
    assert "And another thing" in news
    api.post(f"{URL}/{mail.pk}/read", {"seq": 2})
    assert api.get(f"{URL}/{site.pk}").json()["unread"] == 0

    refused = api.delete(f"{URL}/{site.pk}/merge")  # which one is not said
    assert (refused.status_code, api.get(f"{URL}/{mail.pk}").json()["merged_into_id"]) == (400, str(site.pk))
    undone = api.delete(f"{URL}/{mail.pk}/merge").json()
    assert api.delete(f"{URL}/{site.pk}/merge").status_code == 200  # nothing is merged into it any more

    assert (undone["status"], undone["merged_into_id"]) == ("open", None)  # nobody has answered it yet
    assert api.get(f"{URL}/{site.pk}").json()["status"] == "open"


def test_what_is_new_in_either_is_marked_and_the_newest_of_both_is_in_the_list(
    ada: User, acme: Business, sign_in: SignIn
) -> None:
    mail, site = _two(acme)
    api, client = builders.api(ada), sign_in(ada)
    api.post(f"{URL}/{site.pk}/merge", {"other_id": str(mail.pk)})
    for one in (mail, site):
        api.post(f"{URL}/{one.pk}/read", {"seq": 1})

    def thread() -> str:
        return client.get(f"/inbox/{site.pk}/").content.decode().split('id="messages"')[1]

    assert "data-new" not in thread()
    builders.answers(ada, site, "On it")
    builders.says(mail, "First news")
    builders.says(site, "More news")

    assert thread().count("data-new") == 1
    assert _in_order(thread(), ">On it<", "data-new", ">First news<", ">More news<")
    assert "More news" in client.get("/inbox/rows/").content.decode()

    api.post(f"{URL}/{mail.pk}/read", {"seq": 2})
    assert _in_order(thread(), ">First news<", "data-new", ">More news<")
    builders.says(mail, "Last news")
    listed = {each["id"]: each["last_message"]["content"] for each in api.get(f"{URL}/").json()}
    assert listed[str(site.pk)] == api.get(f"{URL}/{site.pk}").json()["last_message"]["content"] == "Last news"
    assert "Last news" in client.get("/inbox/rows/").content.decode()
    assert "More news" not in client.get("/inbox/rows/").content.decode()


def test_what_the_team_sends_goes_to_the_other_one_once(ada: User, acme: Business) -> None:
    mail, site = _two(acme)
    api = builders.api(ada)
    first = api.post(f"{URL}/{mail.pk}/messages", {"content": "Early"}, headers={"Idempotency-Key": "early"})
    api.post(f"{URL}/{site.pk}/merge", {"other_id": str(mail.pk)})

    sent = [
        api.post(f"{URL}/{mail.pk}/messages", {"content": "Hello"}, headers={"Idempotency-Key": "one"})
        for _each in range(2)
    ]
    again = api.post(f"{URL}/{mail.pk}/messages", {"content": "Early"}, headers={"Idempotency-Key": "early"})

    assert [(each.status_code, each.json()["conversation_id"]) for each in sent] == [
        (201, str(site.pk)),
        (200, str(site.pk)),
    ]
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert Message.objects.filter(content="Hello").count() == 1
    assert api.put(f"{URL}/{mail.pk}/resolve").status_code == 400
    assert api.patch(f"{URL}/{mail.pk}", {"status": "open"}).status_code == 400


def test_a_reply_that_was_written_before_news_of_the_merged_one_were_read_is_asked_about(
    ada: User, acme: Business
) -> None:
    mail, site = _two(acme)
    api, path = builders.api(ada), f"{URL}/{site.pk}/messages"
    api.post(f"{URL}/{site.pk}/merge", {"other_id": str(mail.pk)})
    api.post(f"{URL}/{mail.pk}/read", {"seq": 1})
    builders.says(mail, "Never mind")

    refused = api.post(path, {"content": "Done", "seen_seq": 1}, headers={"Idempotency-Key": "k"})

    assert (refused.status_code, [each["content"] for each in refused.json()["news"]]) == (409, ["Never mind"])
    api.post(f"{URL}/{mail.pk}/read", {"seq": 2})
    sent = api.post(path, {"content": "Done", "seen_seq": 1}, headers={"Idempotency-Key": "k"})
    builders.says(mail, "Really")
    again = api.post(path, {"content": "Done", "seen_seq": 1}, headers={"Idempotency-Key": "k"})
    assert [sent.status_code, again.status_code] == [201, 200]


def test_what_is_stored_together_with_news_of_the_merged_one_waits_for_them(ada: User, acme: Business) -> None:
    mail, site = _two(acme)
    builders.api(ada).post(f"{URL}/{site.pk}/merge", {"other_id": str(mail.pk)})
    news = Draft(conversation_id=mail.pk, sender_type=SenderType.CUSTOMER, content="Never mind")
    reply = reply_draft(business_id=acme.pk, conversation_id=site.pk, author=ada, content="Done", seen_seq=1)

    assert [type(outcome) for outcome in post_each([news, reply])] == [Posted, Held]
    assert [type(outcome) for outcome in post_each([reply])] == [Stale]


def test_only_conversations_of_one_customer_are_merged_and_never_in_a_chain(
    ada: User, mallory: User, acme: Business
) -> None:
    cleo = builders.customer(acme)
    one, two, three = (builders.conversation(acme, customer=cleo) for _each in range(3))
    foreign = builders.conversation(mallory.memberships.get().business)
    somebody = builders.conversation(acme)
    api = builders.api(ada)

    def merge(other: Conversation, into: Conversation) -> int:
        return api.post(f"{URL}/{into.pk}/merge", {"other_id": str(other.pk)}).status_code

    assert merge(two, one) == merge(two, one) == 200
    wrong = [(one, one), (one, three), (two, three), (three, two), (somebody, one), (foreign, one)]
    assert [merge(*pair) for pair in wrong] == [400] * 6
    assert merge(one, foreign) == 404
    assert builders.api(mallory).delete(f"{URL}/{two.pk}/merge").status_code == 404


def test_conversations_of_customers_who_are_one_person_are_merged_too_and_neither_reads_the_others(
    ada: User, acme: Business
) -> None:
    grace, twin = builders.customer(acme, "Grace"), builders.customer(acme, "Gracie")
    one, two = builders.conversation(acme, customer=grace), builders.conversation(acme, customer=twin)
    api = builders.api(ada)
    assert api.post(f"{URL}/{one.pk}/merge", {"other_id": str(two.pk)}).status_code == 400
    api.post(f"/api/v1/customers/{grace.pk}/merge", {"other_id": str(twin.pk)})
    assert api.post(f"{URL}/{one.pk}/merge", {"other_id": str(two.pk)}).status_code == 200
    builders.says(two, "For the team")
    assert list(one.messages.values_list("content", flat=True)) == ["Hello?"]


def test_which_one_is_chosen_on_a_page(ada: User, acme: Business, sign_in: SignIn) -> None:
    mail, site = _two(acme)
    client = sign_in(ada)
    assert str(site.pk) in client.get(f"/inbox/{mail.pk}/merge/").content.decode()
    assert client.post(f"/inbox/{mail.pk}/merge/", {"into": "x"}).status_code == 400
    assert client.post(f"/inbox/{mail.pk}/merge/", {"into": str(site.pk)})["Location"] == f"/inbox/{site.pk}/"
    mail.refresh_from_db()
    assert (mail.merged_into_id, mail.status) == (site.pk, Status.CLOSED)
