"""The workspace and the session envelope (contract/api.md 3)."""

from typing import Any

from rest_framework import serializers

from accounts.api.serializers import UserOutput
from accounts.models import User
from businesses.models import Business, Membership, Role
from foundation.api import WIRE_TIME, Text


class CreateBusinessInput(serializers.Serializer[Any]):
    """`null` is taken for "not given"."""

    name = Text(max_length=200)
    website = Text(max_length=2048, required=False, allow_blank=True, allow_null=True)
    industry = Text(max_length=200, required=False, allow_blank=True, allow_null=True)
    team_size = Text(max_length=200, required=False, allow_blank=True, allow_null=True)
    goal = Text(max_length=200, required=False, allow_blank=True, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in attrs.items() if value is not None}


class BusinessOutput(serializers.ModelSerializer[Business]):
    website = serializers.CharField(allow_null=True)
    industry = serializers.CharField(allow_null=True)
    team_size = serializers.CharField(allow_null=True)
    goal = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField(format=WIRE_TIME)

    class Meta:
        model = Business
        fields = ["id", "name", "website", "industry", "team_size", "goal", "created_at"]

    def to_representation(self, instance: Business) -> dict[str, Any]:
        return {name: None if value == "" else value for name, value in super().to_representation(instance).items()}


class SessionOutput(serializers.Serializer[Any]):
    """The session envelope: who is calling, and in which workspace."""

    user = UserOutput()
    business = BusinessOutput(allow_null=True)
    onboarding_complete = serializers.BooleanField()
    team_role = serializers.ChoiceField(choices=Role.choices, allow_null=True)


def session_envelope(user: User, membership: Membership | None) -> dict[str, Any]:
    return {
        "user": UserOutput(user).data,
        "business": BusinessOutput(membership.business).data if membership else None,
        "onboarding_complete": membership is not None,
        "team_role": membership.role if membership else None,
    }
