"""Articles out of a workspace's own site, over REST."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.wire import timestamp
from foundation.api import SIGNED_IN, WITH_BODY, Done, Text, path_id, refusals
from theo.models import ArticleStatus, ImportState, SiteImport
from theo.site_imports import MAX_URL, begin_import, stop_import


class SiteImportInput(serializers.Serializer[Any]):
    url = Text(max_length=MAX_URL, help_text="Of a sitemap of your own website, or of a widget's domain.")
    status = serializers.ChoiceField(choices=ArticleStatus.choices, default=ArticleStatus.DRAFT)


class LeftOutput(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Of the page, or file and line.")
    detail = serializers.CharField(help_text="Why it is no article.")


class SiteImportOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.CharField(help_text="Of the sitemap, or the names of the files.")
    status = serializers.ChoiceField(choices=ArticleStatus.choices, help_text="Of articles that are new.")
    state = serializers.ChoiceField(choices=ImportState.choices)
    total = serializers.IntegerField(help_text="Pages that the sitemap names, 0 until it is read; articles of files.")
    done = serializers.IntegerField(help_text="Of these, how many were looked at.")
    taken = serializers.IntegerField(help_text="Of these, how many are articles now.")
    left = LeftOutput(many=True, help_text="The first that are none.")
    detail = serializers.CharField(allow_null=True, help_text="Why it failed.")
    created_at = serializers.DateTimeField()


class Imports(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(
        summary="List imports of articles",
        responses={200: SiteImportOutput(many=True), **refusals(400, *SIGNED_IN)},
    )
    def get(self, request: Request) -> Response:
        """The last ten, newest first."""
        require(request.user, Action.WRITE_ARTICLES)
        rows = SiteImport.objects.visible_to(request.user).order_by("-created_at", "-pk")
        return Response([_payload(one) for one in rows])

    @extend_schema(
        summary="Import articles from your site",
        request=SiteImportInput,
        responses={201: SiteImportOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY, 429)},
    )
    def post(self, request: Request) -> Response:
        """In the background, a page a second; GET says how far it is. The same page again brings its article up to
        date."""
        business = require(request.user, Action.WRITE_ARTICLES).business
        data = SiteImportInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        made = begin_import(business=business, url=given["url"], status=ArticleStatus(given["status"]))
        return Response(_payload(made), status=201)


class OneImport(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(summary="Get an import", responses={200: SiteImportOutput, **refusals(400, *SIGNED_IN, 404)})
    def get(self, request: Request, import_id: str) -> Response:
        return Response(_payload(_found(request, import_id)))

    @extend_schema(
        summary="Stop an import",
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, import_id: str) -> Response:
        """What is in stays."""
        stop_import(_found(request, import_id))
        return Response({"message": "Import stopped"})


def _found(request: Request, text: str) -> SiteImport:
    require(request.user, Action.WRITE_ARTICLES)
    one = SiteImport.objects.visible_to(request.user).filter(pk=path_id(text)).first()
    if one is None:
        raise Http404
    return one


def _payload(one: SiteImport) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "url": one.url,
        "status": one.status,
        "state": one.state,
        "total": one.total,
        "done": one.done,
        "taken": one.taken,
        "left": [{"url": url, "detail": why} for url, why in one.left],
        "detail": one.flaw or None,
        "created_at": timestamp(one.created_at),
    }
