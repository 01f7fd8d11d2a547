"""Tags over REST."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.api.views import conversation_for
from conversations.models import Tag, TagColor
from conversations.services import tags
from conversations.wire import tag_payload
from foundation.api import SIGNED_IN, WITH_BODY, CursorQuery, Done, IdField, Text, newest_page, path_id, refusals
from foundation.errors import Invalid


class TagInput(serializers.Serializer[Any]):
    name = Text(max_length=tags.MAX_NAME)
    color = serializers.ChoiceField(choices=TagColor.choices, required=False)


class TagChange(serializers.Serializer[Any]):
    name = Text(max_length=tags.MAX_NAME, required=False)
    color = serializers.ChoiceField(choices=TagColor.choices, required=False)


class MergeInput(serializers.Serializer[Any]):
    other_id = IdField(help_text="The tag that goes.")


class TagOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    color = serializers.ChoiceField(choices=TagColor.choices, help_text="A hue; each theme has its own for it.")


class TagList(serializers.Serializer[Any]):
    results = TagOutput(many=True)
    next = serializers.CharField(allow_null=True)


class TagsInput(serializers.Serializer[Any]):
    tags = serializers.ListField(
        child=Text(max_length=tags.MAX_NAME),
        max_length=tags.MOST_ON_ONE,
        help_text="Names, whatever their case; a new one becomes a tag.",
    )


class TagsOutput(serializers.Serializer[Any]):
    tags = TagOutput(many=True)


def tag_for(request: Request, text: str) -> Tag:
    require(request.user, Action.HANDLE_CONVERSATIONS)
    tag = Tag.objects.visible_to(request.user).filter(pk=path_id(text)).first()
    if tag is None:
        raise Http404
    return tag


class Tags(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List tags", parameters=[CursorQuery], responses={200: TagList, **refusals(400, *SIGNED_IN, 422)}
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = Tag.objects.visible_to(request.user).order_by("-created_at", "-id")
        cursor, limit = query.validated_data.get("cursor"), query.validated_data["limit"]
        page, following = newest_page(rows, cursor=cursor, limit=limit, by="created_at")
        return Response({"results": [tag_payload(tag) for tag in page], "next": following})

    @extend_schema(
        summary="Make a tag",
        request=TagInput,
        responses={201: TagOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        """A second one of that name: 400. Without `color` it gets one."""
        membership = require(request.user, Action.HANDLE_CONVERSATIONS)
        data = TagInput(data=request.data)
        data.is_valid(raise_exception=True)
        color = data.validated_data.get("color")
        tag = tags.create_tag(
            business=membership.business,
            name=data.validated_data["name"],
            color=TagColor(color) if color else None,
            actor=request.user,
        )
        return Response(tag_payload(tag), status=201)


class OneTag(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Rename or recolour a tag",
        request=TagChange,
        responses={200: TagOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, tag_id: str) -> Response:
        tag = tag_for(request, tag_id)
        data = TagChange(data=request.data)
        data.is_valid(raise_exception=True)
        color = data.validated_data.get("color")
        tag = tags.change_tag(
            tag=tag,
            name=data.validated_data.get("name"),
            color=TagColor(color) if color else None,
            actor=request.user,
        )
        return Response(tag_payload(tag))

    @extend_schema(summary="Delete a tag", request=None, responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)})
    def delete(self, request: Request, tag_id: str) -> Response:
        """It is off every conversation, too."""
        tags.delete_tag(tag=tag_for(request, tag_id), actor=request.user)
        return Response({"message": "Tag deleted successfully"})


class MergeTag(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Merge another tag into this one",
        request=MergeInput,
        responses={200: TagOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def post(self, request: Request, tag_id: str) -> Response:
        """What has the other has this one from now on, and the other is gone."""
        into = tag_for(request, tag_id)
        data = MergeInput(data=request.data)
        data.is_valid(raise_exception=True)
        other = Tag.objects.visible_to(request.user).filter(pk=data.validated_data["other_id"]).first()
        if other is None:
            raise Invalid(_("There is no such tag."))
        return Response(tag_payload(tags.merge_tags(tag=other, into=into, actor=request.user)))


class ConversationTags(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Set a conversation's tags",
        request=TagsInput,
        responses={200: TagsOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def put(self, request: Request, conversation_id: str) -> Response:
        """The whole set."""
        conversation = conversation_for(request, conversation_id)
        data = TagsInput(data=request.data)
        data.is_valid(raise_exception=True)
        handled = tags.set_tags(conversation=conversation, names=data.validated_data["tags"], actor=request.user)
        return Response({"tags": [tag_payload(tag) for tag in handled.conversation.tags.all()]})
