"""A member's own status over REST (contract/api.md 6)."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.models import AgentStatus
from businesses.scopes import Resource
from businesses.status import choose_status
from foundation.api import SIGNED_IN, WITH_BODY, refusals


class StatusBody(serializers.Serializer[Any]):
    """In and out alike."""

    status = serializers.ChoiceField(choices=AgentStatus.choices)


class OwnStatus(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="Say that you are live, away or offline",
        description="A value that is none of these is a 400, as the contract says; a missing one a 422.",
        request=StatusBody,
        responses={200: StatusBody, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request) -> Response:
        data = StatusBody(data=request.data)
        try:
            data.is_valid(raise_exception=True)
            chosen = data.validated_data["status"]
        except ValidationError as error:
            if all(each.code == "required" for each in error.detail.get("status", [])):
                raise
            chosen = ""
        return Response({"status": choose_status(actor=request.user, status=chosen).status})
