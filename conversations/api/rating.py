"""What customers think of a conversation, for the team."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from conversations.api.views import conversation_for
from conversations.services.rating import HIGHEST, LOWEST, MAX_COMMENT
from conversations.wire import rating_payload
from foundation.api import SIGNED_IN, WIRE_TIME, Text, refusals


class RatingInput(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=LOWEST, max_value=HIGHEST, help_text="1, bad, to 5, great.")
    comment = Text(max_length=MAX_COMMENT, required=False, default="", allow_blank=True)


class RatingOutput(serializers.Serializer[Any]):
    score = serializers.IntegerField()
    comment = serializers.CharField(allow_blank=True)
    rated_at = serializers.DateTimeField(format=WIRE_TIME)


class RatingAnswer(serializers.Serializer[Any]):
    rating = RatingOutput(allow_null=True)


class ConversationRating(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="The customer's rating of a conversation",
        description="`rating` is null as long as there is none.",
        responses={200: RatingAnswer, **refusals(400, *SIGNED_IN, 404)},
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        return Response({"rating": rating_payload(conversation_for(request, conversation_id))})
