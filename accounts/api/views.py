"""Registering, logging in and out."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import door, google, services
from accounts.api.public import Public
from accounts.api.serializers import AccessTokenOutput, GoogleInput, LoginInput, RegisterInput
from accounts.attempts import check_login
from accounts.models import User
from accounts.tokens import issue_access_token
from foundation.api import SIGNED_IN, WITH_BODY, Done, refusals
from foundation.requests import client_address


class Register(Public):
    @extend_schema(
        summary="Register an account",
        request=RegisterInput,
        responses={200: AccessTokenOutput, **refusals(400, *WITH_BODY, 429)},
    )
    def post(self, request: Request) -> Response:
        data = RegisterInput(data=request.data)
        data.is_valid(raise_exception=True)
        user = services.register(**data.validated_data)
        return Response(token_answer(request, user))


class Login(Public):
    @extend_schema(
        summary="Log in",
        request=LoginInput,
        responses={200: AccessTokenOutput, **refusals(401, *WITH_BODY, 429)},
    )
    def post(self, request: Request) -> Response:
        data = LoginInput(data=request.data)
        data.is_valid(raise_exception=True)
        user = check_login(**data.validated_data)
        if user is None:
            raise AuthenticationFailed(_("Wrong e-mail or password."))
        return Response(token_answer(request, user))


class Google(Public):
    @extend_schema(
        summary="Log in with a Google ID token; a new person gets an account",
        description="404 when this installation has no Google client id.",
        request=GoogleInput,
        responses={200: AccessTokenOutput, **refusals(401, 404, *WITH_BODY, 429, 503)},
    )
    def post(self, request: Request) -> Response:
        google.require_on()
        data = GoogleInput(data=request.data)
        data.is_valid(raise_exception=True)
        user = google.sign_in_with(**data.validated_data)
        return Response(token_answer(request, user))


class Logout(APIView):
    unverified_may = True

    @extend_schema(
        summary="Log out: the presented token is dead",
        request=None,
        responses={200: Done, **refusals(*SIGNED_IN, 403)},
    )
    def post(self, request: Request) -> Response:
        services.end_session(request.auth.pk)
        return Response({"message": _("Logged out")})


def token_answer(request: Request, user: User) -> dict[str, str]:
    """What every door of the API gives. Raises NotSignedIn."""
    door.admit(user)
    session = services.open_session(
        user=user, user_agent=request.headers.get("User-Agent", ""), ip=client_address(request.META)
    )
    return {"access_token": issue_access_token(session), "token_type": "bearer"}
