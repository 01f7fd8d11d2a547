"""The schema is true: every operation answers only what it documents, whatever is sent to it."""

from typing import Any

import pytest
import schemathesis
from accounts.models import User
from businesses.models import Business
from django.test import Client
from hypothesis import HealthCheck, settings
from pingback.asgi import application
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import builders

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_schema_and_docs_are_public_and_load_nothing_from_elsewhere(client: Client) -> None:
    schema = client.get("/api/v1/schema/")
    docs = client.get("/api/v1/docs/")
    assert (schema.status_code, docs.status_code) == (200, 200)
    assert b"https://" not in docs.content


def test_every_operation_has_a_summary_and_documents_its_refusals(client: Client) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()
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
