"""The audit log for programs: the owner's, newest first."""

from datetime import UTC
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses import audit_log
from businesses.audit_words import ACTIONS, Group
from businesses.models import AuditEntry
from businesses.policy import Action, require
from foundation.api import SIGNED_IN, WIRE_TIME, CursorQuery, IdField, Text, refusals


class AuditQuery(CursorQuery):
    group = serializers.ChoiceField(choices=Group.choices, required=False)
    actor_id = IdField(required=False, help_text="A person's user id.")
    since = serializers.DateField(required=False, help_text="The first day, in UTC.")
    until = serializers.DateField(required=False, help_text="The last day, in UTC.")
    q = Text(max_length=200, required=False, allow_blank=True, help_text="In the names of things and people.")

    def filter(self) -> audit_log.Filter:
        given = self.validated_data
        return audit_log.Filter(
            group=given.get("group", ""),
            actor_id=given.get("actor_id"),
            since=given.get("since"),
            until=given.get("until"),
            text=given.get("q", ""),
        )


class AuditEntryOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    action = serializers.CharField()
    group = serializers.ChoiceField(choices=Group.choices, allow_null=True)
    text = serializers.CharField(help_text="What happened, as a sentence.")
    actor_id = serializers.UUIDField(allow_null=True)
    actor_email = serializers.CharField(allow_null=True)
    session_id = serializers.UUIDField(allow_null=True)
    address = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField(allow_null=True)
    target_type = serializers.CharField(allow_null=True)
    target_id = serializers.CharField(allow_null=True)
    target_name = serializers.CharField(allow_null=True)
    facts = serializers.DictField(help_text="Whatever else there is to say, by name; never a secret.")
    created_at = serializers.DateTimeField()


class AuditPage(serializers.Serializer[Any]):
    results = AuditEntryOutput(many=True)
    next = serializers.CharField(allow_null=True)


class AuditLog(APIView):
    @extend_schema(
        summary="Read the audit log",
        parameters=[AuditQuery],
        responses={200: AuditPage, **refusals(400, *SIGNED_IN, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        require(request.user, Action.READ_AUDIT_LOG)
        query = AuditQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows, following = audit_log.page(
            request.user,
            query.filter(),
            cursor=query.validated_data.get("cursor"),
            limit=query.validated_data["limit"],
        )
        names = audit_log.names_of(rows)
        return Response({"results": [_shown(row, names) for row in rows], "next": following})


def _shown(row: AuditEntry, names: dict[Any, str]) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "action": row.action,
        "group": ACTIONS[row.action].group.value if row.action in ACTIONS else None,
        "text": audit_log.plain_sentence(row, names),
        "actor_id": str(row.actor_id) if row.actor_id else None,
        "actor_email": row.actor_name or None,
        "session_id": str(row.session_id) if row.session_id else None,
        "address": row.address,
        "user_agent": row.user_agent or None,
        "target_type": row.target_type or None,
        "target_id": row.target_id or None,
        "target_name": row.target_name or None,
        "facts": row.data,
        "created_at": row.created_at.astimezone(UTC).strftime(WIRE_TIME),
    }
