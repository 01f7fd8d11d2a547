"""The inbox's lists over REST, and what the list of conversations is narrowed by."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations import sidebar
from conversations.lists import Listing, listing_called, view_listing
from conversations.models import ChannelType, Priority, Status
from conversations.narrowing import Asked
from conversations.saved_views.filters import NOBODY
from conversations.saved_views.services import view_for
from conversations.sorting import Sort
from foundation.api import SIGNED_IN, IdField, PageQuery, Text, refusals
from foundation.errors import Invalid, Unprocessable

# What narrows a list of conversations: the field of a view's filter by the name that it has in a query.
FIELD_OF = {
    "status": "status",
    "assignee_id": "assignee",
    "team_id": "team",
    "tag_id": "tag",
    "channel_id": "channel",
    "channel_type": "channel_type",
    "priority": "priority",
    "snoozed": "snoozed",
    "handed_over": "handed_over",
    "not_sent": "not_sent",
    "unread": "unread",
    "mentioned": "mentioned",
    "followed": "followed",
}


class YesOrNo(serializers.BooleanField):
    """As a field of a view's filter has it; None where nothing is asked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default=None, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> str | None:  # type: ignore[override]
        found = super().to_internal_value(data)
        return None if found is None else "yes" if found else "no"


class ListQuery(PageQuery):
    status = serializers.ChoiceField(choices=Status.choices, required=False)
    assignee_id = IdField(required=False, help_text="An agent's user id.")
    team_id = IdField(required=False)
    unassigned = serializers.BooleanField(default=False, help_text="Only those that no person has.")
    tag_id = IdField(required=False)
    channel_id = IdField(required=False)
    channel_type = serializers.ChoiceField(choices=ChannelType.choices, required=False)
    priority = serializers.ChoiceField(choices=[each.name.lower() for each in Priority], required=False)
    snoozed = YesOrNo()
    handed_over = YesOrNo(help_text="It waits for a person.")
    not_sent = YesOrNo(help_text="A message there did not reach the customer, and nobody has dealt with that.")
    unread = YesOrNo(help_text="By the calling agent.")
    mentioned = YesOrNo(help_text="A note asks for the calling agent.")
    followed = YesOrNo(help_text="By the calling agent.")
    spam = serializers.BooleanField(default=False, help_text="What was marked as spam, which is left out otherwise.")
    list = Text(
        required=False,
        max_length=100,
        help_text="A list of the inbox by its name (`GET /conversations/lists`); the others narrow it further.",
    )
    view = IdField(required=False, help_text="A saved view; the others narrow it further.")
    sort = serializers.ChoiceField(
        choices=Sort.choices,
        required=False,
        help_text="Else as the view has it, or by the newest change; of the list `mentions` by the newest note.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "list" in attrs and "view" in attrs:
            raise serializers.ValidationError(_("Give `list` or `view`."), code="value_error")
        return attrs

    def listing(self, user: User) -> Listing | None:
        """Raises Invalid, Unprocessable."""
        if view_id := self.validated_data.get("view"):
            view = view_for(user, view_id)
            if view is None:
                raise Invalid(_("There is no such view."))
            return view_listing(view)
        if name := self.validated_data.get("list"):
            listing = listing_called(name, user)
            if listing is None:
                raise Unprocessable(_("There is no such list."), field="list", source="query")
            return listing
        return None

    def asked(self) -> Asked:
        """As fields of a view's filter."""
        given = [(field, self.validated_data.get(name)) for name, field in FIELD_OF.items()]
        if self.validated_data["unassigned"]:
            given.append(("assignee", NOBODY))
        return tuple((field, value) for field, value in given if value is not None)


class InboxListOutput(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="For `?list=`.")
    title = serializers.CharField(help_text="In the caller's language, or as your team calls it.")
    group = serializers.ChoiceField(choices=["inbox", "views", "teams", "tags", "channels"])
    count = serializers.IntegerField(help_text="Of its conversations, counted up to 99.")
    has_more = serializers.BooleanField(help_text="There may be further ones.")
    unread = serializers.IntegerField(help_text="By the calling agent, among the 200 open ones that changed last.")


class InboxListsOutput(serializers.Serializer[Any]):
    results = InboxListOutput(many=True)
    next = serializers.CharField(allow_null=True)


class Lists(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List the inbox's lists with how much is in them",
        responses={200: InboxListsOutput, **refusals(400, *SIGNED_IN)},
    )
    def get(self, request: Request) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        results = [
            {
                "name": entry.listing.name,
                "title": str(entry.listing.title),
                "group": group.name,
                "count": entry.count,
                "has_more": entry.more,
                "unread": entry.unread,
            }
            for group in sidebar.groups_of(request.user)
            for entry in group.entries
        ]
        return Response({"results": results, "next": None})
