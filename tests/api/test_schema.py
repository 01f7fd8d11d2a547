"""The schema is true: every operation answers only what it documents, whatever is sent to it."""

from typing import Any

import pytest
import schemathesis
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi import checks

from accounts.models import User
from businesses.models import Business
from tests import builders

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

# Of each operation. What our code makes of it is the same on both; a database's own refusals are PostgreSQL's.
EXAMPLES = 3 if connection.vendor == "sqlite" else 10
CHECKS: list[CheckFunction] = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def test_schema_and_docs_are_public_and_load_nothing_from_elsewhere(client: Client) -> None:
    schema = client.get("/api/v1/schema/")
    docs = client.get("/api/v1/docs/")
    assert (schema.status_code, docs.status_code) == (200, 200)
    assert b"https://" not in docs.content
    assert b"<style" not in docs.content


def test_every_operation_has_a_summary_and_documents_its_refusals(client: Client) -> None:
    schema = client.get("/api/v1/schema/").json()
    assert schema["openapi"].startswith("3.1")
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path}"
            statuses = set(operation["responses"])
            if operation.get("security") not in (None, [], [{}]):
                assert "401" in statuses, f"{method} {path}"
            if "{" in path:
                assert "404" in statuses, f"{method} {path}"
            if "requestBody" in operation:
                assert {"413", "415", "422"} <= statuses, f"{method} {path}"


@pytest.fixture
def known(ada: User, acme: Business) -> dict[str, str]:
    """Ids that exist, for half of the requests; made up ones are all unknown."""
    return {
        "conversation_id": str(builders.conversation(acme).pk),
        "widget_id": str(builders.widget(ada, "acme.com").pk),
        "channel_id": str(acme.channels.get().pk),
        "business_id": str(acme.pk),
    }


# The tests' server is none of ours: it gathers what we write while we send it.
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
def test_S2_whatever_is_sent_gets_a_documented_answer(
    live_server: Any, ada: User, known: dict[str, str], subtests: pytest.Subtests
) -> None:
    schema = schemathesis.openapi.from_url(f"{live_server.url}/api/v1/schema/")
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck
        )
        def call(case: schemathesis.Case) -> None:
            if len(str(case.body)) % 2:
                for values in (case.path_parameters, case.body):
                    if isinstance(values, dict):
                        values.update({name: value for name, value in known.items() if name in values})
            answer = case.call(headers={"Authorization": f"Bearer {builders.token(ada)}"}, timeout=60)
            case.validate_response(answer, checks=CHECKS)

        with subtests.test(operation.label):
            call()
