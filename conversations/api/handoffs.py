"""The queue of conversations that wait for a person, over REST."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations import selectors
from conversations.api import serializers as shapes
from conversations.wire import handoff_payload
from foundation.api import SIGNED_IN, PageQuery, refusals


class PendingHandoffs(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List conversations that wait for a person",
        parameters=[PageQuery],
        responses={200: shapes.HandoffOutput(many=True), **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        """Who waits longest comes first."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = PageQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = selectors.pending_handoffs(request.user)
        return Response([handoff_payload(row) for row in rows[query.window()]])
