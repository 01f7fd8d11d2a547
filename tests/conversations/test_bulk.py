"""One action on a selection: each for itself, and back again."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, FeedEvent, Role, Team
from conversations.models import Conversation, HandoffReason, Message, Priority, Status
from conversations.services import handling
from conversations.services.assigning import assign_conversation, undo_assignment
from conversations.services.handoffs import flag_for_person
from conversations.services.priorities import set_priority
from foundation.errors import Conflict
from tests import builders

pytestmark = pytest.mark.django_db


def statuses(*conversations: Conversation) -> list[str]:
    found = Conversation.objects.in_bulk([each.pk for each in conversations])
    return [found[each.pk].status for each in conversations]


def test_what_cannot_be_changed_holds_up_no_other(ada: User, acme: Business, mallory: User) -> None:
    one, two = builders.conversation(acme), builders.conversation(acme)
    foreign = builders.conversation(mallory.memberships.get().business)
    nobodys = uuid4()
    ids = [str(pk) for pk in (one.pk, foreign.pk, nobodys, two.pk, one.pk)]

    answer = builders.api(ada).post("/api/v1/conversations/bulk", {"ids": ids, "action": "resolve"})

    assert answer.json() == {
        "done": [str(one.pk), str(two.pk)],
        "failed": [{"id": str(foreign.pk), "detail": "Not found"}, {"id": str(nobodys), "detail": "Not found"}],
    }
    assert statuses(one, two, foreign) == ["resolved", "resolved", "open"]
    assert FeedEvent.objects.filter(business=acme, kind="conversation.updated").count() == 2


def test_each_action_does_what_its_service_does_with_the_same_rights(ada: User, ben: User, acme: Business) -> None:
    one = builders.conversation(acme)

    def act(user: User, action: str, **value: Any) -> Any:
        return builders.api(user).post("/api/v1/conversations/bulk", {"ids": [str(one.pk)], "action": action, **value})

    assert act(ben, "close").status_code == 200
    assert statuses(one) == ["closed"]
    assert act(ben, "reopen").json()["done"] == act(ben, "reopen").json()["done"] == [str(one.pk)]
    assert act(ben, "assign", value=str(ben.pk)).status_code == 403
    assert act(ada, "assign", value=str(ben.pk)).json()["failed"] == []
    assert Conversation.objects.get(pk=one.pk).assignee == ben
    assert act(ada, "assign", value=str(uuid4())).json()["done"] == []
    assert act(ada, "assign", value=None).status_code == 200
    assert Conversation.objects.get(pk=one.pk).assignee is None
    for wrong in ({"action": "delete"}, {"action": "assign", "value": 7}):
        assert act(ada, **wrong).status_code == 422
    for ids in ([], ["x"], [str(uuid4())] * 201):
        answer = builders.api(ada).post("/api/v1/conversations/bulk", {"ids": ids, "action": "close"})
        assert answer.status_code == 422


def test_the_inbox_says_how_a_bulk_action_is_undone(ada: User, ben: User, acme: Business) -> None:
    client = Client()
    client.post("/login", {"email": ada.email, "password": builders.PASSWORD})
    one, two, parked = (builders.conversation(acme) for _ in range(3))
    handling.park_conversation(conversation=parked, actor=ada)
    assign_conversation(conversation=two, agent_id=ben.pk, actor=ada)
    ids = [str(each.pk) for each in (one, two, parked)]

    def send(**form: Any) -> Any:
        return client.post("/inbox/selection/", form, headers={"X-Requested-With": "fetch"})

    def undo(steps: list[dict[str, Any]]) -> None:
        for step in steps:
            assert send(ids=step["ids"], **{step["name"]: step["value"]}).status_code == 200

    assert "Ben" in client.get("/inbox/selection/").content.decode()
    answer = send(ids=[*ids, str(uuid4())], status=Status.RESOLVED).json()
    assert answer["told"] == "Resolved 3. 1 could not be: Not found."
    undo(answer["undo"])
    assert statuses(one, two, parked) == ["open", "open", "pending"]

    answer = send(ids=ids, tag="Refund").json()
    assert [each.name for each in Conversation.objects.get(pk=ids[0]).tags.all()] == ["Refund"]
    undo(answer["undo"])
    assert not Conversation.objects.get(pk=ids[0]).tags.exists()
    assert send(ids=ids, tag=" ").status_code == 422

    answer = send(ids=ids, to=f"person:{ada.pk}").json()
    assert {each.assignee for each in Conversation.objects.all()} == {ada}
    undo(answer["undo"])
    assert [Conversation.objects.get(pk=pk).assignee for pk in ids] == [None, ben, None]

    ben_client = Client()
    ben_client.post("/login", {"email": ben.email, "password": builders.PASSWORD})
    refusal = ben_client.post("/inbox/selection/", {"ids": ids, "to": "nobody"}, headers={"X-Requested-With": "fetch"})
    assert refusal.status_code == 403
    taken = ben_client.post("/inbox/selection/", {"ids": ids[:1], "to": "me"}, headers={"X-Requested-With": "fetch"})
    assert taken.json()["undo"] == []
    assert Conversation.objects.get(pk=ids[0]).assignee == ben


def test_what_is_done_in_small_things_with_many_is_given_back_as_it_was(ada: User, acme: Business) -> None:
    client = builders.browser(ada)
    one, two = builders.conversation(acme), builders.conversation(acme)
    set_priority(conversation=two, priority=Priority.LOW, actor=ada)
    ids = [str(one.pk), str(two.pk)]

    def send(**form: Any) -> Any:
        answer = client.post("/inbox/selection/", {"ids": ids, **form}, headers={"X-Requested-With": "fetch"})
        assert answer.status_code == 200
        return answer.json()

    def undo(steps: list[dict[str, Any]]) -> None:
        for step in steps:
            send(ids=step["ids"], **{step["name"]: step["value"]})

    snoozed = send(do="snooze:tomorrow")
    assert (snoozed["told"], statuses(one, two)) == ("Snoozed 2.", ["pending", "pending"])
    undo(snoozed["undo"])
    assert statuses(one, two) == ["open", "open"]

    raised = send(do="priority:urgent")
    assert set(Conversation.objects.values_list("priority", flat=True)) == {Priority.URGENT}
    undo(raised["undo"])
    assert [Conversation.objects.get(pk=pk).priority for pk in ids] == [Priority.NONE, Priority.LOW]

    for each in (one, two):
        handling.mark_read(conversation=each, user=ada, seq=each.last_seq)
    marked = send(do="unread")
    assert marked["told"] == "Marked 2 as unread."
    assert [each.unread for each in Conversation.objects.with_unread(ada)] == [1, 1]  # type: ignore[attr-defined]
    assert send(do="unread")["undo"] == []
    builders.says(one, "One more thing")
    undo(marked["undo"])
    unread = {each.pk: each.unread for each in Conversation.objects.with_unread(ada)}  # type: ignore[attr-defined]
    assert unread == {one.pk: 1, two.pk: 0}  # what came since nobody has seen
    assert client.post("/inbox/selection/", {"ids": ids, "do": "read:soon"}).status_code == 404

    send(ids=ids[:1], tag="Refund")
    taken = send(untag="Refund")
    assert taken["told"] == "Untagged 2."
    undo(taken["undo"])
    assert [each.name for each in one.tags.all()] == ["Refund"]
    assert not two.tags.exists()
    assert client.post("/inbox/selection/", {"ids": ids, "do": "block"}).status_code == 404


def test_what_is_done_with_many_keeps_their_order_and_undone_they_have_their_places(
    ada: User, ben: User, acme: Business
) -> None:
    client = Client(headers={"X-Requested-With": "fetch"})
    client.force_login(ada)
    rows = [builders.conversation(acme) for _ in range(4)]
    for row, agent in zip(rows, (ben, ada, ben, None), strict=True):
        assign_conversation(conversation=row, agent_id=agent and agent.pk, actor=ada)
    now = timezone.now()
    Message.objects.update(created_at=now - timedelta(hours=1))
    for number, row in enumerate(rows):
        Conversation.objects.filter(pk=row.pk).update(updated_at=now - timedelta(minutes=number))
    before = standing()

    for form in ({"to": "nobody"}, {"status": "resolved"}, {"status": "spam"}):
        answer = client.post("/inbox/selection/", {"ids": [str(row.pk) for row in rows], **form}).json()
        assert [pk for pk, *_rest in standing()] == [pk for pk, *_rest in before]
        for step in answer["undo"]:
            client.post("/inbox/selection/", {"ids": step["ids"], step["name"]: step["value"]})
        assert standing() == before, form


def standing() -> list[tuple[Any, ...]]:
    """As a list by time has them."""
    rows = Conversation.objects.order_by("-updated_at", "-pk")
    return list(rows.values_list("pk", "assignee", "team", "status", "handoff_reason", "updated_at"))


def test_nobody_takes_back_what_somebody_else_gave_away_since(ada: User, ben: User, acme: Business) -> None:
    row = builders.conversation(acme)
    eve = builders.person("Eve")
    builders.member(acme, eve, Role.ADMIN)
    assign_conversation(conversation=row, agent_id=ben.pk, actor=ada)
    assign_conversation(conversation=row, agent_id=eve.pk, actor=eve)

    with pytest.raises(Conflict):
        undo_assignment(conversation=row, actor=ada)

    undo_assignment(conversation=row, actor=eve)
    row.refresh_from_db()
    assert row.assignee == ben


def test_what_was_done_with_meanwhile_does_not_wait_for_a_person_again(ada: User, ben: User, acme: Business) -> None:
    row = builders.conversation(acme)
    flag_for_person(conversation=row, reason=HandoffReason.LOW_CONFIDENCE)
    assign_conversation(conversation=row, agent_id=ben.pk, actor=ada)
    handling.resolve_conversation(conversation=row, actor=ben)

    undo_assignment(conversation=row, actor=ada)

    row.refresh_from_db()
    assert (row.assignee, row.handoff_reason, row.handoff_at) == (None, "", None)


def test_over_the_api_many_are_put_aside_ranked_marked_and_given_back(ada: User, ben: User, acme: Business) -> None:
    rows = [builders.conversation(acme), builders.conversation(acme)]
    night = Team.objects.create(business=acme, name="Night")
    soon = (timezone.now() + timedelta(hours=3)).isoformat()

    def act(user: User, action: str, value: Any = None) -> Any:
        body = {"ids": [str(row.pk) for row in rows], "action": action, "value": value}
        return builders.api(user).post("/api/v1/conversations/bulk", body)

    def all_have(**what: Any) -> bool:
        return Conversation.objects.filter(**what).count() == 2

    for action, value, what in (
        ("pending", None, {"status": "pending"}),
        ("snooze", soon, {"snoozed_until__isnull": False}),
        ("undo_status", None, {"status": "pending", "snoozed_until": None}),
        ("priority", "high", {"priority": Priority.HIGH}),
        ("priority", None, {"priority": Priority.NONE}),
        ("tag", "Refund", {"tags__name": "Refund"}),
        ("team", str(night.pk), {"team": night}),
        ("assign", str(ben.pk), {"assignee": ben, "team": night}),
        ("undo_assign", None, {"assignee": None, "team": night}),
        ("team", None, {"team": None}),
        ("read", None, {"read_marks__user": ada, "read_marks__seq": 1}),
        ("unread", None, {"read_marks__user": ada, "read_marks__seq": 0}),
    ):
        answer = act(ada, action, value)
        assert answer.json()["failed"] == [], (action, answer.content)
        assert all_have(**what), action

    for action in ("assign", "team", "undo_assign"):
        assert act(ben, action).status_code == 403
    for action, wrong in (("snooze", "soon"), ("snooze", None), ("priority", "huge"), ("team", "x"), ("tag", 7)):
        answer = act(ada, action, wrong)
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "value"]), action
    past = act(ada, "snooze", (timezone.now() - timedelta(hours=1)).isoformat()).json()
    assert len(past["failed"]) == 2
