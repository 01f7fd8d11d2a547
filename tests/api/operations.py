"""Every operation of the schema with what it takes, for tests that go through all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.test import Client

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """query, body: the schemas of what it takes, by name; `$ref`s resolved at the first level."""

    method: str
    path: str
    query: dict[str, Json]
    body: dict[str, Json]
    is_multipart: bool

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.path

    def ids_taken(self) -> Iterator[tuple[str, str, bool]]:
        """(where, name, is a list) of everything that takes a UUID."""
        for where, fields in (("query", self.query), ("body", self.body)):
            for name, schema in fields.items():
                if "'uuid'" in str(schema):
                    yield where, name, "array" in str(schema.get("type"))


def operations_of(client: Client) -> list[Operation]:
    schema = client.get("/api/v1/schema/").json()

    def resolved(part: Json) -> Json:
        return schema["components"]["schemas"][part["$ref"].split("/")[-1]] if "$ref" in part else part

    found = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            body = [resolved(kind["schema"]).get("properties", {}) for kind in content.values()]
            query = [parameter for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
            found.append(
                Operation(
                    method=method,
                    path=path,
                    query={parameter["name"]: parameter["schema"] for parameter in query},
                    body={name: resolved(field) for fields in body for name, field in fields.items()},
                    is_multipart="multipart/form-data" in content,
                )
            )
    return found
