"""Teams over REST: parse, call one service, render."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses import teams
from businesses.models import Team
from businesses.policy import Action, require
from businesses.scopes import Resource
from foundation.api import (
    SIGNED_IN,
    WIRE_TIME,
    WITH_BODY,
    CursorQuery,
    Done,
    IdField,
    Text,
    newest_page,
    path_id,
    refusals,
)

MAX_MEMBERS = 1000


class TeamOutput(serializers.ModelSerializer[Team]):
    """`member_ids` are the `id`s of /team/members."""

    member_ids = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(format=WIRE_TIME)

    class Meta:
        model = Team
        fields = ["id", "name", "member_ids", "created_at"]

    def get_member_ids(self, team: Team) -> list[str]:
        return sorted(str(member.pk) for member in team.members.all())


class TeamList(serializers.Serializer[Any]):
    results = TeamOutput(many=True)
    next = serializers.CharField(allow_null=True)


class TeamInput(serializers.Serializer[Any]):
    name = Text(max_length=200)
    member_ids = serializers.ListField(child=IdField(), max_length=MAX_MEMBERS, default=list)


class TeamChange(serializers.Serializer[Any]):
    name = Text(max_length=200, required=False)
    member_ids = serializers.ListField(child=IdField(), max_length=MAX_MEMBERS, required=False)


class Teams(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="List the teams, the last changed first",
        parameters=[CursorQuery],
        responses={200: TeamList, **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = Team.objects.visible_to(request.user).prefetch_related("members").order_by("-updated_at", "-id")
        page, cursor = newest_page(rows, cursor=query.validated_data.get("cursor"), limit=query.validated_data["limit"])
        return Response({"results": TeamOutput(page, many=True).data, "next": cursor})

    @extend_schema(
        summary="Make a team",
        request=TeamInput,
        responses={201: TeamOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        require(request.user, Action.MANAGE_TEAMS)
        data = TeamInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(TeamOutput(teams.create_team(actor=request.user, **data.validated_data)).data, status=201)


class OneTeam(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="Change a team",
        request=TeamChange,
        responses={200: TeamOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, team_id: str) -> Response:
        require(request.user, Action.MANAGE_TEAMS)
        data = TeamChange(data=request.data)
        data.is_valid(raise_exception=True)
        team = teams.update_team(actor=request.user, team_id=path_id(team_id), **data.validated_data)
        return Response(TeamOutput(team).data)

    @extend_schema(
        summary="Delete a team; its conversations stay",
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, team_id: str) -> Response:
        require(request.user, Action.MANAGE_TEAMS)
        teams.delete_team(actor=request.user, team_id=path_id(team_id))
        return Response({"message": _("Team deleted")})
