"""Channels over REST: parse, call one service, render."""

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from channels_app import checking, intake
from channels_app.api.serializers import (
    ChannelChange,
    ChannelInput,
    ChannelOutput,
    EventList,
    HealthOutput,
)
from channels_app.models import Channel, RawState
from channels_app.services import create_channel, delete_channel, pause_channel, update_channel
from channels_app.wire import channel_payload
from conversations.wire import timestamp
from foundation.api import SIGNED_IN, WITH_BODY, CursorQuery, Done, newest_page, path_id, refusals


class Channels(APIView):
    resource = Resource.CHANNELS

    @extend_schema(
        summary="List channels, active or not",
        responses={200: ChannelOutput(many=True), **refusals(400, *SIGNED_IN)},
    )
    def get(self, request: Request) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        return Response([channel_payload(channel) for channel in Channel.objects.visible_to(request.user).in_order()])

    @extend_schema(
        summary="Connect a channel",
        request=ChannelInput,
        responses={201: ChannelOutput, **refusals(400, *SIGNED_IN, 402, 403, 409, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        require(request.user, Action.MANAGE_CHANNELS)
        data = ChannelInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(channel_payload(create_channel(actor=request.user, **data.validated_data)), status=201)


class OneChannel(APIView):
    resource = Resource.CHANNELS

    @extend_schema(
        summary="Change a channel",
        request=ChannelChange,
        responses={200: ChannelOutput, **refusals(400, *SIGNED_IN, 402, 403, 404, 409, *WITH_BODY)},
    )
    def patch(self, request: Request, channel_id: str) -> Response:
        channel = _managed(request, channel_id)
        data = ChannelChange(data=request.data)
        data.is_valid(raise_exception=True)
        changes = dict(data.validated_data)
        if (paused := changes.pop("paused", None)) is not None:
            pause_channel(actor=request.user, channel=channel, paused=paused)
        return Response(channel_payload(update_channel(actor=request.user, channel=channel, **changes)))

    @extend_schema(
        summary="Delete a channel; its conversations stay",
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, channel_id: str) -> Response:
        delete_channel(actor=request.user, channel=_managed(request, channel_id))
        return Response({"message": _("Channel deleted")})


class TestChannel(APIView):
    resource = Resource.CHANNELS

    @extend_schema(
        summary="Ask the provider whether a channel works",
        request=None,
        responses={200: HealthOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def post(self, request: Request, channel_id: str) -> Response:
        """Takes seconds. What does not work is connected anew. A provider that hangs is no longer waited for."""
        ok, detail = checking.test_in_time(_managed(request, channel_id))
        return Response({"ok": ok, "detail": detail})


class FailedEvents(APIView):
    resource = Resource.CHANNELS

    @extend_schema(
        summary="List what a channel could not take in",
        parameters=[CursorQuery],
        responses={200: EventList, **refusals(400, *SIGNED_IN, 404, 422)},
    )
    def get(self, request: Request, channel_id: str) -> Response:
        """The newest first, each kept as it came; without its words here, which may be anybody's."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        channel = Channel.objects.visible_to(request.user).filter(pk=path_id(channel_id)).first()
        if channel is None:
            raise Http404
        failed = channel.raw_events.filter(state=RawState.FAILED).order_by("-received_at", "-id")
        page, following = newest_page(failed, by="received_at", **{"cursor": None, **query.validated_data})
        rows = [{"id": str(raw.pk), "error": raw.last_error, "received_at": timestamp(raw.received_at)} for raw in page]
        return Response({"results": rows, "next": following})


class ReplayEvent(APIView):
    resource = Resource.CHANNELS

    @extend_schema(
        summary="Take in again what failed",
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def post(self, request: Request, channel_id: str, event_id: str) -> Response:
        raw = _managed(request, channel_id).raw_events.filter(pk=path_id(event_id)).first()
        if raw is None:
            raise Http404
        intake.replay(raw)
        return Response({"message": _("It is being taken in again.")})


def _managed(request: Request, text: str) -> Channel:
    """One of the caller's own; unknown and foreign are alike."""
    require(request.user, Action.MANAGE_CHANNELS)
    channel = Channel.objects.visible_to(request.user).filter(pk=path_id(text)).first()
    if channel is None:
        raise Http404
    return channel
