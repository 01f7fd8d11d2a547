"""Notifications over REST."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.wire import timestamp
from foundation.api import SIGNED_IN, WITH_BODY, CursorQuery, IdField, newest_page, refusals
from foundation.errors import Unprocessable
from workflows.models import Notification, NotificationKind
from workflows.notifications import MOST_AT_ONCE, mark_read, notifications_of, text_of, unread_of
from workflows.telling import rings, setting_of


class NotificationOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=NotificationKind.choices)
    conversation_id = serializers.UUIDField()
    text = serializers.CharField()
    read_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    rings = serializers.BooleanField(help_text="You want a sound for it, now: by its kind, outside your quiet hours.")


class NotificationList(serializers.Serializer[Any]):
    results = NotificationOutput(many=True)
    next = serializers.CharField(allow_null=True)
    unread = serializers.IntegerField()


class NotificationsReadInput(serializers.Serializer[Any]):
    """`ids`, or `all`."""

    ids = serializers.ListField(child=IdField(), max_length=MOST_AT_ONCE, required=False)
    all = serializers.BooleanField(default=False)


class UnreadOutput(serializers.Serializer[Any]):
    unread = serializers.IntegerField()


class Notifications(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List your notifications",
        parameters=[CursorQuery],
        responses={200: NotificationList, **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        """Newest first, of the kinds that you want to see; `unread` counts all of them."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        cursor, limit = query.validated_data.get("cursor"), query.validated_data["limit"]
        setting, now = setting_of(request.user), timezone.now()
        rows = notifications_of(request.user, setting)
        page, following = newest_page(rows, cursor=cursor, limit=limit, by="created_at")
        results = [_payload(row) | {"rings": rings(setting, row.kind, now)} for row in page]
        return Response({"results": results, "next": following, "unread": unread_of(request.user, setting)})


class NotificationsRead(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Mark your notifications as read",
        request=NotificationsReadInput,
        responses={200: UnreadOutput, **refusals(400, *SIGNED_IN, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        """Ids that are not yours change nothing."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        body = NotificationsReadInput(data=request.data)
        body.is_valid(raise_exception=True)
        ids, everything = body.validated_data.get("ids"), body.validated_data["all"]
        if ids is None and not everything:
            raise Unprocessable("Give ids, or all.", field="ids", kind="missing")
        return Response({"unread": mark_read(user=request.user, ids=None if everything else ids)})


def _payload(row: Notification) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "conversation_id": str(row.conversation_id),
        "text": text_of(row),
        "read_at": timestamp(row.read_at) if row.read_at else None,
        "created_at": timestamp(row.created_at),
    }
