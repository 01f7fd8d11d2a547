"""The members of a workspace over REST: parse, call one service, render (contract/api.md 6)."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.members import add_member, change_role, leave, remove_member
from businesses.models import Membership, Role
from businesses.policy import Action, require
from businesses.scopes import Resource
from foundation.api import SIGNED_IN, WIRE_TIME, WITH_BODY, Done, PageQuery, Text, path_id, refusals


class MemberOutput(serializers.ModelSerializer[Membership]):
    """`id` is the membership's, for the paths of this section; `user_id` is what conversations are assigned to."""

    email = serializers.CharField(source="user.email")
    name = serializers.CharField(source="user.full_name")
    invited_at = serializers.DateTimeField(format=WIRE_TIME)

    class Meta:
        model = Membership
        fields = ["id", "user_id", "email", "name", "role", "status", "is_active", "invited_at"]


class InviteQuery(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    # Whatever is neither is the service's to refuse: 400 (contract/api.md 6).
    role = serializers.CharField(default=Role.AGENT, allow_blank=True, help_text="`agent` or `admin`")


class InviteOutput(serializers.Serializer[Any]):
    message = serializers.CharField()
    team_member_id = serializers.UUIDField()


class RoleInput(serializers.Serializer[Any]):
    role = Text(max_length=20, help_text="`agent` or `admin`")


class Members(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="List the members, the owner among them",
        parameters=[PageQuery],
        responses={200: MemberOutput(many=True), **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = PageQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        members = Membership.objects.visible_to(request.user).select_related("user").order_by("invited_at", "pk")
        return Response(MemberOutput(members[query.window()], many=True).data)


class Invite(APIView):
    resource = Resource.TEAM

    input_source = "query"

    @extend_schema(
        summary="Make somebody who has an account a member",
        parameters=[InviteQuery],
        request=None,
        responses={200: InviteOutput, **refusals(400, *SIGNED_IN, 402, 403, 404, 422, 429)},
    )
    def post(self, request: Request) -> Response:
        require(request.user, Action.MANAGE_TEAM)
        query = InviteQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        member = add_member(actor=request.user, **query.validated_data)
        who = {"role": Role(member.role).label, "email": member.user.email}
        return Response({"message": _("%(role)s %(email)s invited successfully") % who, "team_member_id": member.pk})


class OneMember(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="Make a member an agent or an admin",
        request=RoleInput,
        responses={200: MemberOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, member_id: str) -> Response:
        require(request.user, Action.MANAGE_TEAM)
        data = RoleInput(data=request.data)
        data.is_valid(raise_exception=True)
        member = change_role(actor=request.user, membership_id=path_id(member_id), **data.validated_data)
        return Response(MemberOutput(member).data)

    @extend_schema(
        summary="Remove a member: access ends at once, the account lives on",
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, member_id: str) -> Response:
        require(request.user, Action.MANAGE_TEAM)
        remove_member(actor=request.user, membership_id=path_id(member_id))
        return Response({"message": _("Member removed")})


class Leave(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="Leave the current workspace: one's access ends at once, the account lives on",
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403)},
    )
    def post(self, request: Request) -> Response:
        leave(actor=request.user)
        return Response({"message": _("You left the workspace.")})
