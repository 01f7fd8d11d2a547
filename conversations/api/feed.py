"""GET /feed: what happened in the workspace, for programs that have no socket."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations import feed
from foundation.api import SIGNED_IN, refusals

MAX_SEQ = 2**63 - 1
MAX_WAIT_SECONDS = 25


@dataclass(slots=True)
class Wait:
    """Left in the request's scope by whoever can wait without a thread (pingback/realtime/waiting.py); filled in here
    when there is nothing to tell yet. seq: where the feed is.
    """

    business_id: UUID | None = None
    membership_id: UUID | None = None
    seq: int = 0
    seconds: int = 0


class FeedQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, max_value=MAX_SEQ, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=100)
    wait = serializers.IntegerField(min_value=0, max_value=MAX_WAIT_SECONDS, default=0, help_text="Seconds.")


class FeedEventOutput(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    kind = serializers.CharField()
    conversation_id = serializers.UUIDField(allow_null=True)
    message_id = serializers.UUIDField(allow_null=True)
    actor_id = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]  # no property here: the metaclass takes fields away
    object = serializers.DictField(allow_null=True, help_text="The Message, Conversation or Customer as it is now.")


class FeedOutput(serializers.Serializer[Any]):
    results = FeedEventOutput(many=True)
    next = serializers.IntegerField(help_text="Ask after this one.")
    resync = serializers.BooleanField(help_text="`after` is too old or was never reached: fetch anew, then go on.")


class Feed(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Read what happened",
        parameters=[FeedQuery],
        responses={200: FeedOutput, **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        """Numbered without gaps. With `wait`, an answer without results comes after so many seconds at most."""
        membership = require(request.user, Action.HANDLE_CONVERSATIONS)
        query = FeedQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        after, limit = query.validated_data["after"], query.validated_data["limit"]
        missed = feed.missed(membership.business_id, after=after, limit=limit)
        wait = getattr(request._request, "scope", {}).get("pingback.wait")
        if wait and missed.is_whole and not missed.events:
            wait.business_id, wait.membership_id = membership.business_id, membership.pk
            wait.seq, wait.seconds = missed.newest, query.validated_data["wait"]
        return Response(
            {
                "results": feed.payloads_of(missed.events),
                "next": missed.events[-1].seq if missed.events else missed.newest,
                "resync": not missed.is_whole,
            }
        )
