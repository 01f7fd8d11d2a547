"""Questions that are put together once answer as Django's own would."""

from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.signals import post_init, pre_init
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from businesses.models import Business, Membership
from businesses.reading import READER, as_reader
from conversations.models import Conversation, Customer, Message
from foundation.prepared import Among, Given, Prepared, prepared
from tests import builders

pytestmark = pytest.mark.django_db


@prepared
def conversations(status: str) -> "QuerySet[Conversation]":
    rows = Conversation.objects.visible_to(READER).filter(status=status).joined_for_reading().with_unread(READER)
    return rows.select_related("rating").order_by("-updated_at", "-id")


def values_of(row: Model | None) -> dict[str, Any] | None:
    """All of its columns, and of what came with it."""
    if row is None:
        return None
    cached = {name: values_of(other) for name, other in row._state.fields_cache.items() if name != "conversation"}
    return {**{name: value for name, value in vars(row).items() if name != "_state"}, **cached}


def test_what_comes_is_what_django_would_have_made(ada: User, acme: Business) -> None:
    cleo = builders.customer(acme, "Cleo", attributes={"plan": ["pro", 3, None]}, verified=True)
    answered = builders.conversation(acme, customer=cleo, content="a 'quote', 50% and %s")
    builders.answers(ada, answered, "Grüße")
    builders.conversation(acme, content="another")
    builders.conversation(acme, content="", customer=cleo)

    rows = conversations("open")(**as_reader(ada))

    plainly = Conversation.objects.visible_to(ada).filter(status="open").joined_for_reading().with_unread(ada)
    plainly = plainly.select_related("rating").order_by("-updated_at", "-id")
    assert [values_of(row) for row in rows] == [values_of(row) for row in plainly]
    assert (rows[0]._state.adding, rows[0]._state.db) == (False, "default")
    with CaptureQueriesContext(connection) as queries:
        assert rows[1].customer.attributes == {} or rows[1].customer.attributes == {"plan": ["pro", 3, None]}
    assert not queries


def test_it_is_put_together_once_and_asked_with_other_values(ada: User, acme: Business, mallory: User) -> None:
    builders.conversation(acme)
    assert conversations("open") is conversations("open")
    assert conversations("open") is not conversations("closed")
    assert len(conversations("open")(**as_reader(ada))) == 1
    assert conversations("open")(**as_reader(mallory)) == []


def test_who_works_nowhere_sees_nothing(ada: User, acme: Business) -> None:
    builders.conversation(acme)
    assert conversations("open")(**as_reader(builders.person("Nora"))) == []


def test_many_ids_are_one_question(acme: Business) -> None:
    made = [builders.customer(acme, f"Cleo {number}") for number in range(4)]
    asked = Prepared(Customer.objects.filter(Among("id", Given("ids"))).order_by("name"))
    assert asked(ids=[each.pk for each in made[1:3]]) == made[1:3]
    assert asked(ids=[uuid4()]) == asked(ids=[]) == []
    assert asked.one(ids={made[3].pk}) == made[3]
    assert asked.one(ids=[]) is None


def test_values_come_as_tuples_of_what_fields_hold(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme)
    asked = Prepared(
        Message.objects.filter(conversation_id=Given("conversation")).values_list("id", "attachments", "created_at")
    )
    assert asked(conversation=conversation.pk) == list(
        conversation.messages.values_list("id", "attachments", "created_at")
    )


def test_what_is_known_beforehand_stands_in_the_statement(acme: Business) -> None:
    asked = Prepared(
        Membership.objects.filter(business_id=Given("business"), is_active=True, role="owner", user__full_name="A 'b'")
    )
    assert "'owner'" in asked.sql
    assert [type(each) for each in asked._params] == [Given, str]
    assert asked(business=acme.pk) == []


def test_no_model_of_ours_does_anything_of_its_own_when_it_is_made() -> None:
    for model in apps.get_models():
        assert model.__init__ is Model.__init__ or model.__module__.startswith("django"), model  # type: ignore[misc]
        assert model.from_db.__func__ is Model.from_db.__func__, model  # type: ignore[attr-defined]
        assert not post_init.has_listeners(model), model
        assert not pre_init.has_listeners(model), model
