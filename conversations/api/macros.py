"""Macros over REST."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.api.serializers import ConversationOutput
from conversations.api.views import conversation_for
from conversations.models import Macro, Priority, Status
from conversations.services import macros
from conversations.services.macro_runs import run_macro
from conversations.services.message_drafts import MAX_CONTENT
from conversations.services.tags import MAX_NAME, MOST_ON_ONE
from conversations.wire import conversation_payload, macro_payload
from foundation.api import (
    IDEMPOTENCY_KEY,
    SIGNED_IN,
    WITH_BODY,
    CursorQuery,
    Done,
    Text,
    idempotency_key,
    newest_page,
    path_id,
    refusals,
)

WORDS = [each.word for each in Priority if each.word]


class MacroChange(serializers.Serializer[Any]):
    name = Text(max_length=macros.MAX_NAME, required=False)
    content = Text(
        max_length=MAX_CONTENT,
        trim_whitespace=False,
        allow_blank=True,
        required=False,
        help_text="Sent as whoever runs it; may hold the variables of canned responses.",
    )
    assign = Text(
        max_length=50,
        allow_blank=True,
        required=False,
        help_text="`me`, `nobody`, `person:<user id>` or `team:<id>`; blank: as it is.",
    )
    tags = serializers.ListField(child=Text(max_length=MAX_NAME), max_length=MOST_ON_ONE, required=False)
    priority = serializers.ChoiceField(choices=WORDS, required=False, allow_null=True, help_text="null: as it is.")
    status = serializers.ChoiceField(choices=Status.choices, required=False, allow_blank=True)

    def validate_priority(self, word: str | None) -> int | None:
        return Priority.of(word).value if word else None


class MacroInput(MacroChange):
    name = Text(max_length=macros.MAX_NAME)


class MacroOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    author_id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    content = serializers.CharField()
    assign = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    priority = serializers.ChoiceField(choices=WORDS, allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices, allow_blank=True)
    created_at = serializers.DateTimeField()


class MacroList(serializers.Serializer[Any]):
    results = MacroOutput(many=True)
    next = serializers.CharField(allow_null=True)


class RunInput(serializers.Serializer[Any]):
    seen_seq = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, allow_null=True, help_text="As of sending a message."
    )


def macro_for(request: Request, text: str) -> Macro:
    require(request.user, Action.HANDLE_CONVERSATIONS)
    found = Macro.objects.visible_to(request.user).filter(pk=path_id(text)).first()
    if found is None:
        raise Http404
    return found


class Macros(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List macros", parameters=[CursorQuery], responses={200: MacroList, **refusals(400, *SIGNED_IN, 422)}
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = Macro.objects.visible_to(request.user).order_by("-created_at", "-id")
        cursor, limit = query.validated_data.get("cursor"), query.validated_data["limit"]
        page, following = newest_page(rows, cursor=cursor, limit=limit, by="created_at")
        return Response({"results": [macro_payload(row) for row in page], "next": following})

    @extend_schema(
        summary="Make a macro",
        request=MacroInput,
        responses={201: MacroOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        """At least one action. A second one of that name: 400."""
        membership = require(request.user, Action.HANDLE_CONVERSATIONS)
        data = MacroInput(data=request.data)
        data.is_valid(raise_exception=True)
        made = macros.create_macro(business=membership.business, author=request.user, **data.validated_data)
        return Response(macro_payload(made), status=201)


class OneMacro(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Change a macro",
        request=MacroChange,
        responses={200: MacroOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, macro_id: str) -> Response:
        """For its author, owners and admins."""
        found = macro_for(request, macro_id)
        data = MacroChange(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(macro_payload(macros.change_macro(macro=found, actor=request.user, **data.validated_data)))

    @extend_schema(summary="Delete a macro", request=None, responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)})
    def delete(self, request: Request, macro_id: str) -> Response:
        macros.delete_macro(macro=macro_for(request, macro_id), actor=request.user)
        return Response({"message": "Macro deleted successfully"})


class RunMacro(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Run a macro",
        parameters=[IDEMPOTENCY_KEY],
        request=RunInput,
        responses={200: ConversationOutput, **refusals(400, *SIGNED_IN, 403, 404, 409, *WITH_BODY)},
    )
    def post(self, request: Request, conversation_id: str, macro_id: str) -> Response:
        """All of its actions, or, when one of them is refused, none."""
        key = idempotency_key(request)
        conversation = conversation_for(request, conversation_id)
        macro = macro_for(request, macro_id)
        data = RunInput(data=request.data)
        data.is_valid(raise_exception=True)
        run_macro(
            macro=macro,
            conversation=conversation,
            actor=request.user,
            seen_seq=data.validated_data.get("seen_seq"),
            key=key,
        )
        return Response(conversation_payload(conversation_for(request, conversation_id)))
