"""What becomes of articles, over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from foundation.api import SIGNED_IN, refusals
from theo import usage
from theo.models import Article


class ArticleUse(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    taken = serializers.IntegerField(help_text="Answers of it that were sent or helped.")
    not_taken = serializers.IntegerField(help_text="Answers of it that were discarded, wrong, or followed by a person.")


class UsageOutput(serializers.Serializer[Any]):
    often_discarded = ArticleUse(many=True)
    never_used = ArticleUse(many=True, help_text="Published for 30 days, and never an answer.")


class Usage(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(
        summary="Articles that are often discarded, or never used",
        responses={200: UsageOutput, **refusals(400, *SIGNED_IN)},
    )
    def get(self, request: Request) -> Response:
        """At most fifty of each; of a year."""
        business_id = require(request.user, Action.WRITE_ARTICLES).business_id
        return Response(
            {
                "often_discarded": [_line(article) for article in usage.often_discarded(business_id)],
                "never_used": [_line(article) for article in usage.never_used(business_id)],
            }
        )


def _line(article: Article) -> dict[str, Any]:
    taken, not_taken = getattr(article, "taken", 0), getattr(article, "not_taken", 0)
    return {"id": str(article.pk), "title": article.title, "taken": taken, "not_taken": not_taken}
