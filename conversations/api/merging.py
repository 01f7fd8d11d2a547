"""Merging conversations over REST."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from conversations.api.serializers import ConversationOutput
from conversations.api.views import conversation_for
from conversations.models import Conversation
from conversations.services.merging import merge_conversations, undo_merge
from conversations.wire import conversation_payload
from foundation.api import SIGNED_IN, WITH_BODY, IdField, refusals
from foundation.errors import Invalid


class OtherInput(serializers.Serializer[Any]):
    other_id = IdField()


class MergedList(serializers.Serializer[Any]):
    results = ConversationOutput(many=True)
    next = serializers.CharField(allow_null=True)


class MergeConversation(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List what is merged into a conversation",
        responses={200: MergedList, **refusals(400, *SIGNED_IN, 404)},
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        """The oldest first."""
        into = conversation_for(request, conversation_id)
        rows = Conversation.objects.for_reading().with_unread(request.user).filter(merged_into=into)
        return Response({"results": [conversation_payload(row) for row in rows.order_by("pk")], "next": None})

    @extend_schema(
        summary="Merge another conversation of the customer into this one",
        request=OtherInput,
        responses={200: ConversationOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """The other is closed and points here: what is said there is shown here, and what you send there goes here.
        No message moves, and DELETE on the other undoes it."""
        into = conversation_for(request, conversation_id)
        data = OtherInput(data=request.data)
        data.is_valid(raise_exception=True)
        other = Conversation.objects.visible_to(request.user).filter(pk=data.validated_data["other_id"]).first()
        if other is None:
            raise Invalid(_("There is no such conversation."))
        merge_conversations(conversation=other, into=into, actor=request.user)
        return Response(conversation_payload(conversation_for(request, conversation_id)))

    @extend_schema(
        summary="Undo a merge",
        responses={200: ConversationOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, conversation_id: str) -> Response:
        """The conversation that was merged into another is one of its own again, as it was. 400 for the one that it was
        merged into: GET there says which are."""
        conversation = conversation_for(request, conversation_id)
        if not conversation.merged_into_id and conversation.merged.exists():
            raise Invalid(_("Others are merged into this one: undo it at the one that was merged."))
        undo_merge(conversation=conversation, actor=request.user)
        return Response(conversation_payload(conversation_for(request, conversation_id)))
