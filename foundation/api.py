"""The manners that every app's API shares: ids in paths, paging, what a refusal looks like in the schema."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.request import Request

from foundation.errors import Unprocessable
from foundation.ids import parse_id

# Times on the wire: UTC, whole seconds.
WIRE_TIME = "%Y-%m-%dT%H:%M:%SZ"
DEFAULT_LIMIT, MAX_LIMIT = 50, 100
# Far beyond any real list, and small enough for every database's OFFSET.
MAX_PAGE = 1_000_000


class Detail(serializers.Serializer[Any]):
    """`{"detail": "..."}`"""

    detail = serializers.CharField()


class Flaw(serializers.Serializer[Any]):
    loc = serializers.ListField(child=serializers.JSONField())
    msg = serializers.CharField()
    type = serializers.CharField()


class Flaws(serializers.Serializer[Any]):
    """What is wrong with a body or query."""

    detail = Flaw(many=True)


class PlanRefusal(serializers.Serializer[Any]):
    """`limit_exceeded` carries `current` and `limit`; `feature_locked` does not."""

    error = serializers.ChoiceField(choices=["limit_exceeded", "feature_locked"])
    plan = serializers.CharField()
    feature = serializers.CharField()
    current = serializers.IntegerField(required=False)
    limit = serializers.IntegerField(required=False)
    message = serializers.CharField()


class TooFastBody(serializers.Serializer[Any]):
    """`Retry-After` says the same seconds."""

    detail = serializers.CharField()
    error = serializers.ChoiceField(choices=["rate_limited"])
    retry_after = serializers.IntegerField()


class Done(serializers.Serializer[Any]):
    """`{"message": "..."}`"""

    message = serializers.CharField()


def refusals(*statuses: int) -> dict[int, Any]:
    """The documented errors of an operation, by status."""
    shapes: dict[int, Any] = {402: PlanRefusal, 422: Flaws, 429: TooFastBody}
    return {status: shapes.get(status, Detail) for status in statuses}


# Of operations that store what an agent writes: too fast, or the plan's messages of the month are sent.
NO_ROOM = {
    429: PolymorphicProxySerializer(
        component_name="NoRoom", serializers=[TooFastBody, PlanRefusal], resource_type_field_name=None
    )
}

# Of every operation that takes a token and a body.
SIGNED_IN = (401,)
WITH_BODY = (413, 415, 422)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="1 to 128 printable characters; the same send twice stores one message.",
)


def path_id(text: str) -> UUID:
    """The id in a path; what is none is not found, like an id that nobody has."""
    found = parse_id(text)
    if found is None:
        raise Http404
    return found


class PageQuery(serializers.Serializer[Any]):
    """`page` from 1 and `limit` from 1 to 100, for the contract's bare arrays."""

    page = serializers.IntegerField(default=1, min_value=1, max_value=MAX_PAGE)
    limit = serializers.IntegerField(default=DEFAULT_LIMIT, min_value=1, max_value=MAX_LIMIT)

    def window(self) -> slice:
        page, limit = self.validated_data["page"], self.validated_data["limit"]
        return slice((page - 1) * limit, page * limit)


class IdField(serializers.UUIDField):
    """A UUID in its canonical form, and nothing that Python would also take for one (integers, braces, urn:)."""

    def to_internal_value(self, data: Any) -> UUID:
        found = parse_id(data)
        if found is None:
            self.fail("invalid", value="")
        return found


class Text(serializers.CharField):
    """Text means text: numbers and booleans are not quietly turned into it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


def idempotency_key(request: Request) -> str:
    """The key that the caller gave; "" = none."""
    key: str | None = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not 1 <= len(key) <= 128 or not key.isprintable() or not key.isascii():
        raise Unprocessable(
            "Use 1 to 128 printable characters.", field="Idempotency-Key", source="header", kind="value_error"
        )
    return key


class CursorQuery(serializers.Serializer[Any]):
    """`cursor` from the last answer's `next`, and `limit` from 1 to 100, for `{"results", "next"}`."""

    cursor = Text(required=False, max_length=200)
    limit = serializers.IntegerField(default=DEFAULT_LIMIT, min_value=1, max_value=MAX_LIMIT)


def newest_page(rows: Any, *, cursor: str | None, limit: int, by: str = "updated_at") -> tuple[list[Any], str | None]:
    """One page of rows ordered by `-<by>, -id`, and the cursor of the next one.

    Keyset paging: the cursor is the last row's place, so that what is new in the meantime shifts nothing.
    by: the time that they are ordered by, by our own choice only.
    Raises Unprocessable for a cursor that is none of ours.
    """
    if cursor:
        moment, last_id = _place(cursor)
        # Said so, it is where the index is entered; an OR alone is looked for from the top of the list on.
        rows = rows.filter(**{f"{by}__lte": moment}).exclude(**{by: moment, "id__gte": last_id})
    page = list(rows[: limit + 1])
    if len(page) <= limit:
        return page, None
    last = page[limit - 1]
    return page[:limit], f"{getattr(last, by).isoformat()}_{last.id}"


def _place(cursor: str) -> tuple[datetime, UUID]:
    moment, _sep, last_id = cursor.partition("_")
    try:
        parsed = datetime.fromisoformat(moment.replace(" ", "+"))
        if parsed.tzinfo is None:
            raise ValueError(moment)
        return parsed.astimezone(UTC), UUID(last_id)
    except (ValueError, OverflowError) as error:  # a moment just before the year 1 has none in UTC
        raise Unprocessable("Not a cursor of ours.", field="cursor", source="query") from error
