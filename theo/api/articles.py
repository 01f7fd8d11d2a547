"""The knowledge base over REST. Source: contract/api.md 9; design.md 10."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from foundation.api import SIGNED_IN, WITH_BODY, Done, PageQuery, Text, path_id, refusals
from theo import articles
from theo.indexing import index_anew
from theo.models import Article, ArticleStatus, IndexState
from theo.wire import article_payload


class ArticleInput(serializers.Serializer[Any]):
    title = Text(max_length=articles.MAX_TITLE)
    content = Text(max_length=articles.MAX_CONTENT, help_text="Markdown.")
    tags = serializers.ListField(child=Text(max_length=articles.MAX_TAG), default=list, max_length=articles.MOST_TAGS)
    status = serializers.ChoiceField(choices=ArticleStatus.choices, default=ArticleStatus.PUBLISHED)


class ArticleChange(serializers.Serializer[Any]):
    title = Text(max_length=articles.MAX_TITLE, required=False)
    content = Text(max_length=articles.MAX_CONTENT, required=False)
    tags = serializers.ListField(child=Text(max_length=articles.MAX_TAG), required=False, max_length=articles.MOST_TAGS)
    status = serializers.ChoiceField(choices=ArticleStatus.choices, required=False)


class ArticleOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    title = serializers.CharField()
    content = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    status = serializers.ChoiceField(
        choices=ArticleStatus.choices, help_text="Customers are never told anything out of a draft."
    )
    index_state = serializers.ChoiceField(choices=IndexState.choices)


class Articles(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(
        summary="List knowledge articles",
        parameters=[PageQuery],
        responses={200: ArticleOutput(many=True), **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        """Newest first: all of them, or those of one page where `page` or `limit` is given."""
        require(request.user, Action.WRITE_ARTICLES)
        query = PageQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = Article.objects.visible_to(request.user).order_by("-created_at", "-id")
        if query.initial_data.keys() & query.fields.keys():
            rows = rows[query.window()]
        return Response([article_payload(article) for article in rows])

    @extend_schema(
        summary="Write a knowledge article",
        request=ArticleInput,
        responses={201: ArticleOutput, **refusals(400, *SIGNED_IN, 402, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        membership = require(request.user, Action.WRITE_ARTICLES)
        data = ArticleInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        article = articles.create_article(
            business=membership.business,
            title=given["title"],
            content=given["content"],
            tags=given["tags"],
            status=ArticleStatus(given["status"]),
        )
        return Response(article_payload(article), status=201)


class OneArticle(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(summary="Get a knowledge article", responses={200: ArticleOutput, **refusals(400, *SIGNED_IN, 404)})
    def get(self, request: Request, article_id: str) -> Response:
        return Response(article_payload(article_for(request, article_id)))

    @extend_schema(
        summary="Change a knowledge article",
        request=ArticleChange,
        responses={200: ArticleOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, article_id: str) -> Response:
        article = article_for(request, article_id)
        data = ArticleChange(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        status = given.get("status")
        article = articles.change_article(
            article=article,
            title=given.get("title"),
            content=given.get("content"),
            tags=given.get("tags"),
            status=ArticleStatus(status) if status else None,
        )
        return Response(article_payload(article))

    @extend_schema(
        summary="Delete a knowledge article",
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, article_id: str) -> Response:
        """For good; the index knows it no more either."""
        articles.delete_article(article=article_for(request, article_id))
        return Response({"message": "Article deleted"})


class ReindexOutput(Done):
    count = serializers.IntegerField(help_text="How many articles are read again.")


class Reindex(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(
        summary="Let Theo read all articles again",
        request=None,
        responses={200: ReindexOutput, **refusals(400, *SIGNED_IN, 403)},
    )
    def post(self, request: Request) -> Response:
        """In the background; until then each is found by its words alone. `index_state` says how far it is."""
        business = require(request.user, Action.MANAGE_ASSISTANT).business
        count = index_anew(Article.objects.filter(business=business))
        return Response({"message": "Theo reads all articles again", "count": count})


def article_for(request: Request, text: str) -> Article:
    require(request.user, Action.WRITE_ARTICLES)
    article = Article.objects.visible_to(request.user).filter(pk=path_id(text)).first()
    if article is None:
        raise Http404
    return article
