"""Saved replies and drafts: words that wait to be sent, each with those who may see them."""

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from conversations.models import CannedResponse, Conversation, ReplyDraft
from conversations.services.canned_responses import filled
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/v1/canned-responses"


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


def shortcuts(user: User) -> list[str]:
    return sorted(row["shortcut"] for row in builders.api(user).get(PATH).json()["results"])


def test_shared_ones_are_everybodys_and_own_ones_their_authors(acme: Business, ada: User, ben: User) -> None:
    builders.api(ada).post(PATH, {"shortcut": "hi", "content": "Hello"})
    builders.api(ben).post(PATH, {"shortcut": "mine", "content": "Mine", "shared": False})

    assert (shortcuts(ada), shortcuts(ben)) == (["hi"], ["hi", "mine"])
    assert builders.api(ben).post(PATH, {"shortcut": "HI", "content": "Again"}).status_code == 400
    assert builders.api(ben).post(PATH, {"shortcut": "hi", "content": "My own", "shared": False}).status_code == 201
    assert builders.api(ben).post(PATH, {"shortcut": "no way", "content": "Spaced"}).status_code == 422


def test_nobody_else_finds_ones_own(acme: Business, ada: User, ben: User, mallory: User) -> None:
    made = builders.api(ben).post(PATH, {"shortcut": "mine", "content": "Mine", "shared": False}).json()
    for other in (ada, mallory):
        assert builders.api(other).patch(f"{PATH}/{made['id']}", {"content": "Theirs"}).status_code == 404


def test_variables_are_filled_in_where_it_is_used(conversation: Conversation, ada: User, client: Client) -> None:
    builders.api(ada).post(PATH, {"shortcut": "hi", "content": "Hello {first_name}, {agent} of {workspace}. {order}"})
    client.force_login(ada)
    offered = client.get(f"/inbox/{conversation.pk}/replies/").json()["results"]
    assert offered == [{"shortcut": "hi", "content": "Hello Cleo, Ada of Acme. {order}", "blanks": []}]


def test_what_is_not_known_is_said_otherwise_or_left_blank(conversation: Conversation, ada: User) -> None:
    conversation.customer.name, conversation.customer.attributes = "", {"Plan": "{agent}", "seats": 3, "paid": True}

    def said(content: str) -> tuple[str, list[str]]:
        found = filled(content, conversation=conversation, agent=ada)
        return found.words, found.blanks

    assert said("Hi {first_name|there}, {agent_full}") == ("Hi there, Ada", [])
    assert said("Hi{name|}!") == ("Hi!", [])
    assert said("{first_name}, {first_name}, {email}") == (
        "[first name], [first name], [email]",
        ["[first name]", "[email]"],
    )
    assert said("{customer.plan} {customer.seats} {customer.paid}") == ("{agent} 3 yes", [])
    assert said("{customer.order no}, {customer.city|your town}") == ("[order no], your town", ["[order no]"])
    assert said("{order|x} {} {customer.}") == ("{order|x} {} {customer.}", [])


def test_the_settings_page_makes_changes_and_deletes_them(acme: Business, ada: User, client: Client) -> None:
    client.force_login(ada)
    fields = {"shortcut": "/refund", "content": "Within 5 days.", "shared": "on"}
    assert client.post("/settings/replies/", fields).status_code == 302
    assert client.post("/settings/replies/", fields).status_code == 422
    kept = CannedResponse.objects.get()
    assert (kept.shortcut, kept.shared) == ("refund", True)
    assert b"/refund" in client.get("/settings/replies/").content

    client.post(f"/settings/replies/{kept.pk}/", {**fields, "content": "Within 3 days."})
    kept.refresh_from_db()
    assert kept.content == "Within 3 days."
    client.post(f"/settings/replies/{kept.pk}/delete/")
    assert not CannedResponse.objects.exists()


def test_a_draft_is_on_ones_next_screen_and_on_nobody_elses(
    conversation: Conversation, ada: User, ben: User, client: Client
) -> None:
    client.force_login(ada)
    client.post(f"/inbox/{conversation.pk}/draft/", {"content": "Dear Cl", "mode": "note"})

    path = f"/api/v1/conversations/{conversation.pk}/draft"
    assert builders.api(ada).get(path).json() == {"content": "Dear Cl", "is_note": True}
    assert builders.api(ben).get(path).json() == {"content": "", "is_note": False}
    assert b"Dear Cl</textarea>" in client.get(f"/inbox/{conversation.pk}/").content


def test_what_was_sent_is_no_draft_any_more(conversation: Conversation, ada: User, client: Client) -> None:
    client.force_login(ada)
    client.post(f"/inbox/{conversation.pk}/draft/", {"content": "Dear Cleo"})
    client.post(f"/inbox/{conversation.pk}/reply/", {"content": "Dear Cleo", "client_message_id": "k"})
    assert not ReplyDraft.objects.exists()
