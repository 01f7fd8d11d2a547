"""What may be sent in a conversation, over REST."""

from dataclasses import asdict
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from channels_app.limits import limits_of
from conversations.models import Conversation
from conversations.wire import timestamp
from foundation.api import SIGNED_IN, path_id, refusals


class LimitsOutput(serializers.Serializer[Any]):
    max_text = serializers.IntegerField(allow_null=True, help_text="So many units at once; more goes in parts.")
    unit = serializers.ChoiceField(choices=["characters", "bytes", "utf16"], help_text="utf16: most emoji are two.")
    max_file_bytes = serializers.IntegerField(allow_null=True)
    file_types = serializers.ListField(child=serializers.CharField(), help_text="Empty: all that can be uploaded.")
    window_hours = serializers.IntegerField(
        allow_null=True, help_text="So long after the customer wrote anything may be sent; null: always."
    )
    window_closes_at = serializers.DateTimeField(allow_null=True, help_text="By when the customer last wrote.")
    window_closed = serializers.BooleanField()
    templates = serializers.BooleanField(help_text="Whether a message template gets through then.")
    quotes = serializers.BooleanField(help_text="Whether `quoted_seq` shows at the provider.")
    reactions = serializers.ListField(child=serializers.CharField())
    copies = serializers.ListField(
        child=serializers.CharField(), help_text="Addresses that a member's answer goes to besides the customer's."
    )
    goes_to = serializers.CharField(help_text="Where an answer goes, if not to the customer's own address.")
    unreachable = serializers.CharField(
        help_text="Why an answer does not arrive until the customer writes; empty: nothing says so."
    )
    public = serializers.BooleanField(help_text="Everybody can read an answer, and more than max_text is refused.")


# Of the channels that are ours.
_NONE: dict[str, Any] = {
    "max_text": None,
    "unit": "characters",
    "max_file_bytes": None,
    "file_types": [],
    "window_hours": None,
    "window_closes_at": None,
    "window_closed": False,
    "templates": False,
    "quotes": False,
    "reactions": [],
    "copies": [],
    "goes_to": "",
    "unreachable": "",
    "public": False,
}


class ConversationLimits(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Show what may be sent in a conversation",
        responses={200: LimitsOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        """What its channel takes, and who gets it."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        found = Conversation.objects.visible_to(request.user).select_related("channel", "customer")
        conversation = found.filter(pk=path_id(conversation_id)).first()
        if conversation is None:
            raise Http404
        limits = limits_of(conversation)
        if limits is None:
            return Response(_NONE)
        return Response({**asdict(limits), "window_closes_at": timestamp(limits.window_closes_at)})
