"""The playground over REST: one question as a customer would ask it, and everything that Theo thinks about it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.models import HandoffReason
from foundation.api import SIGNED_IN, WITH_BODY, Text, refusals
from theo.answering import try_out
from theo.api.replies import SourceOutput, source_payload
from theo.assistants import assistant_of, effective_mode
from theo.engine.index import MAX_QUESTION
from theo.models import Mode
from theo.playground import ENGINES, candidates


class QuestionInput(serializers.Serializer[Any]):
    question = Text(max_length=MAX_QUESTION)
    mode = serializers.ChoiceField(choices=Mode.choices, required=False, help_text="Else what the workspace chose.")


class CandidateOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    confidence = serializers.FloatField(min_value=0, max_value=1, help_text="How likely it is that it answers.")
    passage = serializers.CharField(help_text="What would be quoted of it.")
    engine = serializers.ChoiceField(choices=list(ENGINES), help_text="What read the question for it.")
    features = serializers.DictField(child=serializers.FloatField(), help_text="What told how likely it is, by name.")


class TriedOut(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(choices=Mode.choices, help_text="The one that was used: a plan may lack `auto`.")
    reply = serializers.CharField(allow_null=True, help_text="In `auto` what would be sent, else the agent's draft.")
    confidence = serializers.FloatField(min_value=0, max_value=1)
    threshold = serializers.FloatField(help_text="From which on a reply is sent by itself.")
    by_model = serializers.BooleanField(help_text="Whether a language model worded it.")
    needs_handoff = serializers.BooleanField()
    handoff_reason = serializers.ChoiceField(choices=HandoffReason.choices, allow_null=True)
    sources = SourceOutput(many=True)
    articles = CandidateOutput(many=True, help_text="Those that come nearest, the likeliest first.")
    took_ms = serializers.IntegerField()


class Playground(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(
        summary="Try Theo out",
        request=QuestionInput,
        responses={200: TriedOut, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        """As if a customer asked this and nothing before it. Nothing is sent or stored."""
        membership = require(request.user, Action.WRITE_ARTICLES)
        data = QuestionInput(data=request.data)
        data.is_valid(raise_exception=True)
        business, given = membership.business, data.validated_data
        assistant = assistant_of(business.pk)
        mode = effective_mode(business, given.get("mode"), assistant)
        found = try_out(business=business, question=given["question"], mode=mode, threshold=assistant.threshold)
        return Response(
            {
                "mode": found.mode,
                "reply": found.reply,
                "confidence": round(found.confidence, 3),
                "threshold": assistant.threshold,
                "by_model": found.by_model,
                "needs_handoff": found.handoff_reason is not None,
                "handoff_reason": found.handoff_reason,
                "sources": [source_payload(source) for source in found.sources],
                "articles": [
                    {
                        "id": str(one.article_id),
                        "title": one.title,
                        "confidence": round(one.confidence, 3),
                        "passage": one.passage,
                        "engine": one.engine,
                        "features": {name: round(value, 4) for name, value in one.features},
                    }
                    for one in candidates(business.pk, found)
                ],
                "took_ms": found.took_ms,
            }
        )
