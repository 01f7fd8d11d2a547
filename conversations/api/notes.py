"""Private notes over REST."""

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
from conversations.attachments import MAX_OF_MESSAGE, ids_in
from conversations.models import Note
from conversations.services import notes
from conversations.services.message_drafts import MAX_CONTENT
from conversations.wire import note_payload
from foundation.api import (
    IDEMPOTENCY_KEY,
    SIGNED_IN,
    WITH_BODY,
    CursorQuery,
    Done,
    IdField,
    Text,
    idempotency_key,
    newest_page,
    path_id,
    refusals,
)


class NoteChange(serializers.Serializer[Any]):
    content = Text(max_length=MAX_CONTENT, trim_whitespace=False, allow_blank=True, help_text="Blank only with files.")
    mentions = serializers.ListField(
        child=IdField(),
        required=False,
        max_length=notes.MOST_MENTIONS,
        help_text="User ids of members whom the note asks for.",
    )


class NoteInput(NoteChange):
    attachments = serializers.ListField(
        child=serializers.JSONField(allow_null=True),
        required=False,
        max_length=MAX_OF_MESSAGE,
        help_text="What `upload` of this conversation returned, the objects or their `url`s. No customer sees them.",
    )


class NoteOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    author_id = serializers.UUIDField(allow_null=True)
    content = serializers.CharField()
    attachments = AttachmentOutput(many=True)
    mentions = serializers.ListField(child=serializers.UUIDField())
    after_seq = serializers.IntegerField(help_text="It stands behind the message of this number.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class NoteList(serializers.Serializer[Any]):
    results = NoteOutput(many=True)
    next = serializers.CharField(allow_null=True)


class Notes(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List a conversation's notes",
        parameters=[CursorQuery],
        responses={200: NoteList, **refusals(400, *SIGNED_IN, 404, 422)},
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        """Newest first. Customers never see any."""
        conversation = conversation_for(request, conversation_id)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = conversation.notes.prefetch_related("mentions").order_by("-created_at", "-id")
        cursor, limit = query.validated_data.get("cursor"), query.validated_data["limit"]
        page, following = newest_page(rows, cursor=cursor, limit=limit, by="created_at")
        return Response({"results": [note_payload(note) for note in page], "next": following})

    @extend_schema(
        summary="Write a private note",
        parameters=[IDEMPOTENCY_KEY],
        request=NoteInput,
        responses={201: NoteOutput, 200: NoteOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        key = idempotency_key(request)
        conversation = conversation_for(request, conversation_id)
        data = NoteInput(data=request.data)
        data.is_valid(raise_exception=True)
        noted = notes.write_note(
            conversation=conversation,
            author=request.user,
            content=data.validated_data["content"],
            mentions=data.validated_data.get("mentions", ()),
            attachments=ids_in(data.validated_data.get("attachments")),
            key=key,
        )
        return replayed(note_payload(noted.note), created=noted.created)


class OneNote(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Change a note",
        request=NoteChange,
        responses={200: NoteOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, conversation_id: str, note_id: str) -> Response:
        """For its author. Its files stay."""
        note = _note_for(request, conversation_id, note_id)
        data = NoteChange(data=request.data)
        data.is_valid(raise_exception=True)
        note = notes.change_note(
            note=note,
            author=request.user,
            content=data.validated_data["content"],
            mentions=data.validated_data.get("mentions"),
        )
        return Response(note_payload(note))

    @extend_schema(summary="Delete a note", request=None, responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)})
    def delete(self, request: Request, conversation_id: str, note_id: str) -> Response:
        """For its author."""
        notes.delete_note(note=_note_for(request, conversation_id, note_id), author=request.user)
        return Response({"message": "Note deleted successfully"})


def _note_for(request: Request, conversation_id: str, note_id: str) -> Note:
    conversation = conversation_for(request, conversation_id)
    note = Note.objects.visible_to(request.user).filter(conversation=conversation, pk=path_id(note_id)).first()
    if note is None:
        raise Http404
    return note
