"""Confirming an e-mail address."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import verification
from accounts.api.public import Public
from accounts.api.serializers import MailedTokenInput
from foundation.api import SIGNED_IN, WITH_BODY, Done, refusals


class VerifyEmail(Public):
    @extend_schema(
        summary="Confirm an e-mail address with a mailed link",
        request=MailedTokenInput,
        responses={200: Done, **refusals(400, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        data = MailedTokenInput(data=request.data)
        data.is_valid(raise_exception=True)
        verification.verify(**data.validated_data)
        return Response({"message": _("E-mail confirmed")})


class ResendVerification(APIView):
    unverified_may = True

    @extend_schema(
        summary="Have the link mailed again; the one before is dead",
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 429)},
    )
    def post(self, request: Request) -> Response:
        verification.resend(request.user)
        return Response({"message": _("A new link is on its way.")})
