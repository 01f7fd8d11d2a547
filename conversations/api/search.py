"""Search over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.search.finding import Hit, search
from conversations.search.query import MAX_QUERY
from conversations.search.sources import SOURCES
from conversations.wire import timestamp
from foundation.api import SIGNED_IN, CursorQuery, Text, refusals


class SearchQuery(CursorQuery):
    q = Text(
        max_length=MAX_QUERY,
        help_text='Words, "words in this order", and `from:`, `tag:`, `channel:`, `status:`, `before:`, `after:`.',
    )
    type = serializers.CharField(required=False, help_text=f"One of {', '.join(SOURCES)}.")

    def validate_type(self, value: str) -> str:
        if value not in SOURCES:
            raise serializers.ValidationError("There is no such type.", code="enum")
        return value


class HitOutput(serializers.Serializer[Any]):
    type = serializers.CharField()
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField(
        allow_null=True, help_text="Of a customer, the newest one; of an article, none."
    )
    title = serializers.CharField()
    snippet = serializers.CharField(help_text="Plain text; what was found stands between U+E000 and U+E001.")
    created_at = serializers.DateTimeField()
    seq = serializers.IntegerField(allow_null=True, help_text="Of a message, its place in the conversation.")


class HitsOutput(serializers.Serializer[Any]):
    results = HitOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="Also after a short page, when there is more to look at.")


class Search(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Search messages, notes, customers and articles",
        parameters=[SearchQuery],
        responses={200: HitsOutput, **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        """The words side by side come first, then all of them, then the last one just begun; each newest first."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = SearchQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        hits, following = search(
            request.user, given["q"], type=given.get("type", ""), cursor=given.get("cursor"), limit=given["limit"]
        )
        return Response({"results": [_payload(hit) for hit in hits], "next": following})


def _payload(hit: Hit) -> dict[str, Any]:
    conversation_id = hit.found.conversation_id
    return {
        "type": hit.type,
        "id": str(hit.id),
        "conversation_id": str(conversation_id) if conversation_id else None,
        "title": hit.found.title,
        "snippet": hit.snippet,
        "created_at": timestamp(hit.found.created_at),
        "seq": hit.found.seq,
    }
