"""What the second factor takes and gives."""

from typing import Any

from rest_framework import serializers

from accounts.api.serializers import CodeField
from accounts.factors import recovery, totp
from accounts.factors.recovery import MAX_CODE
from accounts.factors.second_factor import MAX_ANSWER
from accounts.models import User
from foundation.api import Text


class CodeInput(serializers.Serializer[Any]):
    code = Text(max_length=MAX_CODE)


class ProofInput(serializers.Serializer[Any]):
    """One of them: `code` of the app, or a recovery code, which is used up; or the password."""

    code = CodeField()
    password = Text(
        max_length=MAX_ANSWER, required=False, allow_blank=True, default="", trim_whitespace=False, write_only=True
    )


class AppOutput(serializers.Serializer[Any]):
    """secret: base32. otpauth_uri: for a QR code."""

    secret = serializers.CharField()
    otpauth_uri = serializers.CharField()


class RecoveryCodesOutput(serializers.Serializer[Any]):
    recovery_codes = serializers.ListField(child=serializers.CharField())


class PasskeyOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField(format="%Y-%m-%dT%H:%M:%SZ")
    last_used_at = serializers.DateTimeField(format="%Y-%m-%dT%H:%M:%SZ", allow_null=True)


class FactorsOutput(serializers.Serializer[Any]):
    """totp: whether an authenticator app is on."""

    totp = serializers.BooleanField()
    passkeys = PasskeyOutput(many=True)
    recovery_codes_left = serializers.IntegerField()


def factors_of(user: User) -> dict[str, Any]:
    return {
        "totp": totp.is_on(user),
        "passkeys": user.passkeys.order_by("created_at"),
        "recovery_codes_left": recovery.left(user),
    }
