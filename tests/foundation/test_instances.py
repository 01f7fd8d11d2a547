"""Instances that are made the short way are what Django makes."""

from typing import Any

import pytest
from django.db.models import Model

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Conversation, Message, SenderType
from foundation.instances import made, stored
from tests import builders

pytestmark = pytest.mark.django_db


def fields_of(instance: Model) -> dict[str, Any]:
    return {name: value for name, value in vars(instance).items() if name != "_state"}


@pytest.mark.parametrize("model", [Message, FeedEvent, Conversation])
def test_a_new_one_has_the_defaults_and_nobody_elses(model: type[Model]) -> None:
    ours, theirs, again = made(model, {}, id=None), model(id=None), made(model, {}, id=None)

    moments = {"created_at"}
    assert fields_of(ours).keys() == fields_of(theirs).keys()
    assert {k: v for k, v in fields_of(ours).items() if k not in moments} == {
        k: v for k, v in fields_of(theirs).items() if k not in moments
    }
    assert vars(ours._state).keys() <= {"fields_cache"}
    assert ours._state.adding
    lists = [name for name, value in fields_of(ours).items() if isinstance(value, list | dict)]
    assert all(vars(ours)[name] is not vars(again)[name] for name in lists)


def test_a_new_one_knows_the_rows_behind_it(acme: Business, ada: User, django_assert_num_queries: Any) -> None:
    conversation = builders.conversation(acme)

    with django_assert_num_queries(0):
        message = made(Message, {"conversation": conversation, "sender": None}, seq=9, sender_type=SenderType.CUSTOMER)
        assert (message.conversation, message.conversation_id) == (conversation, conversation.pk)
        assert (message.sender, message.sender_id) == (None, None)
    message.sender = ada
    message.created_at = conversation.created_at
    message.save(force_insert=True)
    assert Message.objects.get(pk=message.pk).sender == ada


def test_a_stored_one_is_saved_as_one(acme: Business) -> None:
    row = builders.conversation(acme)
    names = [field.attname for field in Conversation._meta.concrete_fields]

    found = stored(Conversation, names, [getattr(row, name) for name in names], database="default")
    found.priority = 3
    found.save(update_fields=["priority"])

    row.refresh_from_db()
    assert (row.priority, found.business) == (3, acme)
