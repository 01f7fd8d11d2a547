"""Changing the e-mail address that one signs in with."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import address
from accounts.api.public import Public
from accounts.api.serializers import ChangeAddressInput, MailedTokenInput
from foundation.api import SIGNED_IN, WITH_BODY, Done, refusals


class ChangeAddress(APIView):
    @extend_schema(
        summary="Have a link mailed to one's new address; until it is followed the old one counts",
        description="Needs a sign-in of the last 15 minutes.",
        request=ChangeAddressInput,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, *WITH_BODY, 429)},
    )
    def post(self, request: Request) -> Response:
        data = ChangeAddressInput(data=request.data)
        data.is_valid(raise_exception=True)
        address.ask_for_change(user=request.user, **data.validated_data)
        return Response({"message": _("A link is on its way to the new address.")})


class ConfirmAddress(Public):
    @extend_schema(
        summary="Sign in with the new address from now on, with a mailed link",
        request=MailedTokenInput,
        responses={200: Done, **refusals(400, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        data = MailedTokenInput(data=request.data)
        data.is_valid(raise_exception=True)
        address.change(**data.validated_data)
        return Response({"message": _("E-mail changed")})
