"""What a visitor does with a conversation beside writing: rate it, have it mailed. The key is the only proof."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.api.rating import RatingInput, RatingOutput
from conversations.models import Conversation
from conversations.services.rating import rate_conversation
from conversations.wire import rating_payload
from foundation import throttles
from foundation.api import WITH_BODY, Done, Text, path_id, refusals
from widgets import keys
from widgets.models import Visitor, Widget
from widgets.selectors import conversations_of
from widgets.transcripts import send_transcript

KEY = OpenApiParameter("X-Visitor-Key", str, OpenApiParameter.HEADER, description="From the first ack.")


def widget_of(widget_id: str) -> Widget:
    """Raises Http404."""
    widget = Widget.objects.filter(pk=path_id(widget_id)).first()
    if widget is None:
        raise Http404
    return widget


def visitor_of(request: Request, widget: Widget) -> Visitor:
    """Whoever holds the key. Raises Http404 for a key that is not good at this widget."""
    key = request.headers.get("X-Visitor-Key")
    visitor = keys.visitor_from_key(key, business_id=widget.business_id, widget_id=widget.pk)
    if visitor is None:
        raise Http404
    return visitor


class TranscriptInput(serializers.Serializer[Any]):
    email = Text(max_length=254, required=False, default="", allow_blank=True)
    time_zone = Text(
        max_length=64,
        required=False,
        default="",
        allow_blank=True,
        help_text="The reader's, like Europe/Lisbon; one that is not known counts as the workspace's.",
    )


class TranscriptOutput(Done):
    email = serializers.EmailField(help_text="Where it goes.")


class OfOneConversation(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def conversation(self, visitor: Visitor, text: str) -> Conversation:
        found = conversations_of(visitor).select_related("business").filter(pk=path_id(text)).first()
        if found is None:
            raise Http404
        return found


class VisitorRating(OfOneConversation):
    @extend_schema(
        summary="Rate a conversation that is over",
        description="A later rating takes the place of the one before.",
        auth=[],
        parameters=[KEY],
        request=RatingInput,
        responses={200: RatingOutput, **refusals(400, 404, *WITH_BODY, 429)},
    )
    def post(self, request: Request, widget_id: str, conversation_id: str) -> Response:
        visitor = visitor_of(request, widget_of(widget_id))
        conversation = self.conversation(visitor, conversation_id)
        data = RatingInput(data=request.data)
        data.is_valid(raise_exception=True)
        throttles.count("RATING", visitor.pk)
        rating = rate_conversation(conversation=conversation, **data.validated_data)
        return Response(rating_payload(rating.conversation))


class VisitorTranscript(OfOneConversation):
    @extend_schema(
        summary="Have a conversation mailed to its visitor",
        description="Once the team has answered. `email` where the customer has no address yet, or only a claimed one.",
        auth=[],
        parameters=[KEY],
        request=TranscriptInput,
        responses={200: TranscriptOutput, **refusals(400, 404, *WITH_BODY, 429)},
    )
    def post(self, request: Request, widget_id: str, conversation_id: str) -> Response:
        visitor = visitor_of(request, widget_of(widget_id))
        conversation = self.conversation(visitor, conversation_id)
        data = TranscriptInput(data=request.data)
        data.is_valid(raise_exception=True)
        address = send_transcript(visitor=visitor, conversation=conversation, **data.validated_data)
        return Response({"message": _("Sent to %(address)s.") % {"address": address}, "email": address})
