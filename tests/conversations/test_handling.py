"""Changes of status: what they end, and one's own undone."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation, HandoffReason, Status
from conversations.services import handling
from conversations.services.handoffs import flag_for_person
from conversations.services.merging import merge_conversations
from conversations.services.snoozing import snooze_conversation
from foundation.errors import Conflict
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)

SOON = timezone.now() + timedelta(days=2)


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


def post(user: User, path: str, **form: Any) -> Any:
    client = Client(headers={"X-Requested-With": "fetch"})
    client.force_login(user)
    return client.post(path, form)


def standing(conversation: Conversation) -> dict[str, Any]:
    columns = (*handling.STANDING, "waiting_since")
    return Conversation.objects.filter(pk=conversation.pk).values(*columns).get()


def test_an_undone_status_is_asleep_or_handed_over_again_as_it_was(acme: Business, ada: User) -> None:
    asleep, flagged, done = (builders.conversation(acme) for _ in range(3))
    snooze_conversation(conversation=asleep, until=SOON, actor=ada)
    flag_for_person(conversation=flagged, reason=HandoffReason.USER_REQUESTED)
    handling.resolve_conversation(conversation=done, actor=ada)
    each = (asleep, flagged, done)
    before = [standing(row) for row in each]

    for row in each:
        assert post(ada, f"/inbox/{row.pk}/status/", status="closed").status_code == 204
        assert post(ada, f"/inbox/{row.pk}/status/", status="undo").status_code == 204
    assert [standing(row) for row in each] == before

    undo = post(ada, "/inbox/selection/", ids=[str(row.pk) for row in each], status="spam").json()["undo"]
    for step in undo:
        told = post(ada, "/inbox/selection/", ids=step["ids"], **{step["name"]: step["value"]}).json()["told"]
        assert told == "Gave back 3."
    assert [standing(row) for row in each] == before


def test_what_was_put_to_sleep_is_woken_by_undoing_it(conversation: Conversation, ada: User) -> None:
    before = standing(conversation)
    snooze_conversation(conversation=conversation, until=SOON, actor=ada)

    assert handling.undo_status(conversation=conversation, actor=ada).changed

    assert standing(conversation) == before


def test_an_undone_one_has_its_place_in_the_list_again(conversation: Conversation, acme: Business, ada: User) -> None:
    builders.conversation(acme)
    before = standing(conversation)["updated_at"]
    handling.resolve_conversation(conversation=conversation, actor=ada)
    assert standing(conversation)["updated_at"] > before

    handling.undo_status(conversation=conversation, actor=ada)

    assert standing(conversation)["updated_at"] == before


def test_nobody_undoes_what_somebody_else_made_of_it_since(conversation: Conversation, ada: User, ben: User) -> None:
    handling.resolve_conversation(conversation=conversation, actor=ada)
    with pytest.raises(Conflict):
        handling.undo_status(conversation=conversation, actor=ben)

    builders.says(conversation, "One more thing")
    with pytest.raises(Conflict):
        handling.undo_status(conversation=conversation, actor=ada)
    assert standing(conversation)["status"] == Status.OPEN


def test_a_reopening_is_not_undone_once_the_customer_has_written(conversation: Conversation, ada: User) -> None:
    handling.resolve_conversation(conversation=conversation, actor=ada)
    handling.reopen_conversation(conversation=conversation, actor=ada)
    builders.says(conversation, "One more thing")

    with pytest.raises(Conflict):
        handling.undo_status(conversation=conversation, actor=ada)

    assert standing(conversation)["status"] == Status.OPEN


def test_parked_until_the_customer_writes_is_no_longer_asleep_until_a_time(
    conversation: Conversation, ada: User
) -> None:
    snooze_conversation(conversation=conversation, until=SOON, actor=ada)

    assert handling.park_conversation(conversation=conversation, actor=ada).changed
    assert standing(conversation)["snoozed_until"] is None
    assert not handling.park_conversation(conversation=conversation, actor=ada).changed


def test_who_writes_again_after_the_end_waits_from_then_on(
    conversation: Conversation, acme: Business, ada: User
) -> None:
    other = builders.conversation(acme, customer=conversation.customer)
    merge_conversations(conversation=other, into=conversation, actor=ada)
    for row in (conversation, other):
        long_ago = timezone.now() - timedelta(days=7)
        Conversation.objects.filter(pk=conversation.pk).update(waiting_since=long_ago)
        handling.resolve_conversation(conversation=conversation, actor=ada)

        builders.says(row, "A new question")

        assert standing(conversation)["waiting_since"] > long_ago + timedelta(days=6)
