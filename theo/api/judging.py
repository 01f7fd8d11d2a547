"""What the team thinks of an answer of Theo's, over REST."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from conversations.api.messages import message_for
from conversations.api.serializers import MessageOutput
from conversations.wire import for_member
from foundation.api import SIGNED_IN, refusals
from theo.models import Reply
from theo.outcomes import call_wrong


class WrongAnswer(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Call an answer of Theo's wrong",
        request=None,
        responses={200: MessageOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def post(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """It counts against Theo, nothing is learned from it, and the team sees it at the message. 404 for others."""
        message = message_for(request, conversation_id, message_id)
        call_wrong(get_object_or_404(Reply.objects.select_related("message__conversation"), message=message))
        return Response(for_member(message))
