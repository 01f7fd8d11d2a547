"""How Theo works in a workspace, over REST. Source: design.md 10."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from foundation.api import SIGNED_IN, WITH_BODY, Text, refusals
from theo.assistants import MAX_HANDOFF_TEXT, assistant_of, change_assistant
from theo.models import Assistant, Mode


class AssistantInput(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)
    auto_run = serializers.BooleanField(required=False)
    threshold = serializers.FloatField(
        min_value=Assistant.LEAST_THRESHOLD, max_value=Assistant.MOST_THRESHOLD, required=False
    )
    handoff_text = Text(max_length=MAX_HANDOFF_TEXT, allow_blank=True, required=False)


class AssistantOutput(serializers.ModelSerializer[Assistant]):
    class Meta:
        model = Assistant
        fields = ["mode", "auto_run", "threshold", "handoff_text"]


class Settings(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="How Theo works",
        responses={200: AssistantOutput, **refusals(400, *SIGNED_IN)},
    )
    def get(self, request: Request) -> Response:
        membership = require(request.user, Action.HANDLE_CONVERSATIONS)
        return Response(AssistantOutput(assistant_of(membership.business_id)).data)

    @extend_schema(
        summary="Change how Theo works",
        request=AssistantInput,
        responses={200: AssistantOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def patch(self, request: Request) -> Response:
        """`auto_run` answers each customer's message by itself, in `auto`, on a plan that has it."""
        require(request.user, Action.MANAGE_ASSISTANT)
        data = AssistantInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(AssistantOutput(change_assistant(actor=request.user, **data.validated_data)).data)
