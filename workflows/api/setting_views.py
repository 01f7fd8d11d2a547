"""How one wants to be told, over REST."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from conversations.wire import timestamp
from foundation.api import SIGNED_IN, WITH_BODY, refusals
from workflows import telling
from workflows.models import NotificationKind, NotificationSetting, PushSubscription
from workflows.push import is_taken, public_key, send_test


def _kinds() -> serializers.ListField:
    child = serializers.ChoiceField(choices=NotificationKind.choices)
    return serializers.ListField(child=child, max_length=len(NotificationKind), required=False)


class SettingInput(serializers.Serializer[Any]):
    """Nothing rings or is pushed from `quiet_from` until `quiet_until`, by the clock of `time_zone`.

    Kinds that are not told: `not_shown` at the bell, `not_rung` with a sound and on the desktop, `not_pushed` to
    browsers, `not_mailed` in the mail that comes `mail_after` minutes (null: never) if you are not here.
    """

    not_shown = _kinds()
    not_rung = _kinds()
    not_pushed = _kinds()
    not_mailed = _kinds()
    mail_after = serializers.IntegerField(
        min_value=telling.MAIL_AFTER.start, max_value=telling.MAIL_AFTER.stop - 1, allow_null=True, required=False
    )
    quiet_from = serializers.TimeField(format="%H:%M", allow_null=True, required=False)
    quiet_until = serializers.TimeField(format="%H:%M", allow_null=True, required=False)
    time_zone = serializers.CharField(max_length=64, required=False)


class SettingOutput(SettingInput):
    """`public_key`: the applicationServerKey that a browser subscribes with."""

    public_key = serializers.SerializerMethodField()

    def get_public_key(self, _setting: NotificationSetting) -> str:
        return public_key()


class KeysInput(serializers.Serializer[Any]):
    p256dh = serializers.CharField(max_length=100)
    auth = serializers.CharField(max_length=40)


class SubscriptionInput(serializers.Serializer[Any]):
    """As a browser's PushSubscription says it."""

    endpoint = serializers.CharField(max_length=1000)
    keys = KeysInput()


class SubscriptionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()


class BrowserOutput(SubscriptionOutput):
    browser = serializers.CharField(help_text="As it calls itself.")
    created_at = serializers.DateTimeField()
    last_status = serializers.IntegerField(
        allow_null=True, help_text="What its push service answered last, 0: nothing. Null: nothing was sent there yet."
    )
    last_at = serializers.DateTimeField(allow_null=True)


class BrowserList(serializers.Serializer[Any]):
    results = BrowserOutput(many=True)


class TestOutput(serializers.Serializer[Any]):
    taken = serializers.BooleanField()
    last_status = serializers.IntegerField()


class DoneOutput(serializers.Serializer[Any]):
    message = serializers.CharField()


class Settings(APIView):
    @extend_schema(summary="Get how you are told", responses={200: SettingOutput, **refusals(400, *SIGNED_IN)})
    def get(self, request: Request) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        return Response(SettingOutput(telling.setting_of(request.user)).data)

    @extend_schema(
        summary="Change how you are told",
        request=SettingInput,
        responses={200: SettingOutput, **refusals(400, *SIGNED_IN, *WITH_BODY)},
    )
    def patch(self, request: Request) -> Response:
        """It holds in all your workspaces."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        body = SettingInput(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(SettingOutput(telling.change_setting(user=request.user, **body.validated_data)).data)


class Subscriptions(APIView):
    @extend_schema(
        summary="List the browsers that are pushed to", responses={200: BrowserList, **refusals(400, *SIGNED_IN)}
    )
    def get(self, request: Request) -> Response:
        """Your own, the newest first."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        return Response({"results": [_payload(each) for each in telling.own_browsers(request.user)]})

    @extend_schema(
        summary="Push to this browser",
        request=SubscriptionInput,
        responses={201: SubscriptionOutput, **refusals(400, *SIGNED_IN, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        """For as long as this sign-in lasts. The same endpoint again replaces the one before."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        body = SubscriptionInput(data=request.data)
        body.is_valid(raise_exception=True)
        made = telling.subscribe(
            user=request.user,
            session=request.auth,
            endpoint=body.validated_data["endpoint"],
            **body.validated_data["keys"],
        )
        return Response({"id": str(made.pk)}, status=201)


class OneSubscription(APIView):
    @extend_schema(
        summary="Push to this browser no more", responses={200: DoneOutput, **refusals(400, *SIGNED_IN, 404)}
    )
    def delete(self, request: Request, subscription_id: UUID) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        telling.unsubscribe(user=request.user, subscription_id=subscription_id)
        return Response({"message": "Nothing is pushed to this browser."})


class SubscriptionTest(APIView):
    @extend_schema(
        summary="Push a test to a browser",
        request=None,
        responses={200: TestOutput, **refusals(400, *SIGNED_IN, 404, 429)},
    )
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """Sent at once. One that its push service does not know any more is forgotten."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        sent = send_test(telling.own_browser(request.user, subscription_id))
        return Response({"taken": is_taken(sent.last_status), "last_status": sent.last_status})


def _payload(browser: PushSubscription) -> dict[str, Any]:
    return {
        "id": str(browser.pk),
        "browser": browser.session.user_agent,
        "created_at": timestamp(browser.created_at),
        "last_status": browser.last_status,
        "last_at": timestamp(browser.last_at),
    }
