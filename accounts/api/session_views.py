"""A person's sessions: where they are, ending them, new tokens and socket tickets."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import refresh, sessions
from accounts.api.authentication import Bearer
from accounts.api.serializers import AccessTokenOutput, AuthSessionOutput, TicketOutput
from accounts.tickets import LIFETIME, issue_ticket
from accounts.tokens import issue_access_token
from foundation.api import SIGNED_IN, Done, refusals


class Refresh(APIView):
    """A cookie has no token to change."""

    authentication_classes = (Bearer,)
    unverified_may = without_factor_may = True

    @extend_schema(
        summary="Change the presented token for a new one",
        description="The presented one is good for 60 seconds more; used later than that, it ends the session. "
        "A program that never refreshes keeps its token.",
        request=None,
        responses={200: AccessTokenOutput, **refusals(*SIGNED_IN)},
    )
    def post(self, request: Request) -> Response:
        session = refresh.refresh(request.auth, jti=request.auth.presented_jti)
        if session is None:
            raise AuthenticationFailed(_("This token is not valid. Log in again."))
        return Response({"access_token": issue_access_token(session), "token_type": "bearer"})


class SocketTicket(APIView):
    @extend_schema(
        summary="A ticket for one Socket.IO handshake",
        description="Goes into `auth.token` within 60 seconds, once.",
        request=None,
        responses={200: TicketOutput, **refusals(*SIGNED_IN, 403)},
    )
    def post(self, request: Request) -> Response:
        return Response({"ticket": issue_ticket(request.auth), "expires_in": int(LIFETIME.total_seconds())})


class Sessions(APIView):
    without_factor_may = True

    @extend_schema(
        summary="Where one is signed in, last used first",
        responses={200: AuthSessionOutput(many=True), **refusals(*SIGNED_IN, 403)},
    )
    def get(self, request: Request) -> Response:
        rows = sessions.sessions_of(request.user)
        return Response(AuthSessionOutput(rows, many=True, context={"current": request.auth}).data)


class OneSession(APIView):
    without_factor_may = True

    @extend_schema(
        summary="End a session of one's own: its token is dead and its sockets are cut",
        responses={200: Done, **refusals(*SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, session_id: str) -> Response:
        sessions.end_own_session(user=request.user, session_id=session_id)
        return Response({"message": _("Session ended")})


class EndOthers(APIView):
    without_factor_may = True

    @extend_schema(
        summary="Sign out everywhere else",
        request=None,
        responses={200: Done, **refusals(*SIGNED_IN, 403)},
    )
    def post(self, request: Request) -> Response:
        sessions.end_other_sessions(user=request.user)
        return Response({"message": _("Signed out everywhere else")})
