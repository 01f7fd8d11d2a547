"""docs/inbox.md names every key of the inbox, and no operation that there is not."""

import re
from pathlib import Path
from uuid import uuid4

from django.urls import resolve

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "inbox.md").read_text()


def test_every_key_stands_there() -> None:
    keys = (ROOT / "static" / "js" / "keys.js").read_text().split("const KEYS = {")[1].split("}")[0]
    there = re.findall(r'^ *"?([^":\n]+)"?: "', keys, re.MULTILINE)

    assert len(there) > 15
    assert [key for key in there if f"`{key}`" not in DOCS] == []


def test_every_operation_is_one() -> None:
    operations = re.findall(r"(GET|POST|PUT|PATCH|DELETE) (/[^`]*)", DOCS)

    for method, path in operations:
        view = resolve("/api/v1" + path.replace("{id}", str(uuid4()))).func.view_class  # type: ignore[attr-defined]
        assert hasattr(view, method.lower()), f"{method} {path}"
    assert len(operations) > 30
