"""Conversations over REST: parse, call one service, render."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations import selectors
from conversations.api import serializers as shapes
from conversations.api.lists import ListQuery
from conversations.attachments import ids_in
from conversations.models import ChannelType, Conversation, Customer, Priority
from conversations.narrowing import narrowed
from conversations.services.assigning import SAME, assign_conversation
from conversations.services.blocking import set_blocked
from conversations.services.deleting import delete_conversation
from conversations.services.handling import (
    close_conversation,
    mark_read,
    mark_spam,
    mark_unread,
    park_conversation,
    reopen_conversation,
    resolve_conversation,
)
from conversations.services.message_drafts import api_key, fingerprint_of
from conversations.services.messages import Posted, send_reply
from conversations.services.opening import open_conversation
from conversations.services.priorities import set_priority
from conversations.services.snoozing import snooze_conversation
from conversations.wire import Payload, conversation_payload, message_payload, timestamp
from foundation.api import IDEMPOTENCY_KEY, NO_ROOM, SIGNED_IN, WITH_BODY, Done, idempotency_key, path_id, refusals
from foundation.errors import Forbidden, Invalid

if TYPE_CHECKING:
    from channels_app.models import Channel


REPLAY = {"Idempotent-Replay": "true"}


def conversation_for(request: Request, text: str, action: Action = Action.HANDLE_CONVERSATIONS) -> Conversation:
    """One of the caller's own; unknown and foreign are alike. What the role does not allow is said before."""
    require(request.user, action)
    conversation = selectors.conversation_of(request.user, path_id(text))
    if conversation is None:
        raise Http404
    return conversation


def replayed(payload: object, *, created: bool) -> Response:
    """201 for what this request made; 200 and a header for what an earlier one with the same key made."""
    if created:
        return Response(payload, status=201)
    return Response(payload, headers=REPLAY)


def payload_of(posted: Posted) -> Payload:
    """What whoever sent it is answered. Asks the database nothing."""
    receipts = posted.message.conversation.receipts
    return message_payload(posted.message, receipts=receipts, for_member=True, own=True)


class Conversations(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List conversations",
        parameters=[ListQuery],
        responses={200: shapes.ConversationOutput(many=True), **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = ListQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = narrowed(
            request.user,
            window=query.window(),
            listing=query.listing(request.user),
            asked=query.asked(),
            spam=query.validated_data["spam"],
            sort=query.validated_data.get("sort"),
        )
        return Response([conversation_payload(row) for row in rows])

    @extend_schema(
        summary="Start a conversation",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.CreateInput,
        responses={
            201: shapes.ConversationOutput,
            200: shapes.ConversationOutput,
            **refusals(400, *SIGNED_IN, 403, *WITH_BODY),
            **NO_ROOM,
        },
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        membership = require(request.user, Action.HANDLE_CONVERSATIONS)
        data = shapes.CreateInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        if given["business_id"] != membership.business_id:
            raise Forbidden(_("This is not your workspace."))
        content = given.get("initial_message") or ""
        channel = _channel(request, given.get("channel_id"))
        opened = open_conversation(
            business_id=membership.business_id,
            channel=channel,
            channel_type=ChannelType(channel.type) if channel else ChannelType.WIDGET,
            customer=_customer(request, given.get("customer_id")),
            opened_by=request.user,
            content=content if content.strip() else "",
            subject=given.get("subject", ""),
            dedup_key=api_key(request.user, key) if content.strip() else None,
            fingerprint=fingerprint_of(
                given.get("customer_id"), given.get("channel_id"), content, *filter(None, [given.get("subject")])
            ),
        )
        messages = [opened.message] if opened.message else []
        return replayed(conversation_payload(opened.conversation, messages=messages), created=opened.created)


class OneConversation(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Read a conversation with its whole history",
        responses={200: shapes.ConversationOutput, **refusals(400, *SIGNED_IN, 404)},
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        conversation = conversation_for(request, conversation_id)
        return Response(conversation_payload(conversation, messages=selectors.whole_history(conversation)))

    @extend_schema(
        summary="Reopen, park, snooze, assign or rank a conversation",
        request=shapes.ChangeInput,
        responses={200: shapes.ConversationOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, conversation_id: str) -> Response:
        conversation = conversation_for(request, conversation_id)
        data = shapes.ChangeInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        with transaction.atomic():
            if {"assignee_id", "team_id"} & set(given):
                require(request.user, Action.ASSIGN)
                assign_conversation(
                    conversation=conversation,
                    agent_id=given.get("assignee_id", SAME),
                    team_id=given.get("team_id", SAME),
                    actor=request.user,
                )
            if "status" in given:
                change = {"open": reopen_conversation, "pending": park_conversation}[given["status"]]
                change(conversation=conversation, actor=request.user)
            if "priority" in given:
                set_priority(conversation=conversation, priority=Priority.of(given["priority"]), actor=request.user)
            if "snoozed_until" in given:
                snooze_conversation(conversation=conversation, until=given["snoozed_until"], actor=request.user)
            if "customer_blocked" in given:
                set_blocked(conversation=conversation, blocked=given["customer_blocked"], actor=request.user)
        return Response(conversation_payload(conversation_for(request, conversation_id)))

    @extend_schema(summary="Delete a conversation", responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)})
    def delete(self, request: Request, conversation_id: str) -> Response:
        """With its messages, notes and files, for good. Owner and admin."""
        require(request.user, Action.DELETE_CONVERSATIONS)
        delete_conversation(conversation=conversation_for(request, conversation_id), actor=request.user)
        return Response({"message": "Conversation deleted"})


class Messages(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Read part of a history",
        parameters=[shapes.HistoryQuery],
        responses={200: shapes.HistoryOutput, **refusals(400, *SIGNED_IN, 404, 422)},
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        """Rising `seq`: behind `after`, or the last ones before `before`, or from the start."""
        conversation = conversation_for(request, conversation_id)
        query = shapes.HistoryQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        before, limit = query.validated_data.get("before"), query.validated_data["limit"]
        if before is not None:
            rows = selectors.messages_before(conversation, before, limit=limit)
            more = rows[0].seq if rows and rows[0].seq > 1 else None
        else:
            rows = selectors.messages_after(conversation, query.validated_data.get("after", 0), limit=limit)
            more = rows[-1].seq if rows and rows[-1].seq < conversation.last_seq else None
        receipts = conversation.receipts
        results = [message_payload(row, receipts=receipts, for_member=True) for row in rows]
        return Response({"results": results, "next": more})

    @extend_schema(
        summary="Send a message as the calling agent",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.MessageInput,
        responses={
            201: shapes.MessageOutput,
            200: shapes.MessageOutput,
            **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY),
            409: shapes.StaleOutput,
            **NO_ROOM,
        },
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        # What is ordinary goes by a shorter way, which must answer alike: pingback/api/create_message.py.
        key = idempotency_key(request)
        conversation = conversation_for(request, conversation_id)
        data = shapes.MessageInput(data=request.data)
        data.is_valid(raise_exception=True)
        posted = send_reply(
            conversation=conversation,
            author=request.user,
            content=data.validated_data["content"],
            key=key,
            attachments=ids_in(data.validated_data.get("attachments")),
            seen_seq=None if data.validated_data["force"] else data.validated_data.get("seen_seq"),
            quoted_seq=data.validated_data.get("quoted_seq"),
        )
        return replayed(payload_of(posted), created=posted.created)


class Read(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Mark as read by the calling agent",
        request=shapes.ReadInput,
        responses={200: shapes.ReadOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        conversation = conversation_for(request, conversation_id)
        data = shapes.ReadInput(data=request.data)
        data.is_valid(raise_exception=True)
        unread = mark_read(conversation=conversation, user=request.user, seq=data.validated_data["seq"])
        return Response({"seq": conversation.read_marks.get(user=request.user).seq, "unread": unread})

    @extend_schema(
        summary="Mark as unread by the calling agent, from the customer's last message on",
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, conversation_id: str) -> Response:
        mark_unread(conversation=conversation_for(request, conversation_id), user=request.user)
        return Response({"message": "Marked as unread"})


class Resolve(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Resolve",
        request=None,
        responses={200: shapes.ResolvedOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def put(self, request: Request, conversation_id: str) -> Response:
        handled = resolve_conversation(conversation=conversation_for(request, conversation_id), actor=request.user)
        if not handled.changed:
            return Response({"detail": "Already resolved"})
        return Response({"resolved_at": timestamp(handled.conversation.resolved_at)})


class Close(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Close",
        request=None,
        responses={200: shapes.ClosedOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def put(self, request: Request, conversation_id: str) -> Response:
        handled = close_conversation(conversation=conversation_for(request, conversation_id), actor=request.user)
        if not handled.changed:
            return Response({"detail": "Already closed"})
        return Response({"closed_at": timestamp(handled.conversation.closed_at)})


class Spam(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Mark as spam",
        request=None,
        responses={200: shapes.SpamOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def put(self, request: Request, conversation_id: str) -> Response:
        """Closed, and in no list but that of spam, whatever comes in. Blocks nobody. Any other status ends it."""
        handled = mark_spam(conversation=conversation_for(request, conversation_id), actor=request.user)
        if not handled.changed:
            return Response({"detail": "Already spam"})
        return Response({"spam_at": timestamp(handled.conversation.spam_at)})


def _channel(request: Request, channel_id: UUID | None) -> "Channel | None":
    """The channel asked for, or the workspace's default one, which a fresh workspace does not have."""
    if channel_id is None:
        return selectors.default_channel(require(request.user, Action.HANDLE_CONVERSATIONS).business_id)
    channel = selectors.channel_for(request.user, channel_id)
    if channel is None or not channel.is_active:
        raise Invalid(_("There is no such channel, or it is switched off."))
    return channel


def _customer(request: Request, customer_id: UUID | None) -> Customer | None:
    if customer_id is None:
        return None
    customer = Customer.objects.visible_to(request.user).filter(pk=customer_id).first()
    if customer is None:
        raise Invalid(_("There is no such customer."))
    return customer
