"""How Theo works in a workspace, over REST. Source: design.md 10."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from foundation.api import SIGNED_IN, WITH_BODY, Text, refusals
from theo.assistants import MAX_HANDOFF_TEXT, assistant_of, change_assistant
from theo.language_models import endpoint_of, language_model_of, used
from theo.model_settings import (
    MAX_BASE_URL,
    MAX_KEY,
    MAX_MODEL,
    MODEL_FIELDS,
    MOST_MONTHLY,
    change_language_model,
    check_place,
    flaw_of_language_model,
)
from theo.models import Assistant, LanguageModel, Mode


class AssistantInput(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)
    auto_run = serializers.BooleanField(required=False)
    threshold = serializers.FloatField(
        min_value=Assistant.LEAST_THRESHOLD, max_value=Assistant.MOST_THRESHOLD, required=False
    )
    handoff_text = Text(max_length=MAX_HANDOFF_TEXT, allow_blank=True, required=False)
    provider = serializers.ChoiceField(choices=LanguageModel.PROVIDERS, required=False)
    base_url = Text(max_length=MAX_BASE_URL, allow_blank=True, required=False, help_text="Empty: the provider's own.")
    model = Text(max_length=MAX_MODEL, allow_blank=True, required=False)
    api_key = Text(
        max_length=MAX_KEY, allow_blank=True, required=False, write_only=True, help_text="Never shown again."
    )
    monthly_tokens = serializers.IntegerField(min_value=0, max_value=MOST_MONTHLY, allow_null=True, required=False)


class AssistantOutput(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(choices=Mode.choices)
    auto_run = serializers.BooleanField()
    threshold = serializers.FloatField()
    handoff_text = serializers.CharField()
    provider = serializers.ChoiceField(choices=LanguageModel.PROVIDERS)
    base_url = serializers.CharField()
    model = serializers.CharField()
    monthly_tokens = serializers.IntegerField(allow_null=True, help_text="null: as many as the installation allows.")
    has_api_key = serializers.BooleanField()
    has_model = serializers.BooleanField(help_text="Whether there is a language model to ask.")
    used_tokens = serializers.IntegerField(help_text="Of this month.")


class Tested(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    detail = serializers.CharField(help_text="What is wrong, or that nothing is.")


def _payload(business_id: UUID) -> dict[str, Any]:
    assistant, row = assistant_of(business_id), language_model_of(business_id)
    return {
        "mode": assistant.mode,
        "auto_run": assistant.auto_run,
        "threshold": assistant.threshold,
        "handoff_text": assistant.handoff_text,
        "provider": row.provider,
        "base_url": row.base_url,
        "model": row.model,
        "monthly_tokens": row.monthly_tokens,
        "has_api_key": bool(row.sealed_key),
        "has_model": endpoint_of(row) is not None,
        "used_tokens": used(row),
    }


class Settings(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="How Theo works",
        responses={200: AssistantOutput, **refusals(400, *SIGNED_IN)},
    )
    def get(self, request: Request) -> Response:
        membership = require(request.user, Action.HANDLE_CONVERSATIONS)
        return Response(_payload(membership.business_id))

    @extend_schema(
        summary="Change how Theo works",
        request=AssistantInput,
        responses={200: AssistantOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def patch(self, request: Request) -> Response:
        """`auto_run` answers each customer's message by itself, in `auto`, on a plan that has it. A key is for the
        provider and address that it came with: with another one it is forgotten."""
        membership = require(request.user, Action.MANAGE_ASSISTANT)
        data = AssistantInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        models_own = {name: given.pop(name) for name in MODEL_FIELDS if name in given}
        check_place(models_own.get("base_url", ""))
        with transaction.atomic():
            change_assistant(actor=request.user, **given)
            change_language_model(actor=request.user, **models_own)
        return Response(_payload(membership.business_id))


class Test(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="Test the language model",
        request=None,
        responses={200: Tested, **refusals(400, *SIGNED_IN, 403)},
    )
    def post(self, request: Request) -> Response:
        """Asks it for a word. What is wrong is said in words; the answer is 200 all the same."""
        flaw = flaw_of_language_model(actor=request.user)
        return Response({"ok": not flaw, "detail": flaw or _("The language model answers.")})
