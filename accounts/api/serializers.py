"""What sign-in takes and gives (contract/api.md 4)."""

from typing import Any

from rest_framework import serializers

from accounts.factors.recovery import MAX_CODE
from accounts.google import MAX_TOKEN as MAX_ID_TOKEN
from accounts.links import MAX_TOKEN
from accounts.models import AuthSession, User
from accounts.services import MAX_PASSWORD, MIN_PASSWORD
from foundation.api import WIRE_TIME, Text


class CodeField(Text):
    """A code of the authenticator app, or a recovery code; nothing and `""` are none."""

    def __init__(self) -> None:
        super().__init__(max_length=MAX_CODE, required=False, allow_blank=True, default="")


class RegisterInput(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    full_name = Text(max_length=200)
    password = Text(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD, trim_whitespace=False)


class LoginInput(serializers.Serializer[Any]):
    email = Text(max_length=254)
    password = Text(max_length=MAX_PASSWORD, trim_whitespace=False)
    code = CodeField()


class ChangePasswordInput(serializers.Serializer[Any]):
    current_password = Text(max_length=MAX_PASSWORD, trim_whitespace=False)
    new_password = Text(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD, trim_whitespace=False)


class ForgotInput(serializers.Serializer[Any]):
    email = Text(max_length=254)


class ChangeAddressInput(serializers.Serializer[Any]):
    email = Text(max_length=254)


class ResetInput(serializers.Serializer[Any]):
    token = Text(max_length=MAX_TOKEN)
    password = Text(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD, trim_whitespace=False)


class GoogleInput(serializers.Serializer[Any]):
    id_token = Text(max_length=MAX_ID_TOKEN)
    code = CodeField()


class MailedTokenInput(serializers.Serializer[Any]):
    token = Text(max_length=MAX_TOKEN)


class AccessTokenOutput(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["bearer"])


class TicketOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")


class AuthSessionOutput(serializers.ModelSerializer[AuthSession]):
    """`current` is the session that asks."""

    current = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(format=WIRE_TIME)
    last_used_at = serializers.DateTimeField(format=WIRE_TIME)

    class Meta:
        model = AuthSession
        fields = ["id", "current", "user_agent", "ip", "created_at", "last_used_at"]

    def get_current(self, session: AuthSession) -> bool:
        return bool(session.pk == self.context["current"].pk)


class SecondStep(serializers.Serializer[Any]):
    """`error` is there when the first answer was right and `code` is missing."""

    detail = serializers.CharField()
    error = serializers.ChoiceField(choices=["second_factor_required"], required=False)


class ProfileInput(serializers.Serializer[Any]):
    full_name = Text(max_length=200, required=False)


class UserOutput(serializers.ModelSerializer[User]):
    avatar_url = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "email", "full_name", "is_verified", "is_google_account", "avatar_url"]

    def get_avatar_url(self, user: User) -> str | None:
        return user.picture_url
