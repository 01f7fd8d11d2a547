"""The workspace's own facts over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from businesses.services import update_business
from foundation.api import SIGNED_IN, WITH_BODY, Text, refusals


class WorkspaceInput(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    name = Text(max_length=200, required=False)
    website = Text(max_length=2048, required=False, allow_blank=True)
    industry = Text(max_length=200, required=False, allow_blank=True)
    time_zone = Text(max_length=64, required=False)
    assign_on_reply = serializers.BooleanField(
        required=False, help_text="Whoever answers first takes the conversation, as long as nobody has it."
    )


class WorkspaceOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    website = serializers.CharField()
    industry = serializers.CharField()
    time_zone = serializers.CharField()
    assign_on_reply = serializers.BooleanField()


class Workspace(APIView):
    resource = Resource.TEAM

    @extend_schema(summary="Get the workspace", responses={200: WorkspaceOutput, **refusals(400, *SIGNED_IN)})
    def get(self, request: Request) -> Response:
        return Response(WorkspaceOutput(require(request.user, Action.HANDLE_CONVERSATIONS).business).data)

    @extend_schema(
        summary="Change the workspace",
        request=WorkspaceInput,
        responses={200: WorkspaceOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def patch(self, request: Request) -> Response:
        """For the owner."""
        require(request.user, Action.MANAGE_WORKSPACE)
        data = WorkspaceInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(WorkspaceOutput(update_business(actor=request.user, **data.validated_data)).data)
