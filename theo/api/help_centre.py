"""The help centre over REST: opened and closed by managers, read by every visitor's browser."""

from typing import Any

from django.conf import settings
from django.db.models.functions import Left
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.models import Business
from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.wire import timestamp
from foundation import throttles
from foundation.api import SIGNED_IN, WITH_BODY, CursorQuery, Text, newest_page, path_id, refusals
from theo import help_centre
from theo.markdown import plain, rendered
from widgets.api.views import Public

EXCERPT = 160
# Of an article, as Markdown: what so much of it says is long enough.
BEGINNING = 2_000
MOST_FOUND = 20


class HelpCentreInput(serializers.Serializer[Any]):
    is_open = serializers.BooleanField()


class HelpCentreOutput(serializers.Serializer[Any]):
    is_open = serializers.BooleanField(help_text="Whether everybody may read the published articles.")
    url = serializers.URLField(help_text="Where they are read.")


class HelpCentre(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(
        summary="Whether the help centre is open",
        responses={200: HelpCentreOutput, **refusals(400, *SIGNED_IN)},
    )
    def get(self, request: Request) -> Response:
        return Response(_payload(require(request.user, Action.WRITE_ARTICLES).business))

    @extend_schema(
        summary="Open or close the help centre",
        request=HelpCentreInput,
        responses={200: HelpCentreOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def patch(self, request: Request) -> Response:
        """While it is open, everybody may read the published articles, at its address and in the chat."""
        business = require(request.user, Action.MANAGE_ASSISTANT).business
        data = HelpCentreInput(data=request.data)
        data.is_valid(raise_exception=True)
        help_centre.set_open(actor=request.user, is_public=data.validated_data["is_open"])
        return Response(_payload(business))


class ArticleQuery(CursorQuery):
    q = Text(required=False, allow_blank=True, max_length=help_centre.MAX_QUERY)


class PublicArticleLine(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    excerpt = serializers.CharField(help_text="How it begins, as plain text.")


class PublicArticlesOutput(serializers.Serializer[Any]):
    results = PublicArticleLine(many=True)
    next = serializers.CharField(allow_null=True)


class PublicArticleOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    html = serializers.CharField(help_text="Of our own making: a few plain elements, no script, no picture.")
    updated_at = serializers.DateTimeField()


class PublicArticles(Public):
    @extend_schema(
        operation_id="widget_articles_list",
        summary="Articles of the help centre (public)",
        auth=[],
        parameters=[
            CursorQuery,
            OpenApiParameter("q", str, description="Words of a question: the likeliest twenty, on one page."),
        ],
        responses={200: PublicArticlesOutput, **refusals(404, 422, 429)},
    )
    def get(self, request: Request, widget_id: str) -> Response:
        """Newest change first. None while the help centre is closed."""
        query = ArticleQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        articles = help_centre.articles_of(self.widget(widget_id).business_id)
        articles = articles.annotate(beginning=Left("content", BEGINNING)).defer("content")
        if given.get("q"):
            throttles.count_address("HELP")
            most = min(MOST_FOUND, given["limit"])
            page, following = list(help_centre.found_by(articles, given["q"])[:most]), None
        else:
            page, following = newest_page(articles, cursor=given.get("cursor"), limit=given["limit"])
        return Response({"results": [_line(article) for article in page], "next": following})


class PublicArticle(Public):
    @extend_schema(
        summary="One article of the help centre (public)",
        auth=[],
        responses={200: PublicArticleOutput, **refusals(404)},
    )
    def get(self, request: Request, widget_id: str, article_id: str) -> Response:
        articles = help_centre.articles_of(self.widget(widget_id).business_id)
        article = articles.filter(pk=path_id(article_id)).first()
        if article is None:
            raise Http404
        return Response(
            {
                "id": str(article.pk),
                "title": article.title,
                "html": rendered(article.content),
                "updated_at": timestamp(article.updated_at),
            }
        )


def _payload(business: Business) -> dict[str, Any]:
    address = reverse("help-centre", args=[business.pk])
    return {"is_open": help_centre.is_open(business.pk), "url": settings.PUBLIC_BASE_URL + address}


def _line(article: Any) -> dict[str, str]:
    return {"id": str(article.pk), "title": article.title, "excerpt": plain(article.beginning)[:EXCERPT]}
