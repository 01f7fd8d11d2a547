"""Invitations by mail over REST (design.md 10)."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses import invitations
from businesses.api.serializers import SessionOutput, session_envelope
from businesses.models import Invitation, Role
from businesses.policy import Action, require
from businesses.scopes import Resource
from foundation.api import SIGNED_IN, WIRE_TIME, WITH_BODY, CursorQuery, Done, Text, newest_page, path_id, refusals


class InvitationOutput(serializers.ModelSerializer[Invitation]):
    expires_at = serializers.DateTimeField(format=WIRE_TIME)
    created_at = serializers.DateTimeField(format=WIRE_TIME)

    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "expires_at", "created_at"]


class InvitationList(serializers.Serializer[Any]):
    results = InvitationOutput(many=True)
    next = serializers.CharField(allow_null=True)


class InvitationInput(serializers.Serializer[Any]):
    email = Text(max_length=254)
    role = Text(max_length=20, default=Role.AGENT, help_text="`agent` or `admin`")


class AcceptInput(serializers.Serializer[Any]):
    token = Text(max_length=200, help_text="From the link that was mailed")


class Invitations(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="List the invitations that are under way, the last sent first",
        parameters=[CursorQuery],
        responses={200: InvitationList, **refusals(400, *SIGNED_IN, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        require(request.user, Action.MANAGE_TEAM)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = Invitation.objects.visible_to(request.user).order_by("-updated_at", "-id")
        page, cursor = newest_page(rows, cursor=query.validated_data.get("cursor"), limit=query.validated_data["limit"])
        return Response({"results": InvitationOutput(page, many=True).data, "next": cursor})

    @extend_schema(
        summary="Invite an address by mail, with an account or without",
        request=InvitationInput,
        responses={201: InvitationOutput, **refusals(400, *SIGNED_IN, 402, 403, *WITH_BODY, 429)},
    )
    def post(self, request: Request) -> Response:
        require(request.user, Action.MANAGE_TEAM)
        data = InvitationInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(
            InvitationOutput(invitations.invite(actor=request.user, **data.validated_data)).data, status=201
        )


class OneInvitation(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="Withdraw an invitation",
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, invitation_id: str) -> Response:
        require(request.user, Action.MANAGE_TEAM)
        invitations.withdraw(actor=request.user, invitation_id=path_id(invitation_id))
        return Response({"message": _("Invitation withdrawn")})


class Resend(APIView):
    resource = Resource.TEAM

    @extend_schema(
        summary="Mail a new link; the one before is dead",
        request=None,
        responses={200: InvitationOutput, **refusals(400, *SIGNED_IN, 402, 403, 404, 429)},
    )
    def post(self, request: Request, invitation_id: str) -> Response:
        require(request.user, Action.MANAGE_TEAM)
        return Response(
            InvitationOutput(invitations.resend(actor=request.user, invitation_id=path_id(invitation_id))).data
        )


class Accept(APIView):
    unverified_may = True

    @extend_schema(
        summary="Accept an invitation and work there from now on",
        description="Signed in with the address that was invited; register first when there is no account yet.",
        request=AcceptInput,
        responses={200: SessionOutput, **refusals(400, *SIGNED_IN, 402, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        data = AcceptInput(data=request.data)
        data.is_valid(raise_exception=True)
        membership = invitations.accept(user=request.user, **data.validated_data)
        return Response(session_envelope(request.user, membership))
