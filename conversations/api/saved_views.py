"""Saved views over REST."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.saved_views import services
from conversations.saved_views.models import SavedView
from conversations.sorting import Sort
from conversations.wire import timestamp
from foundation.api import SIGNED_IN, WITH_BODY, CursorQuery, Done, Text, newest_page, path_id, refusals


class ViewInput(serializers.Serializer[Any]):
    name = Text(max_length=200)
    shared = serializers.BooleanField(default=False)
    filter = serializers.JSONField(
        help_text='`{"all" or "any": [{"field", "op", "value"} or one nested group]}`; docs/views.md lists the fields.'
    )
    sort = serializers.ChoiceField(choices=Sort.choices, default=Sort.NEWEST)


class ViewChange(serializers.Serializer[Any]):
    name = Text(max_length=200, required=False)
    shared = serializers.BooleanField(required=False)
    filter = serializers.JSONField(required=False)
    sort = serializers.ChoiceField(choices=Sort.choices, required=False)


class ViewOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    shared = serializers.BooleanField()
    filter = serializers.JSONField()
    sort = serializers.ChoiceField(choices=Sort.choices)
    count = serializers.IntegerField(help_text="Of its conversations, counted up to 99.")
    has_more = serializers.BooleanField(help_text="There may be further ones: of many only the newest are looked at.")
    owner_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()


class ViewList(serializers.Serializer[Any]):
    results = ViewOutput(many=True)
    next = serializers.CharField(allow_null=True)


def payload(view: SavedView, count: services.Count) -> dict[str, Any]:
    return {
        "id": str(view.pk),
        "name": view.name,
        "shared": view.shared,
        "filter": view.filter,
        "sort": view.sort,
        "count": count.number,
        "has_more": count.more,
        "owner_id": str(view.owner_id),
        "created_at": timestamp(view.created_at),
    }


class Views(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List one's own and the shared views",
        parameters=[CursorQuery],
        responses={200: ViewList, **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = SavedView.objects.visible_to(request.user).order_by("-updated_at", "-id")
        page, cursor = newest_page(rows, cursor=query.validated_data.get("cursor"), limit=query.validated_data["limit"])
        counts = services.counts(request.user, [view.filter for view in page])
        results = [payload(view, count) for view, count in zip(page, counts, strict=True)]
        return Response({"results": results, "next": cursor})

    @extend_schema(
        summary="Save a view",
        request=ViewInput,
        responses={201: ViewOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        data = ViewInput(data=request.data)
        data.is_valid(raise_exception=True)
        return _answer(request, services.create_view(actor=request.user, **data.validated_data), status=201)


class OneView(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Change a view",
        request=ViewChange,
        responses={200: ViewOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, view_id: str) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        data = ViewChange(data=request.data)
        data.is_valid(raise_exception=True)
        return _answer(
            request, services.update_view(actor=request.user, view_id=path_id(view_id), **data.validated_data)
        )

    @extend_schema(
        summary="Delete a view; its conversations stay",
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, view_id: str) -> Response:
        services.delete_view(actor=request.user, view_id=path_id(view_id))
        return Response({"message": _("View deleted")})


def _answer(request: Request, view: SavedView, *, status: int = 200) -> Response:
    (count,) = services.counts(request.user, [view.filter])
    return Response(payload(view, count), status=status)
