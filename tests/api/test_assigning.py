"""Assigning and claiming over REST, as contract/api.md 5 and 6 say."""

import uuid
from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business, FeedEvent, Role
from conversations.models import Conversation
from tests import builders

pytestmark = pytest.mark.django_db


def assign(caller: User, conversation: Any, agent: Any) -> list[tuple[int, Any]]:
    """By both doors of the contract: status and body of each."""
    client = builders.api(caller)
    answers = [
        client.put(f"/api/v1/conversations/{conversation}/assign/{agent}"),
        client.post(f"/api/v1/team/assign/{conversation}?agent_id={agent}"),
    ]
    return [(answer.status_code, answer.json()) for answer in answers]


def test_both_doors_assign_and_answer_in_the_contracts_words(acme: Business, ada: User, ben: User) -> None:
    conversation = builders.conversation(acme)
    assert assign(ada, conversation.pk, ben.pk) == [
        (200, {"assignee_id": str(ben.pk)}),
        (200, {"message": "Conversation assigned successfully"}),
    ]
    conversation.refresh_from_db()
    assert conversation.assignee == ben
    assert FeedEvent.objects.filter(kind="conversation.assigned").count() == 1


def test_admins_assign_and_agents_do_not_whoever_it_is_about(acme: Business, ben: User, mallory: User) -> None:
    abe = builders.person("Abe")
    builders.member(acme, abe, Role.ADMIN)
    conversation = builders.conversation(acme)
    assert [status for status, _body in assign(abe, conversation.pk, ben.pk)] == [200, 200]
    refused = {str(answer) for about in (conversation.pk, uuid.uuid4()) for answer in assign(ben, about, ben.pk)}
    assert refused == {str((403, {"detail": "Your role does not allow this."}))}


def test_B3_a_foreign_agent_is_like_nobody_and_changes_nothing(acme: Business, ada: User, mallory: User) -> None:
    conversation = builders.conversation(acme)
    words = [assign(ada, conversation.pk, agent) for agent in (mallory.pk, uuid.uuid4())]
    assert words[0] == words[1] == [(400, {"detail": "This is not an active member of your team."})] * 2
    by_patch = builders.api(ada).patch(
        f"/api/v1/conversations/{conversation.pk}", {"assignee_id": str(mallory.pk), "status": "pending"}
    )
    assert (by_patch.status_code, by_patch.json()) == words[0][0]
    conversation.refresh_from_db()
    assert (conversation.assignee, conversation.status) == (None, "open")
    assert not FeedEvent.objects.filter(kind__in=["conversation.assigned", "conversation.updated"]).exists()


def test_B1_a_foreign_conversation_is_like_a_random_one(acme: Business, ada: User, mallory: User) -> None:
    theirs = builders.conversation(acme)
    for about in (theirs.pk, uuid.uuid4(), "nonsense"):
        assert assign(mallory, about, mallory.pk) == [(404, {"detail": "Not found"})] * 2
        claim = builders.api(mallory).post(f"/api/v1/conversations/{about}/claim")
        assert (claim.status_code, claim.json()) == (404, {"detail": "Not found"})
    theirs.refresh_from_db()
    assert theirs.assignee is None


def test_what_is_no_id_is_no_member_in_a_path_and_no_value_in_a_query(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    client = builders.api(ada)
    assert [status for status, _body in assign(ada, conversation.pk, "nonsense")] == [400, 422]
    assert client.post(f"/api/v1/team/assign/{conversation.pk}").status_code == 422


def test_a_manager_takes_a_conversation_from_everybody_with_a_patch(acme: Business, ada: User, ben: User) -> None:
    conversation = builders.conversation(acme)
    path = f"/api/v1/conversations/{conversation.pk}"
    body = builders.api(ada).patch(path, {"assignee_id": str(ben.pk), "status": "pending"}).json()
    assert (body["assignee_id"], body["status"]) == (str(ben.pk), "pending")
    assert builders.api(ben).patch(path, {"assignee_id": None}).status_code == 403
    assert builders.api(ada).patch(path, {"assignee_id": None}).json()["assignee_id"] is None
    assert builders.api(ada).patch(path, {}).status_code == 422
    assert builders.api(ada).patch(path, {"assignee_id": "nonsense"}).status_code == 422


def test_anybody_claims_what_is_free_and_the_second_is_told(acme: Business, ada: User, ben: User) -> None:
    path = f"/api/v1/conversations/{builders.conversation(acme).pk}/claim"
    first, again, late = (builders.api(who).post(path) for who in (ben, ben, ada))
    assert (first.status_code, first.json()) == (200, {"assignee_id": str(ben.pk)})
    assert again.json() == first.json()
    assert (late.status_code, late.json()) == (409, {"detail": "Ben has it already."})
    assert Conversation.objects.get().assignee == ben


def test_anybody_gives_their_own_back_and_nobody_elses(acme: Business, ada: User, ben: User) -> None:
    talk = builders.conversation(acme)
    path = f"/api/v1/conversations/{talk.pk}/claim"
    builders.api(ben).post(path)

    assert builders.api(ada).delete(path).status_code == 409
    given_up = builders.api(ben).delete(path)
    assert (given_up.status_code, given_up.json()) == (200, {"assignee_id": None})
    assert builders.api(ben).delete(path).status_code == 200
    talk.refresh_from_db()
    assert talk.assignee is None

    builders.api(ben).post(path)
    assert "Give it back" in builders.browser(ben).get(f"/inbox/{talk.pk}/").content.decode()
    for choice, has_it in (("nobody", ben), ("back", None)):
        builders.browser(ben).post(f"/inbox/{talk.pk}/assign/", {"to": choice})
        talk.refresh_from_db()
        assert talk.assignee == has_it
