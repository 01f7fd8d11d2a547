"""Changing a password, and getting back in without it."""

from django.contrib.auth import update_session_auth_hash
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import passwords
from accounts.api.authentication import OwnPages
from accounts.api.public import Public
from accounts.api.serializers import ChangePasswordInput, ForgotInput, ResetInput
from foundation.api import SIGNED_IN, WITH_BODY, Done, refusals


class ChangePassword(APIView):
    without_factor_may = True

    @extend_schema(
        summary="Change the password: other sessions end, this one lives",
        request=ChangePasswordInput,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, *WITH_BODY, 429)},
    )
    def post(self, request: Request) -> Response:
        data = ChangePasswordInput(data=request.data)
        data.is_valid(raise_exception=True)
        passwords.change_password(user=request.user, **data.validated_data)
        if isinstance(request.successful_authenticator, OwnPages):  # Django binds a cookie to the password
            update_session_auth_hash(request._request, request.user)
        return Response({"message": _("Password changed")})


class Forgot(Public):
    @extend_schema(
        summary="Have a link for a new password mailed",
        description="The same answer at the same time, whoever has the address.",
        request=ForgotInput,
        responses={200: Done, **refusals(*WITH_BODY, 429)},
    )
    def post(self, request: Request) -> Response:
        data = ForgotInput(data=request.data)
        data.is_valid(raise_exception=True)
        passwords.ask_for_reset(**data.validated_data)
        return Response({"message": _("If this address has an account, a link is on its way.")})


class Reset(Public):
    @extend_schema(
        summary="Set a new password with a mailed link: every session ends",
        request=ResetInput,
        responses={200: Done, **refusals(400, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        data = ResetInput(data=request.data)
        data.is_valid(raise_exception=True)
        passwords.reset(**data.validated_data)
        return Response({"message": _("Password set. Log in with it.")})
