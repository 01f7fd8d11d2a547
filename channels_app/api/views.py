"""Channels over REST: parse, call one service, render."""

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from channels_app.api.serializers import ChannelChange, ChannelInput, ChannelOutput
from channels_app.models import Channel
from channels_app.services import create_channel, delete_channel, update_channel
from channels_app.wire import channel_payload
from foundation.api import SIGNED_IN, WITH_BODY, Done, path_id, refusals


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
        responses={201: ChannelOutput, **refusals(400, *SIGNED_IN, 402, 403, *WITH_BODY)},
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
        responses={200: ChannelOutput, **refusals(400, *SIGNED_IN, 402, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, channel_id: str) -> Response:
        channel = _managed(request, channel_id)
        data = ChannelChange(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(channel_payload(update_channel(actor=request.user, channel=channel, **data.validated_data)))

    @extend_schema(
        summary="Delete a channel; its conversations stay",
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, channel_id: str) -> Response:
        delete_channel(actor=request.user, channel=_managed(request, channel_id))
        return Response({"message": _("Channel deleted")})


def _managed(request: Request, text: str) -> Channel:
    """One of the caller's own; unknown and foreign are alike."""
    require(request.user, Action.MANAGE_CHANNELS)
    channel = Channel.objects.visible_to(request.user).filter(pk=path_id(text)).first()
    if channel is None:
        raise Http404
    return channel
