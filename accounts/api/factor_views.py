"""The second factor of the person who calls. Passkeys need a browser: they are made on the Security page."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.factor_serializers import (
    AppOutput,
    CodeInput,
    FactorsOutput,
    ProofInput,
    RecoveryCodesOutput,
    factors_of,
)
from accounts.factors import second_factor, totp
from foundation.api import SIGNED_IN, WITH_BODY, Done, refusals

FRESH = "403 with `error` = `fresh_sign_in_required` when the sign-in is older than 15 minutes: log in again."


class FactorView(APIView):
    """Open to whoever must add a factor before anything else."""

    without_factor_may = True


class Factors(FactorView):
    @extend_schema(summary="My second factors", responses={200: FactorsOutput, **refusals(*SIGNED_IN)})
    def get(self, request: Request) -> Response:
        return Response(FactorsOutput(factors_of(request.user)).data)


class App(FactorView):
    @extend_schema(
        summary="Begin to set up an authenticator app: its secret, shown this once",
        description=f"Within an hour `/auth/factors/totp/confirm` turns it on. {FRESH}",
        request=None,
        responses={200: AppOutput, **refusals(400, *SIGNED_IN, 403)},
    )
    def post(self, request: Request) -> Response:
        secret = second_factor.start_app(request.user)
        return Response({"secret": secret, "otpauth_uri": totp.address(request.user, secret)})

    @extend_schema(
        summary="Take the authenticator app away, with a code or the password",
        request=ProofInput,
        responses={200: Done, **refusals(400, *SIGNED_IN, *WITH_BODY, 429)},
    )
    def delete(self, request: Request) -> Response:
        data = ProofInput(data=request.data)
        data.is_valid(raise_exception=True)
        second_factor.remove_app(request.user, **data.validated_data)
        return Response({"message": _("The authenticator app is off.")})


class ConfirmApp(FactorView):
    @extend_schema(
        summary="Turn the authenticator app on with its first code",
        description=f"`recovery_codes` are shown this once; empty for somebody who has some already. {FRESH}",
        request=CodeInput,
        responses={200: RecoveryCodesOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY, 429)},
    )
    def post(self, request: Request) -> Response:
        data = CodeInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response({"recovery_codes": second_factor.confirm_app(request.user, data.validated_data["code"])})


class RecoveryCodes(FactorView):
    @extend_schema(
        summary="New recovery codes, with a code or the password; the ones before are dead",
        request=ProofInput,
        responses={200: RecoveryCodesOutput, **refusals(400, *SIGNED_IN, *WITH_BODY, 429)},
    )
    def post(self, request: Request) -> Response:
        data = ProofInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response({"recovery_codes": second_factor.renew_codes(request.user, **data.validated_data)})
