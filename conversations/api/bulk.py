"""One action on many conversations over REST."""

from collections.abc import Callable
from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.models import SPAM, Conversation, Priority, Status
from conversations.services import bulk
from conversations.services.assigning import assign_conversation, undo_assignment
from conversations.services.handling import CHANGES, Handled, mark_read, mark_unread, undo_status
from conversations.services.priorities import set_priority
from conversations.services.snoozing import snooze_conversation
from conversations.services.tags import add_tag, checked_name, remove_tag
from conversations.services.unsent import send_again
from foundation.api import SIGNED_IN, WITH_BODY, IdField, Text, refusals

STATUSES = {
    "resolve": Status.RESOLVED,
    "close": Status.CLOSED,
    "reopen": Status.OPEN,
    "pending": Status.PENDING,
    "spam": SPAM,
}
UNDO_STATUS, UNDO_ASSIGN, READ, UNREAD = "undo_status", "undo_assign", "read", "unread"
SEND_AGAIN = "send_again"
# What takes a value, and which.
VALUES: dict[str, serializers.Field[Any, Any, Any, Any]] = {
    "assign": IdField(allow_null=True),
    "team": IdField(allow_null=True),
    "tag": Text(),
    "untag": Text(),
    "snooze": serializers.DateTimeField(),
    "priority": serializers.ChoiceField(choices=[each.word for each in Priority if each.word], allow_null=True),
}


class BulkInput(serializers.Serializer[Any]):
    ids = serializers.ListField(child=IdField(), min_length=1, max_length=bulk.MOST)
    action = serializers.ChoiceField(choices=[*STATUSES, *VALUES, READ, UNREAD, SEND_AGAIN, UNDO_STATUS, UNDO_ASSIGN])
    value = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text=(
            "Of `assign`: a member's user id, null = nobody; of `team`: its id, null = none; of `tag`, `untag`: a name;"
            " of `snooze`: until when; of `priority`: its word, null = none. Of the others nothing."
        ),
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if field := VALUES.get(attrs["action"]):
            try:
                attrs["value"] = field.run_validation(attrs.get("value"))
            except serializers.ValidationError as error:
                raise serializers.ValidationError({"value": error.detail}) from error
        return attrs


class BulkFailure(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    detail = serializers.CharField()


class BulkOutput(serializers.Serializer[Any]):
    done = serializers.ListField(child=serializers.UUIDField())
    failed = BulkFailure(many=True)


class Bulk(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Do the same with many conversations",
        request=BulkInput,
        responses={200: BulkOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        """Each for itself: what cannot be done with one of them is said in `failed`.

        `send_again` is about what did not reach the customer and nobody has dealt with, at most 20 messages of each;
        `failed` says why one cannot go out.
        `undo_status` and `undo_assign` give back what the calling agent's last change of it took.
        """
        require(request.user, Action.HANDLE_CONVERSATIONS)
        data = BulkInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        do = _service(request.user, given["action"], given.get("value"))  # type: ignore[arg-type]
        outcome = bulk.change_many(
            actor=request.user, ids=given["ids"], change=lambda conversation: do(conversation=conversation)
        )
        failed = [{"id": str(pk), "detail": detail} for pk, detail in outcome.failed]
        return Response({"done": [str(pk) for pk in outcome.done], "failed": failed})


def _service(actor: User, action: str, value: Any) -> Callable[..., Handled]:
    """What it does with one of them. Raises Forbidden, and Unprocessable for a tag's name that is none."""
    if action in {"assign", "team", UNDO_ASSIGN}:
        require(actor, Action.ASSIGN)
    if action in STATUSES:
        return partial(CHANGES[STATUSES[action]], actor=actor)
    if action == SEND_AGAIN:
        return send_again
    if action in {READ, UNREAD}:
        return partial(_mark, actor, is_read=action == READ)
    if action in {"tag", "untag"}:
        return partial(add_tag if action == "tag" else remove_tag, name=checked_name(value), actor=actor)
    services: dict[str, Callable[..., Handled]] = {
        "assign": partial(assign_conversation, agent_id=value),
        "team": partial(assign_conversation, team_id=value),
        "snooze": partial(snooze_conversation, until=value),
        "priority": lambda **which: set_priority(priority=Priority.of(value), **which),
        UNDO_STATUS: undo_status,
        UNDO_ASSIGN: undo_assignment,
    }
    return partial(services[action], actor=actor)


def _mark(user: User, *, conversation: Conversation, is_read: bool) -> Handled:
    if is_read:
        mark_read(conversation=conversation, user=user, seq=conversation.last_seq)
    else:
        mark_unread(conversation=conversation, user=user)
    return Handled(conversation=conversation, changed=True)
