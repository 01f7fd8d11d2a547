"""Registering, logging in and out."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import door, google, services
from accounts.api.public import Public
from accounts.api.serializers import AccessTokenOutput, GoogleInput, LoginInput, RegisterInput, SecondStep
from accounts.attempts import check_login
from accounts.factors.second_factor import SecondFactorRequired
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
        description=(
            "With a second factor a right password alone answers 401 with `error` = `second_factor_required`: call"
            " again with `code`."
        ),
        responses={200: AccessTokenOutput, **refusals(*WITH_BODY, 429), 401: SecondStep},
    )
    def post(self, request: Request) -> Response:
        data = LoginInput(data=request.data)
        data.is_valid(raise_exception=True)
        code = data.validated_data.pop("code")
        user = check_login(**data.validated_data)
        if user is None:
            raise AuthenticationFailed(_("Wrong e-mail or password."))
        return Response(token_answer(request, user, code=code))


class Google(Public):
    @extend_schema(
        summary="Log in with a Google ID token; a new person gets an account",
        description=(
            "404 when this installation has no Google client id. With a second factor it goes as with a password: the"
            " ID token is good for the second call, too."
        ),
        request=GoogleInput,
        responses={200: AccessTokenOutput, **refusals(404, *WITH_BODY, 429, 503), 401: SecondStep},
    )
    def post(self, request: Request) -> Response:
        google.require_on()
        data = GoogleInput(data=request.data)
        data.is_valid(raise_exception=True)
        code = data.validated_data.pop("code")
        user = google.sign_in_with(**data.validated_data)
        try:
            return Response(token_answer(request, user, code=code))
        except SecondFactorRequired:
            google.give_back(data.validated_data["id_token"])
            raise


class Logout(APIView):
    unverified_may = without_factor_may = True

    @extend_schema(
        summary="Log out: the presented token is dead",
        request=None,
        responses={200: Done, **refusals(*SIGNED_IN, 403)},
    )
    def post(self, request: Request) -> Response:
        services.end_session(request.auth.pk)
        return Response({"message": _("Logged out")})


def token_answer(request: Request, user: User, *, code: str = "") -> dict[str, str]:
    """What every door of the API gives. Raises what `door.admit` does.

    code: of the second factor; "" when none was sent.
    """
    door.admit(user, code=code)
    session = services.open_session(
        user=user, user_agent=request.headers.get("User-Agent", ""), ip=client_address(request.META)
    )
    return {"access_token": issue_access_token(session), "token_type": "bearer"}
