"""The workspace that a session works in."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.api.serializers import SessionOutput, session_envelope
from businesses.switching import switch_business
from foundation.api import SIGNED_IN, WITH_BODY, IdField, refusals


class SwitchInput(serializers.Serializer[Any]):
    business_id = IdField()


class SwitchBusiness(APIView):
    without_factor_may = True

    @extend_schema(
        summary="Work in another of your workspaces from now on",
        description="For this session. Open sockets stay in the workspace of their handshake.",
        request=SwitchInput,
        responses={200: SessionOutput, **refusals(*SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        data = SwitchInput(data=request.data)
        data.is_valid(raise_exception=True)
        membership = switch_business(user=request.user, **data.validated_data)
        return Response(session_envelope(request.user, membership))
