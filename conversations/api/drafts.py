"""The caller's own unsent words in a conversation."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from conversations.api.views import conversation_for
from conversations.services.drafts import draft_of, keep_draft
from conversations.services.message_drafts import MAX_CONTENT
from foundation.api import SIGNED_IN, WITH_BODY, Text, refusals


class DraftInput(serializers.Serializer[Any]):
    content = Text(max_length=MAX_CONTENT, trim_whitespace=False, allow_blank=True, help_text="Blank: none any more.")
    is_note = serializers.BooleanField(default=False)


class DraftOutput(serializers.Serializer[Any]):
    content = serializers.CharField(allow_blank=True)
    is_note = serializers.BooleanField()


class OwnDraft(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(summary="Read one's own draft", responses={200: DraftOutput, **refusals(400, *SIGNED_IN, 404)})
    def get(self, request: Request, conversation_id: str) -> Response:
        """Nobody else sees it."""
        draft = draft_of(conversation_for(request, conversation_id), request.user)
        return Response({"content": draft.content if draft else "", "is_note": bool(draft and draft.is_note)})

    @extend_schema(
        summary="Keep one's own draft",
        request=DraftInput,
        responses={200: DraftOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def put(self, request: Request, conversation_id: str) -> Response:
        conversation = conversation_for(request, conversation_id)
        data = DraftInput(data=request.data)
        data.is_valid(raise_exception=True)
        keep_draft(conversation=conversation, user=request.user, **data.validated_data)
        return Response(data.validated_data)
