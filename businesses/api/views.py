"""Who am I, and my workspace."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import ProfileInput
from accounts.profile import rename
from businesses.api.serializers import CreateBusinessInput, SessionOutput, session_envelope
from businesses.scopes import ME
from businesses.selectors import membership_of
from businesses.services import create_business
from foundation.api import SIGNED_IN, WITH_BODY, refusals


class Me(APIView):
    resource = ME

    unverified_may = without_factor_may = True

    @extend_schema(summary="Who is calling", responses={200: SessionOutput, **refusals(*SIGNED_IN)})
    def get(self, request: Request) -> Response:
        return Response(session_envelope(request.user, membership_of(request.user)))

    @extend_schema(
        summary="Change one's own name",
        request=ProfileInput,
        responses={200: SessionOutput, **refusals(*SIGNED_IN, 403, *WITH_BODY)},
    )
    def patch(self, request: Request) -> Response:
        data = ProfileInput(data=request.data)
        data.is_valid(raise_exception=True)
        if "full_name" in data.validated_data:
            rename(user=request.user, **data.validated_data)
        return Response(session_envelope(request.user, membership_of(request.user)))


class CreateBusiness(APIView):
    @extend_schema(
        summary="Create a workspace",
        request=CreateBusinessInput,
        responses={200: SessionOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        data = CreateBusinessInput(data=request.data)
        data.is_valid(raise_exception=True)
        membership = create_business(owner=request.user, **data.validated_data)
        return Response(session_envelope(request.user, membership))
