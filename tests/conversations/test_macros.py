"""Macros: all that one says or nothing, by who may do it, and only within the workspace."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, Role
from conversations.models import ChannelType, Conversation, Macro, Priority, Status
from conversations.services.assigning import assign_conversation
from conversations.services.macro_runs import run_macro
from conversations.services.macros import create_macro
from conversations.services.snoozing import snooze_conversation
from conversations.services.tags import add_tag
from foundation.errors import Forbidden, Invalid, Stale
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


def test_one_click_does_all_of_it(conversation: Conversation, ada: User) -> None:
    api = builders.api(ada)
    body = {
        "name": "Refund",
        "content": "Done, {first_name}.",
        "assign": "me",
        "tags": ["Refund"],
        "priority": "low",
        "status": "resolved",
    }
    made = api.post("/api/v1/macros", body)
    assert made.status_code == 201
    assert {name: made.json()[name] for name in body} == body

    answer = api.post(f"/api/v1/conversations/{conversation.pk}/macros/{made.json()['id']}", {"seen_seq": 1}).json()
    assert (answer["status"], answer["priority"], answer["assignee_id"]) == ("resolved", "low", str(ada.pk))
    assert ([tag["name"] for tag in answer["tags"]], answer["last_message"]["content"]) == (["Refund"], "Done, Cleo.")


def test_a_macro_whose_text_needs_what_is_not_known_does_nothing(conversation: Conversation, ada: User) -> None:
    conversation.customer.name = ""
    conversation.customer.save()
    api = builders.api(ada)
    body = {"name": "Refund", "content": "Done, {first_name}.", "status": "resolved"}
    macro = api.post("/api/v1/macros", body).json()["id"]
    run = f"/api/v1/conversations/{conversation.pk}/macros/{macro}"

    refused = api.post(run, {"seen_seq": 1})

    assert refused.status_code == 422
    assert "[first name]" in refused.content.decode()
    conversation.refresh_from_db()
    assert (conversation.status, conversation.last_seq) == (Status.OPEN, 1)
    api.patch(f"/api/v1/macros/{macro}", {"content": "Done{first_name|}."})
    assert api.post(run, {"seen_seq": 1}).json()["last_message"]["content"] == "Done."


def test_its_words_can_be_undone_for_as_long_as_a_reply_where_they_leave_the_house(acme: Business, ada: User) -> None:
    mail = builders.conversation(acme, type=ChannelType.EMAIL)
    macro = create_macro(business=acme, author=ada, name="Late", content="Sorry.", status=Status.PENDING)
    client = Client()
    client.force_login(ada)
    page = f"/inbox/{mail.pk}"
    script = {"headers": {"X-Requested-With": "fetch"}}
    assert client.post(f"{page}/macro/", {"macro": macro.pk, "seen_seq": 1}, **script).status_code == 200
    mail.refresh_from_db()
    assert (mail.status, mail.last_seq) == (Status.PENDING, 1)

    row = mail.scheduled.get()
    assert row.is_soon
    assert client.post(f"{page}/take-back/", {"scheduled": row.pk}, **script).json()["content"] == "Sorry."
    assert not mail.scheduled.exists()
    assert client.post(f"{page}/macro/", {"macro": macro.pk, "seen_seq": 0}, **script).status_code == 409


def test_pressed_again_it_says_its_words_once(conversation: Conversation, acme: Business, ada: User) -> None:
    macro = create_macro(business=acme, author=ada, name="Late", content="Sorry.")
    client = Client(headers={"X-Requested-With": "fetch"})
    client.force_login(ada)
    there = f"/inbox/{conversation.pk}/"
    [key] = re.findall(r'name="client_message_id" value="(macro-[^"]+)"', client.get(there).content.decode())
    for _press in range(2):
        press = {"macro": macro.pk, "seen_seq": 1, "client_message_id": key}
        assert client.post(f"{there}macro/", press).status_code == 200
    assert [message.content for message in conversation.messages.filter(sender=ada)] == ["Sorry."]


class Page:
    """The open conversation's, for its script."""

    def __init__(self, conversation: Conversation, user: User) -> None:
        self.address = f"/inbox/{conversation.pk}/macro/"
        self.client = Client(headers={"X-Requested-With": "fetch"})
        self.client.force_login(user)

    def run(self, macro: Macro) -> dict[str, Any]:
        return self.client.post(self.address, {"macro": macro.pk, "seen_seq": 1}).json()  # type: ignore[no-any-return]

    def undo(self, ran: str) -> Any:
        return self.client.post(f"{self.address}undo/", {"ran": ran})


def test_one_undo_gives_back_all_that_it_changed(acme: Business, ada: User) -> None:
    mail = builders.conversation(acme, type=ChannelType.EMAIL)
    add_tag(conversation=mail, name="VIP", actor=ada)
    until = timezone.now() + timedelta(days=2)
    snooze_conversation(conversation=mail, until=until, actor=ada)
    actions = {"content": "Sorry.", "assign": "me", "tags": ["VIP", "Late"], "priority": 4, "status": "resolved"}
    macro, page = create_macro(business=acme, author=ada, name="Late", **actions), Page(mail, ada)

    answer = page.run(macro)
    mail.refresh_from_db()
    assert (mail.status, mail.assignee_id, mail.priority) == ("resolved", ada.pk, 4)
    told = page.undo(answer["undo"]).json()["told"]

    mail = Conversation.objects.get(pk=mail.pk)
    assert (mail.status, mail.snoozed_until, mail.assignee_id, mail.priority) == ("pending", until, None, 0)
    assert [tag.name for tag in mail.tag_list] == ["VIP"]
    assert not mail.scheduled.exists()
    assert (told, mail.last_seq) == ("Undone.", 1)


def test_what_is_out_stays_and_is_said_to(conversation: Conversation, acme: Business, ada: User, ben: User) -> None:
    macro = create_macro(business=acme, author=ada, name="Bye", content="Bye.", assign="me", status="closed")
    answer = Page(conversation, ada).run(macro)
    assert "sent" in answer["told"]

    told = Page(conversation, ada).undo(answer["undo"]).json()["told"]

    conversation.refresh_from_db()
    assert (conversation.status, conversation.assignee_id, conversation.last_seq) == (Status.OPEN, None, 2)
    assert "stays" in told
    only_words = create_macro(business=acme, author=ada, name="Hm", content="Hm.")
    assert Page(conversation, ada).run(only_words)["undo"] == ""


def test_an_undo_is_for_who_ran_it_where_it_ran(
    conversation: Conversation, acme: Business, ada: User, ben: User, mallory: User
) -> None:
    macro = create_macro(business=acme, author=ada, name="Done", assign="me", status="resolved")
    ran = Page(conversation, ben).run(macro)["undo"]
    for page in (Page(conversation, ada), Page(conversation, mallory), Page(builders.conversation(acme), ben)):
        assert page.undo(ran).status_code == 404
    assert Page(conversation, ben).undo(ran + "x").status_code == 404

    assign_conversation(conversation=conversation, actor=ada, agent_id=ada.pk)
    told = Page(conversation, ben).undo(ran).json()["told"]  # an agent gives away nobody else's

    conversation.refresh_from_db()
    assert (conversation.status, conversation.assignee_id) == (Status.OPEN, ada.pk)
    assert "Somebody else" in told


def test_an_agent_who_undoes_it_gives_back_what_it_took(conversation: Conversation, acme: Business, ben: User) -> None:
    macro = create_macro(business=acme, author=ben, name="Mine", assign="me", status="pending")
    ran = Page(conversation, ben).run(macro)["undo"]
    assert Page(conversation, ben).undo(ran).json()["told"] == "Undone."
    conversation.refresh_from_db()
    assert (conversation.status, conversation.assignee_id) == (Status.OPEN, None)


def test_what_is_refused_leaves_nothing_done(conversation: Conversation, acme: Business, ada: User) -> None:
    macro = create_macro(business=acme, author=ada, name="Bye", content="Bye.", status=Status.CLOSED)
    with pytest.raises(Stale):
        run_macro(macro=macro, conversation=conversation, actor=ada, seen_seq=0)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.last_seq) == (Status.OPEN, 1)


def test_an_agent_assigns_nobody_else_by_a_macro(conversation: Conversation, acme: Business, ada: User) -> None:
    agent = builders.person("Abe")
    builders.member(acme, agent, Role.AGENT)
    macro = create_macro(business=acme, author=ada, name="Ada", assign=f"person:{ada.pk}", tags=["x"])
    with pytest.raises(Forbidden):
        run_macro(macro=macro, conversation=conversation, actor=agent)
    assert not conversation.tags.exists()


def test_a_macro_names_nobody_of_another_workspace(acme: Business, ada: User, mallory: User) -> None:
    with pytest.raises(Invalid):
        create_macro(business=acme, author=ada, name="Out", assign=f"person:{mallory.pk}")
    with pytest.raises(Invalid):
        create_macro(business=acme, author=ada, name="Nothing")
    create_macro(business=acme, author=ada, name="Low", priority=Priority.LOW)
    with pytest.raises(Invalid):
        create_macro(business=acme, author=ada, name="LOW", status=Status.OPEN)
    assert builders.api(mallory).get("/api/v1/macros").json()["results"] == []


def test_the_pages_make_run_change_and_delete(conversation: Conversation, ada: User) -> None:
    client = Client()
    client.force_login(ada)
    client.post("/settings/macros/", {"name": "Urgent", "priority": "4", "tags": "VIP, late"})
    macro = Macro.objects.get()
    assert (macro.priority, macro.tags) == (Priority.URGENT, ["VIP", "late"])
    assert "Urgent" in client.get("/settings/macros/").content.decode()
    assert "data-macro" in client.get(f"/inbox/{conversation.pk}/").content.decode()

    assert client.post(f"/inbox/{conversation.pk}/macro/", {"macro": macro.pk}).status_code == 302
    conversation.refresh_from_db()
    assert conversation.priority == Priority.URGENT
    assert client.post(f"/settings/macros/{macro.pk}/", {"name": "Urgent"}).status_code == 400
    assert client.post(f"/settings/macros/{macro.pk}/delete/").status_code == 302
    assert not Macro.objects.exists()
