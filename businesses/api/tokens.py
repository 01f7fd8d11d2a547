"""API tokens over REST, for people; a token makes no tokens."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.api_tokens import MARK, MAX_NAME, create_api_token, revoke_api_token, tokens_visible_to
from businesses.models import ApiToken
from businesses.policy import Action, require
from businesses.scopes import SCOPES
from foundation.api import SIGNED_IN, WIRE_TIME, WITH_BODY, CursorQuery, Done, Text, newest_page, refusals


class ApiTokenInput(serializers.Serializer[Any]):
    name = Text(max_length=MAX_NAME)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=50)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class ApiTokenOutput(serializers.ModelSerializer[ApiToken]):
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    prefix = serializers.SerializerMethodField(help_text="How the token begins.")
    expires_at = serializers.DateTimeField(format=WIRE_TIME, allow_null=True)
    last_used_at = serializers.DateTimeField(format=WIRE_TIME, allow_null=True)
    created_at = serializers.DateTimeField(format=WIRE_TIME)

    class Meta:
        model = ApiToken
        fields = ["id", "name", "scopes", "prefix", "expires_at", "last_used_at", "created_at"]

    def get_prefix(self, token: ApiToken) -> str:
        return f"{MARK}{token.prefix}"


class ApiTokenPage(serializers.Serializer[Any]):
    results = ApiTokenOutput(many=True)
    next = serializers.CharField(allow_null=True)


class NewApiTokenOutput(ApiTokenOutput):
    token = serializers.CharField(help_text="Shown this once.")

    class Meta(ApiTokenOutput.Meta):
        fields = [*ApiTokenOutput.Meta.fields, "token"]


class ApiTokens(APIView):
    @extend_schema(
        summary="List API tokens: one's own, the owner everybody's",
        parameters=[CursorQuery],
        responses={200: ApiTokenPage, **refusals(400, *SIGNED_IN, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        require(request.user, Action.USE_API_TOKENS)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows, following = newest_page(
            tokens_visible_to(request.user),
            cursor=query.validated_data.get("cursor"),
            limit=query.validated_data["limit"],
            by="created_at",
        )
        return Response({"results": ApiTokenOutput(rows, many=True).data, "next": following})

    @extend_schema(
        summary="Make an API token for the current workspace",
        description="It acts as you, with your role of the moment, within its scopes; it is shown this once.",
        request=ApiTokenInput,
        responses={201: NewApiTokenOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        require(request.user, Action.USE_API_TOKENS)
        data = ApiTokenInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        token, raw = create_api_token(
            actor=request.user,
            name=given["name"],
            scopes_wanted=given["scopes"],
            expires_at=given.get("expires_at"),
        )
        return Response({**ApiTokenOutput(token).data, "token": raw}, status=201)


class OneApiToken(APIView):
    @extend_schema(
        summary="Revoke an API token of one's own; the owner anybody's",
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, token_id: str) -> Response:
        require(request.user, Action.USE_API_TOKENS)
        revoke_api_token(actor=request.user, token_id=token_id)
        return Response({"message": _("API token revoked")})
