"""What a visitor thinks of an answer of Theo's, over REST. The visitor's key is the only proof."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from foundation import throttles
from foundation.api import WITH_BODY, path_id, refusals
from theo.feedback import take_feedback
from widgets.api.visitors import KEY, OfOneConversation, visitor_of, widget_of


class FeedbackInput(serializers.Serializer[Any]):
    helped = serializers.BooleanField()


class FeedbackOutput(serializers.Serializer[Any]):
    message_id = serializers.UUIDField()
    helped = serializers.BooleanField(allow_null=True)


class Feedback(OfOneConversation):
    @extend_schema(
        summary="Say whether an answer of Theo's helped",
        auth=[],
        parameters=[KEY],
        request=FeedbackInput,
        responses={200: FeedbackOutput, **refusals(404, *WITH_BODY, 429)},
    )
    def post(self, request: Request, widget_id: str, conversation_id: str, message_id: str) -> Response:
        """Of a message with `sources`; the last word counts. Who was not helped is handed to a person and told so, as
        long as nobody has written since."""
        visitor = visitor_of(request, widget_of(widget_id))
        conversation = self.conversation(visitor, conversation_id)
        data = FeedbackInput(data=request.data)
        data.is_valid(raise_exception=True)
        throttles.count("RATING", visitor.pk)
        reply = take_feedback(
            conversation=conversation, message_id=path_id(message_id), helped=data.validated_data["helped"]
        )
        return Response({"message_id": str(reply.message_id), "helped": reply.helped})
