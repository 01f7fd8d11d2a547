"""Message templates over REST."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from channels_app.message_templates import MAX_BLANK, send_template, templates_of
from channels_app.models import Channel
from conversations.api.serializers import MessageOutput
from conversations.models import Conversation
from conversations.wire import for_member
from foundation.api import SIGNED_IN, WITH_BODY, path_id, refusals


class TemplateOutput(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField()
    language = serializers.CharField()
    body = serializers.CharField()
    blanks = serializers.IntegerField(help_text="{{1}}, {{2}} and so on in the body.")
    buttons = serializers.ListField(child=serializers.CharField(), help_text="The words on them.")
    refused = serializers.CharField(help_text="Why it cannot be sent from here; empty: it can.")


class TemplateInput(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField(max_length=512)
    language = serializers.CharField(max_length=20)
    blanks = serializers.ListField(child=serializers.CharField(max_length=MAX_BLANK), max_length=100, default=list)
    client_message_id = serializers.CharField(max_length=100, default="", allow_blank=True)


class Templates(APIView):
    resource = Resource.CHANNELS

    @extend_schema(
        summary="List a channel's message templates",
        responses={200: TemplateOutput(many=True), **refusals(400, *SIGNED_IN, 403, 404, 503)},
    )
    def get(self, request: Request, channel_id: str) -> Response:
        """Those that can be sent after the reply window, as the provider had them within ten minutes; else none."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        channel = Channel.objects.visible_to(request.user).filter(pk=path_id(channel_id)).first()
        if channel is None:
            raise Http404
        return Response([TemplateOutput(each).data for each in templates_of(channel)])


class SendTemplate(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Send a message template",
        request=TemplateInput,
        responses={201: MessageOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY, 503)},
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """404, too, for a template that the conversation's channel does not have."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        found = Conversation.objects.visible_to(request.user).select_related("channel")
        conversation = found.filter(pk=path_id(conversation_id)).first()
        if conversation is None:
            raise Http404
        data = TemplateInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = dict(data.validated_data)
        key = given.pop("client_message_id")
        posted = send_template(conversation=conversation, author=request.user, key=key, **given)
        return Response(for_member(posted.message), status=201)
