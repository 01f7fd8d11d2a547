"""A program that calls with an API token."""

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import User
from businesses.api_tokens import BadApiToken, api_token_of, is_api_token
from businesses.models import ApiToken


class ApiTokenBearer(BaseAuthentication):
    """Asked first: whatever else is a Bearer is a person's access token."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, raw = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        raw = raw.strip()
        if scheme.lower() != "bearer" or not is_api_token(raw):
            return None
        try:
            token = api_token_of(raw)
        except BadApiToken as error:
            raise AuthenticationFailed(_("This API token is not valid.")) from error
        return token.membership.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
