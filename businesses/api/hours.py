"""When the workspace answers, over REST."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.hours import opening, set_hours
from businesses.models import Business, ReplyTime
from businesses.policy import Action, require
from businesses.scopes import Resource
from foundation.api import SIGNED_IN, WIRE_TIME, WITH_BODY, Text, refusals

_SHAPE = (
    'By day, `{"monday": [["09:00", "12:30"], ["13:30", "24:00"]]}`; a day that is not named is closed; null: always.'
)


class _Spans(serializers.ListField):
    child = serializers.ListField(child=Text(max_length=5))


class HoursInput(serializers.Serializer[Any]):
    hours = serializers.DictField(child=_Spans(), allow_null=True, help_text=_SHAPE)
    reply_time = serializers.ChoiceField(choices=ReplyTime.choices)
    time_zone = Text(max_length=64, required=False, help_text="The workspace's from now on; left out, it stays.")


class HoursOutput(serializers.Serializer[Any]):
    time_zone = serializers.CharField()
    hours = serializers.DictField(child=_Spans(), allow_null=True, help_text=_SHAPE)
    reply_time = serializers.ChoiceField(choices=ReplyTime.choices)
    is_open = serializers.BooleanField()
    changes_at = serializers.DateTimeField(format=WIRE_TIME, allow_null=True, help_text="Until then it stays so.")


class BusinessHours(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="The business hours",
        responses={200: HoursOutput, **refusals(400, *SIGNED_IN)},
    )
    def get(self, request: Request) -> Response:
        return Response(_answer(require(request.user, Action.HANDLE_CONVERSATIONS).business))

    @extend_schema(
        summary="Set the business hours",
        request=HoursInput,
        responses={200: HoursOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def put(self, request: Request) -> Response:
        require(request.user, Action.MANAGE_WORKSPACE)
        data = HoursInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(_answer(set_hours(actor=request.user, **data.validated_data)))


def _answer(business: Business) -> dict[str, Any]:
    now = opening(business, at=timezone.now())
    return dict(
        HoursOutput(
            {
                "time_zone": business.time_zone,
                "hours": business.hours,
                "reply_time": business.reply_time,
                "is_open": now.is_open,
                "changes_at": now.changes_at,
            }
        ).data
    )
