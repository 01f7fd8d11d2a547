"""A widget's identity secrets over REST, for its owner; no API token makes one."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from conversations.wire import timestamp
from foundation.api import SIGNED_IN, Done, path_id, refusals
from widgets.identity import add_secret, remove_secret
from widgets.models import IdentitySecret, Widget


class IdentitySecretOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    ending = serializers.CharField(help_text="Its last characters.")
    created_at = serializers.DateTimeField()


class NewIdentitySecretOutput(IdentitySecretOutput):
    secret = serializers.CharField(help_text="Shown this once.")


class IdentitySecretsOutput(serializers.Serializer[Any]):
    results = IdentitySecretOutput(many=True)
    next = serializers.CharField(allow_null=True)


def _own_widget(request: Request, widget_id: str) -> Widget:
    require(request.user, Action.MANAGE_WIDGETS)
    widget = Widget.objects.visible_to(request.user).filter(pk=path_id(widget_id)).first()
    if widget is None:
        raise Http404
    return widget


def _shown(secret: IdentitySecret) -> dict[str, Any]:
    return {"id": str(secret.pk), "ending": secret.ending, "created_at": timestamp(secret.created_at)}


class IdentitySecrets(APIView):
    @extend_schema(
        summary="List a widget's identity secrets",
        responses={200: IdentitySecretsOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def get(self, request: Request, widget_id: str) -> Response:
        rows = _own_widget(request, widget_id).identity_secrets.all()
        return Response({"results": [_shown(row) for row in rows], "next": None})

    @extend_schema(
        summary="Make a further identity secret",
        description="It is shown this once. Two may be live, so that your server can change over.",
        request=None,
        responses={201: NewIdentitySecretOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def post(self, request: Request, widget_id: str) -> Response:
        row, plain = add_secret(actor=request.user, widget=_own_widget(request, widget_id))
        return Response({**_shown(row), "secret": plain}, status=201)


class OneIdentitySecret(APIView):
    @extend_schema(
        summary="Remove an identity secret",
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, widget_id: str, secret_id: str) -> Response:
        secret = _own_widget(request, widget_id).identity_secrets.filter(pk=path_id(secret_id)).first()
        if secret is None:
            raise Http404
        remove_secret(actor=request.user, secret=secret)
        return Response({"message": "Removed."})
