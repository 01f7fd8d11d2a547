"""A sign on a customer's message, over REST."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from channels_app.changing import react
from conversations.api.messages import message_for
from conversations.api.serializers import MessageOutput
from conversations.wire import for_member
from foundation.api import SIGNED_IN, WITH_BODY, refusals


class ReactionInput(serializers.Serializer):
    emoji = serializers.CharField(allow_blank=True, max_length=32, help_text="Blank takes it off.")


class Reaction(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Put a sign on a customer's message",
        request=ReactionInput,
        responses={200: MessageOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY, 503)},
    )
    def put(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """Where the channel has signs (Telegram, WhatsApp, Instagram). The customer sees it before it is answered."""
        message = message_for(request, conversation_id, message_id)
        data = ReactionInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(for_member(react(message=message, author=request.user, emoji=data.validated_data["emoji"])))
