"""JSON in: strict, bounded, and without what no column can hold."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.parsers import BaseParser

from foundation.text import flaw_of


class StrictJSONParser(BaseParser):
    """UTF-8 JSON objects of at most JSON_BODY_BYTES; anything else is a 422, as a body that fails validation."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        raw = stream.read(settings.JSON_BODY_BYTES + 1)
        if len(raw) > settings.JSON_BODY_BYTES:
            raise RequestDataTooBig
        return json_object(raw)


def json_object(raw: bytes) -> dict[str, Any]:
    """What a body says; an empty one is an empty object. Raises ValidationError."""
    try:
        value = orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError as error:
        raise _refused("Not valid JSON.", "json_invalid") from error
    if not isinstance(value, dict):
        raise _refused("Send a JSON object.", "dict_type")
    if flaw := flaw_of(value):
        raise _refused(flaw, "value_error")
    return value


def _refused(message: str, code: str) -> ValidationError:
    return ValidationError([ErrorDetail(message, code=code)])
