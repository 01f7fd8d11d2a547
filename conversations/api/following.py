"""Following a conversation over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from conversations.api.views import conversation_for
from conversations.services.following import set_following
from foundation.api import SIGNED_IN, refusals


class FollowOutput(serializers.Serializer[Any]):
    following = serializers.BooleanField()


class Follow(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(summary="Follow", request=None, responses={200: FollowOutput, **refusals(400, *SIGNED_IN, 403, 404)})
    def put(self, request: Request, conversation_id: str) -> Response:
        """Whoever writes a note, or is mentioned in one, follows already."""
        return self._set(request, conversation_id, follows=True)

    @extend_schema(
        summary="Follow no longer", request=None, responses={200: FollowOutput, **refusals(400, *SIGNED_IN, 403, 404)}
    )
    def delete(self, request: Request, conversation_id: str) -> Response:
        return self._set(request, conversation_id, follows=False)

    def _set(self, request: Request, conversation_id: str, *, follows: bool) -> Response:
        set_following(conversation=conversation_for(request, conversation_id), user=request.user, follows=follows)
        return Response({"following": follows})
