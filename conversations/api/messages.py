"""One message over REST: changing and taking back one's own."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from conversations.api import serializers as shapes
from conversations.api.views import conversation_for
from conversations.models import Message
from conversations.services.editing import delete_message, edit_message
from conversations.wire import Payload, message_payload
from foundation.api import SIGNED_IN, WITH_BODY, path_id, refusals


class OneMessage(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Change the words of a message",
        request=shapes.EditInput,
        responses={200: shapes.MessageOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY, 503)},
    )
    def patch(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """For its author, within 15 minutes, in chats on the web and on Telegram, where it is changed, too."""
        message = message_for(request, conversation_id, message_id)
        data = shapes.EditInput(data=request.data)
        data.is_valid(raise_exception=True)
        changed = edit_message(message=message, author=request.user, content=data.validated_data["content"])
        return Response(_payload(changed))

    @extend_schema(
        summary="Take a message back",
        request=None,
        responses={200: shapes.MessageOutput, **refusals(400, *SIGNED_IN, 403, 404, 503)},
    )
    def delete(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """Likewise. It stays as an empty one with `deleted_at`, so that `seq` has no gap."""
        message = message_for(request, conversation_id, message_id)
        return Response(_payload(delete_message(message=message, author=request.user)))


def message_for(request: Request, conversation_id: str, message_id: str) -> Message:
    """Unknown, foreign, and of another conversation are alike."""
    conversation = conversation_for(request, conversation_id)
    message = conversation.messages.filter(pk=path_id(message_id)).first()
    if message is None:
        raise Http404
    message.conversation = conversation
    return message


def _payload(message: Message) -> Payload:
    return message_payload(message, receipts=message.conversation.receipts, for_member=True, own=True)
