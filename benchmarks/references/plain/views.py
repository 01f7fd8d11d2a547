from typing import Any

from asgiref.sync import async_to_sync
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.references.plain.messages import store
from benchmarks.references.plain.models import Person
from benchmarks.references.plain.sockets import sio


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Person, None]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        person = Person.objects.filter(token=token).first()
        if person is None:
            raise AuthenticationFailed
        return person, None


class SignedIn(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]


class Messages(SignedIn):
    def post(self, request: Request, conversation_id: str) -> Response:
        message = store(request.user, conversation_id, request.data)
        async_to_sync(sio.emit)("new_message", message, room=conversation_id)
        return Response(message, status=201)


class Nothing(SignedIn):
    """Signed in, and nothing read: what a request costs by itself."""

    def get(self, request: Request) -> Response:
        answer: list[Any] = []
        return Response(answer)
