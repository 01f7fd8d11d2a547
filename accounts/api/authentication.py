"""Who calls the API: a Bearer token, or the session cookie of our own pages with CSRF."""

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, UnsupportedMediaType
from rest_framework.request import Request

from accounts.models import AuthSession, User
from accounts.tokens import BadToken


class Bearer(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, AuthSession] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _space, raw = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            session = import_string(settings.CALLERS_SESSION)(raw.strip())
        except BadToken as error:
            raise AuthenticationFailed(_("This token is not valid. Log in again.")) from error
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class OwnPages(SessionAuthentication):
    def authenticate(self, request: Request) -> tuple[User, AuthSession | None] | None:
        user = getattr(request._request, "user", None)
        if not isinstance(user, User) or user.auth_session is None:
            return None
        try:
            self.enforce_csrf(request)
        except UnsupportedMediaType as error:  # looking for the token in a form reads the body first
            raise PermissionDenied(_("CSRF Failed: send the media type of this operation.")) from error
        return user, user.auth_session
