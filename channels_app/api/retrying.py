"""Sending again what did not get out, over REST."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from channels_app.retrying import retry_message
from conversations.api.messages import message_for
from conversations.api.serializers import MessageOutput
from conversations.wire import for_member
from foundation.api import SIGNED_IN, refusals


class Retry(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Send a failed message again",
        request=None,
        responses={200: MessageOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def post(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """Whatever of it did not arrive, or of its files did not come in. 400 where nothing of it is missing, and where
        there is no way out for it, as when its channel is gone or off."""
        message = message_for(request, conversation_id, message_id)
        return Response(for_member(retry_message(message=message)))
