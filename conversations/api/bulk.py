"""One action on many conversations over REST."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.models import SPAM, Conversation, Status
from conversations.services import bulk, tags
from conversations.services.assigning import assign_conversation, not_a_member
from conversations.services.handling import CHANGES, Handled
from foundation.api import SIGNED_IN, WITH_BODY, IdField, refusals
from foundation.errors import Unprocessable
from foundation.ids import parse_id

STATUSES = {"resolve": Status.RESOLVED, "close": Status.CLOSED, "reopen": Status.OPEN, "spam": SPAM}
ASSIGN, TAG, UNTAG = "assign", "tag", "untag"


class BulkInput(serializers.Serializer[Any]):
    ids = serializers.ListField(child=IdField(), min_length=1, max_length=bulk.MOST)
    action = serializers.ChoiceField(choices=[*STATUSES, ASSIGN, TAG, UNTAG])
    value = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="Of `assign`: a member's user id, null = nobody; of `tag`, `untag`: a name.",
    )


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
        """Each for itself: what cannot be done with one of them is said in `failed`."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        data = BulkInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        change = self._change(request, given["action"], given.get("value"))
        outcome = bulk.change_many(actor=request.user, ids=given["ids"], change=change)
        failed = [{"id": str(pk), "detail": detail} for pk, detail in outcome.failed]
        return Response({"done": [str(pk) for pk in outcome.done], "failed": failed})

    def _change(self, request: Request, action: str, value: Any) -> Callable[[Conversation], Handled]:
        if action in STATUSES:
            return lambda conversation: CHANGES[STATUSES[action]](conversation=conversation, actor=request.user)
        if action in {TAG, UNTAG}:
            if not isinstance(value, str):
                raise Unprocessable(_("The name of a tag."), field="value")
            tags.checked_name(value)
            retag = partial(tags.add_tag if action == TAG else tags.remove_tag, name=value, actor=request.user)
            return lambda conversation: retag(conversation=conversation)
        require(request.user, Action.ASSIGN)
        if value is not None and not isinstance(value, str):
            raise Unprocessable(_("A user id, or null."), field="value")
        agent_id = parse_id(value) if value else None
        if value and agent_id is None:
            raise not_a_member()
        assign = partial(assign_conversation, agent_id=agent_id, actor=request.user)
        return lambda conversation: assign(conversation=conversation)
