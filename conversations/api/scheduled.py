"""Messages that wait for their time, over REST."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from conversations.api.serializers import AttachmentOutput
from conversations.api.views import conversation_for, replayed
from conversations.attachments import ids_in, with_facts
from conversations.models import ScheduledMessage
from conversations.services.later import send_later, undo_send
from conversations.services.message_drafts import MAX_CONTENT
from conversations.wire import scheduled_payload
from foundation.api import IDEMPOTENCY_KEY, SIGNED_IN, WITH_BODY, Done, Text, idempotency_key, path_id, refusals


class ScheduledInput(serializers.Serializer[Any]):
    content = Text(max_length=MAX_CONTENT, trim_whitespace=False, allow_blank=True, help_text="Blank only with files.")
    attachments = serializers.ListField(
        required=False, allow_null=True, help_text="What upload returned: the objects or their `url`s. At most 5."
    )
    send_at = serializers.DateTimeField(help_text="In the future, at most a year from now.")
    seen_seq = serializers.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        allow_null=True,
        help_text="Is there a later message of somebody else when its time comes, the words go back to your draft.",
    )


class ScheduledOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    author_id = serializers.UUIDField()
    content = serializers.CharField()
    attachments = AttachmentOutput(many=True)
    send_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()


class ScheduledList(serializers.Serializer[Any]):
    results = ScheduledOutput(many=True)
    next = serializers.CharField(allow_null=True)


class Scheduled(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List what waits to be sent", responses={200: ScheduledList, **refusals(400, *SIGNED_IN, 404)}
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        """The next one first, those of the whole team, and of what is merged into it."""
        found = conversation_for(request, conversation_id)
        rows = ScheduledMessage.objects.shown_in(found.pk).prefetch_related("files")
        shown = with_facts(rows.order_by("send_at", "pk"))
        return Response({"results": [scheduled_payload(row) for row in shown], "next": None})

    @extend_schema(
        summary="Send a message later",
        parameters=[IDEMPOTENCY_KEY],
        request=ScheduledInput,
        responses={201: ScheduledOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """It becomes a message of yours at that time, or a draft again when it cannot be sent then."""
        key = idempotency_key(request)
        conversation = conversation_for(request, conversation_id)
        data = ScheduledInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        planned = send_later(
            conversation=conversation,
            author=request.user,
            key=key,
            content=given["content"],
            send_at=given["send_at"],
            seen_seq=given.get("seen_seq"),
            attachments=ids_in(given.get("attachments")),
        )
        payload = scheduled_payload(with_facts([planned.scheduled])[0])
        return replayed(payload, created=planned.created)


class OneScheduled(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Take back what waits to be sent",
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, conversation_id: str, scheduled_id: str) -> Response:
        """For its author, whose draft it is again; the status that was set along with it is as it was."""
        found = conversation_for(request, conversation_id)
        row = ScheduledMessage.objects.shown_in(found.pk).filter(pk=path_id(scheduled_id)).first()
        if row is None:
            raise Http404
        undo_send(scheduled=row, actor=request.user)
        return Response({"message": "It is a draft again"})
