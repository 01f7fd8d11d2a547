"""A language model's help for agents, over REST. Source: theo.md 6."""

from typing import Any

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from conversations.api.views import conversation_for
from foundation.api import SIGNED_IN, WITH_BODY, Text, refusals
from theo.helping import MAX_TEXT, Wish, rewrite, summarise


class Summed(serializers.Serializer[Any]):
    summary = serializers.CharField()


class RewriteInput(serializers.Serializer[Any]):
    content = Text(max_length=MAX_TEXT, trim_whitespace=False)
    wish = serializers.ChoiceField(choices=Wish.choices)


class Rewritten(serializers.Serializer[Any]):
    content = serializers.CharField()


class Summary(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Sum a conversation up",
        request=None,
        responses={200: Summed, **refusals(400, *SIGNED_IN, 403, 404, 429, 503)},
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """By the workspace's language model; without one 400. Of the last messages and no notes; nothing is stored."""
        conversation = conversation_for(request, conversation_id)
        text = summarise(actor=request.user, conversation=conversation, language=get_language() or "en")
        return Response({"summary": text})


class Rewrite(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Rewrite what is about to be sent",
        request=RewriteInput,
        responses={200: Rewritten, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY, 429, 503)},
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """By the workspace's language model; without one 400. Nothing is sent or stored."""
        conversation = conversation_for(request, conversation_id)
        data = RewriteInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        text = rewrite(actor=request.user, conversation=conversation, text=given["content"], wish=Wish(given["wish"]))
        return Response({"content": text})
