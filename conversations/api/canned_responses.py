"""Canned responses over REST."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.models import CannedResponse
from conversations.services import canned_responses as services
from conversations.services.message_drafts import MAX_CONTENT
from conversations.wire import canned_payload
from foundation.api import SIGNED_IN, WITH_BODY, CursorQuery, Done, Text, newest_page, path_id, refusals


class CannedInput(serializers.Serializer[Any]):
    shortcut = Text(max_length=services.MAX_SHORTCUT + 1, help_text="Letters, digits and hyphens.")
    content = Text(
        max_length=MAX_CONTENT,
        trim_whitespace=False,
        help_text="May hold {name}, {first_name}, {email}, {agent} and {workspace}.",
    )
    shared = serializers.BooleanField(default=True, help_text="For everybody in the workspace, else for oneself.")


class CannedChange(serializers.Serializer[Any]):
    shortcut = Text(max_length=services.MAX_SHORTCUT + 1, required=False)
    content = Text(max_length=MAX_CONTENT, trim_whitespace=False, required=False)
    shared = serializers.BooleanField(required=False)


class CannedOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    author_id = serializers.UUIDField(allow_null=True)
    shortcut = serializers.CharField()
    content = serializers.CharField()
    shared = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class CannedList(serializers.Serializer[Any]):
    results = CannedOutput(many=True)
    next = serializers.CharField(allow_null=True)


def response_for(request: Request, text: str) -> CannedResponse:
    require(request.user, Action.HANDLE_CONVERSATIONS)
    found = CannedResponse.objects.usable_by(request.user).filter(pk=path_id(text)).first()
    if found is None:
        raise Http404
    return found


class CannedResponses(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List canned responses",
        parameters=[CursorQuery],
        responses={200: CannedList, **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        """The shared ones and one's own, newest first."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = CannedResponse.objects.usable_by(request.user).order_by("-created_at", "-id")
        cursor, limit = query.validated_data.get("cursor"), query.validated_data["limit"]
        page, following = newest_page(rows, cursor=cursor, limit=limit, by="created_at")
        return Response({"results": [canned_payload(row) for row in page], "next": following})

    @extend_schema(
        summary="Make a canned response",
        request=CannedInput,
        responses={201: CannedOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        """A second one of that shortcut, shared or of one's own: 400."""
        membership = require(request.user, Action.HANDLE_CONVERSATIONS)
        data = CannedInput(data=request.data)
        data.is_valid(raise_exception=True)
        made = services.create_response(business=membership.business, author=request.user, **data.validated_data)
        return Response(canned_payload(made), status=201)


class OneCannedResponse(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Change a canned response",
        request=CannedChange,
        responses={200: CannedOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, response_id: str) -> Response:
        """For its author; a shared one for owners and admins, too."""
        found = response_for(request, response_id)
        data = CannedChange(data=request.data)
        data.is_valid(raise_exception=True)
        changed = services.change_response(response=found, actor=request.user, **data.validated_data)
        return Response(canned_payload(changed))

    @extend_schema(
        summary="Delete a canned response", request=None, responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)}
    )
    def delete(self, request: Request, response_id: str) -> Response:
        services.delete_response(response=response_for(request, response_id), actor=request.user)
        return Response({"message": "Canned response deleted successfully"})
