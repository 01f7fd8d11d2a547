"""S1, B2, B3: somebody else's ids in queries, in bodies and beside one's own in paths, for every operation.

Generated: an operation is in it as soon as it is in the schema, a model as soon as it has a table.
"""

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.invitations import invite
from businesses.models import Business
from businesses.teams import create_team
from tests import builders
from tests.api.operations import operations_of
from tests.api.test_isolation import (  # noqa: F401  fixtures
    APART,
    PUBLIC,
    call,
    ids,
    payment_is_set_up,
)
from tests.tenants import ids_of, rows_of

pytestmark = pytest.mark.django_db
DONE = {200, 201}


@pytest.fixture
def umbrella(mallory: User) -> Business:
    """A neighbour that has one of everything."""
    umbrella = mallory.memberships.get().business
    builders.widget(mallory, "umbrella.com")
    builders.answers(mallory, builders.conversation(umbrella, content="Secret?"), "Secret.")
    builders.visitor_writes(umbrella, "Secret!")
    builders.member(umbrella, builders.person("Nadia"))
    create_team(actor=mallory, name="Secret")
    invite(actor=mallory, email="olaf@example.com")
    builders.token(mallory)
    return umbrella


def alike(answer: Any, asked_for: str) -> tuple[int, str]:
    """What tells two answers apart: all of a refusal; of what was done, that it was done without that id."""
    text = answer.content.decode()
    if answer.status_code in DONE and answer.request["REQUEST_METHOD"] != "GET":
        done, refused = text.split('"failed":') if '"failed":' in text else (text, "")  # of many, each for itself
        assert asked_for not in done
        return answer.status_code, refused.replace(asked_for, "<id>")
    return answer.status_code, re.sub(re.escape(asked_for), "<id>", text)


def test_S1_B2_a_neighbours_id_in_a_query_or_body_is_like_a_random_one(
    client: Client,
    ada: User,
    acme: Business,
    umbrella: Business,
    ids: dict[str, str],  # noqa: F811
    subtests: pytest.Subtests,
) -> None:
    before, foreign = rows_of(umbrella), ids_of(umbrella)
    assert len(foreign) > 8
    tried = 0
    for operation in operations_of(client):
        if operation.key in APART | PUBLIC:
            continue
        for where, name, is_list in operation.ids_taken():
            tried += 1
            with subtests.test(f"{operation.method} {operation.path} {where}: {name}"):
                answers = {}
                for kind, value in [*foreign.items(), ("nobody's", str(uuid.uuid4()))]:
                    put: Any = [value] if is_list and where == "body" else value
                    given: dict[str, Any] = {"query": {name: put}} if where == "query" else {"more": {name: put}}
                    answers[kind] = alike(call(ada, operation.key, ids, acme, **given), value)
                assert {*answers.values()} == {answers["nobody's"]}, answers
    assert tried >= 8
    assert rows_of(umbrella) == before


def test_S1_B3_a_neighbours_id_beside_ones_own_in_a_path_is_like_a_random_one(
    client: Client,
    ada: User,
    acme: Business,
    umbrella: Business,
    ids: dict[str, str],  # noqa: F811
    subtests: pytest.Subtests,
) -> None:
    before, foreign = rows_of(umbrella), ids_of(umbrella)
    mine = {**ids, "agent_id": str(ada.pk)}
    for operation in operations_of(client):
        if operation.key in APART | PUBLIC:
            continue
        for name in re.findall(r"{(\w+)}", operation.path):
            with subtests.test(f"{operation.method} {operation.path}: {name}"):
                random = str(uuid.uuid4())
                expected = alike(call(ada, operation.key, {**mine, name: random}, acme), random)
                assert expected[0] in {400, 404}
                for kind, value in foreign.items():
                    answer = call(ada, operation.key, {**mine, name: value}, acme)
                    assert alike(answer, value) == expected, kind
    assert rows_of(umbrella) == before


def test_the_table_knows_what_belongs_to_whom(umbrella: Business, acme: Business) -> None:
    """Of what it compares, nothing is empty by mistake."""
    kinds = {label for label, rows in rows_of(umbrella).items() if rows}
    assert {
        "accounts.User",
        "accounts.AuthSession",
        "businesses.Business",
        "businesses.Membership",
        "businesses.FeedEvent",
        "businesses.AuditEntry",
        "businesses.Team",
        "businesses.Invitation",
        "conversations.Conversation",
        "conversations.Message",
        "conversations.Customer",
        "channels_app.Channel",
        "widgets.Widget",
        "widgets.Visitor",
    } <= kinds
    assert rows_of(umbrella) != rows_of(acme)
