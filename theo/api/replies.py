"""Theo's answer to a conversation, over REST. Source: contract/api.md 10."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.api.views import conversation_for
from conversations.models import Conversation, HandoffReason
from foundation.api import SIGNED_IN, WITH_BODY, Done, IdField, refusals
from theo.answering import Source
from theo.assistants import assistant_of, effective_mode
from theo.drafting import draft
from theo.models import Mode
from theo.outcomes import drop_draft
from theo.telling import told_to


class ReplyInput(serializers.Serializer[Any]):
    conversation_id = IdField()
    mode = serializers.ChoiceField(choices=Mode.choices, required=False, help_text="Else what the workspace chose.")


class SourceOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()


class ReplyOutput(serializers.Serializer[Any]):
    reply = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField(min_value=0, max_value=1)
    mode = serializers.ChoiceField(choices=Mode.choices, help_text="The one that was used: a plan may lack `auto`.")
    needs_handoff = serializers.BooleanField()
    handoff_reason = serializers.ChoiceField(choices=HandoffReason.choices, allow_null=True)
    sources = SourceOutput(many=True, help_text="The article whose words the reply is made of.")


def source_payload(source: Source) -> dict[str, str]:
    return {"id": str(source.id), "title": source.title}


class Reply(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Ask Theo for a reply",
        request=ReplyInput,
        responses={200: ReplyOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        """In `assist` a draft, in an article's own words or a language model's. In `auto` it is sent when Theo is sure,
        unless a person has the conversation or spoke last; else the conversation is flagged for one."""
        membership = require(request.user, Action.HANDLE_CONVERSATIONS)
        data = ReplyInput(data=request.data)
        data.is_valid(raise_exception=True)
        rows = Conversation.objects.visible_to(request.user).select_related("business__plan")
        conversation = rows.filter(pk=data.validated_data["conversation_id"]).first()
        if conversation is None:
            raise Http404
        assistant = assistant_of(conversation.business_id)
        mode = effective_mode(conversation.business, data.validated_data.get("mode"), assistant)
        # Of an answer that may be sent nobody sees a word before it is checked.
        on_text = told_to(membership, conversation) if mode == Mode.ASSIST else None
        found, _kept = draft(conversation=conversation, mode=mode, threshold=assistant.threshold, on_text=on_text)
        return Response(
            {
                "reply": found.reply,
                "confidence": round(found.confidence, 3),
                "mode": found.mode,
                "needs_handoff": found.handoff_reason is not None,
                "handoff_reason": found.handoff_reason,
                "sources": [source_payload(source) for source in found.sources],
            }
        )


class Draft(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Discard Theo's draft",
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, conversation_id: str) -> Response:
        """The newest that `/ai/reply` gave. It counts as not used, and its question is no example of the article any
        more. 404 when there is none that is still open."""
        if not drop_draft(conversation_for(request, conversation_id)):
            raise Http404
        return Response({"message": "Discarded"})
