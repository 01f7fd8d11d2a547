"""Questions over REST: those that nobody could answer, and those that an article is known to answer."""

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
from foundation.api import SIGNED_IN, WITH_BODY, CursorQuery, Done, Text, newest_page, path_id, refusals
from theo.api.articles import article_for
from theo.learning import MAX_QUESTION, add_example, remove_examples
from theo.models import Article, Example, Unanswered
from theo.unanswered import dismiss


class QuestionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    question = serializers.CharField(help_text="Without what says who asked.")
    wordings = serializers.ListField(child=serializers.CharField(), help_text="Other ways in which it was asked.")
    count = serializers.IntegerField()
    conversation_id = serializers.UUIDField(allow_null=True, help_text="Where it was asked last.")
    last_at = serializers.DateTimeField()


class QuestionsOutput(serializers.Serializer[Any]):
    results = QuestionOutput(many=True)
    next = serializers.CharField(allow_null=True)


class Questions(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(
        summary="Questions that nobody could answer",
        parameters=[CursorQuery],
        responses={200: QuestionsOutput, **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        """Those of one meaning together, the newest first."""
        require(request.user, Action.WRITE_ARTICLES)
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        rows = Unanswered.objects.visible_to(request.user).filter(is_dismissed=False).defer("vector")
        page, following = newest_page(
            rows.order_by("-last_at", "-id"), cursor=given.get("cursor"), limit=given["limit"], by="last_at"
        )
        return Response({"results": [_question(group) for group in page], "next": following})


class OneQuestion(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(
        summary="Put a question out of sight",
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, question_id: str) -> Response:
        """It is not listed again when it is asked again."""
        require(request.user, Action.WRITE_ARTICLES)
        group = Unanswered.objects.visible_to(request.user).filter(pk=path_id(question_id)).first()
        if group is None:
            raise Http404
        dismiss(group)
        return Response({"message": "Out of sight"})


class ExampleInput(serializers.Serializer[Any]):
    question = Text(max_length=MAX_QUESTION)


class ExamplesOutput(serializers.Serializer[Any]):
    questions = serializers.ListField(child=serializers.CharField(), help_text="The newest first.")


class Examples(APIView):
    resource = Resource.KNOWLEDGE

    @extend_schema(
        summary="Questions that an article is known to answer",
        responses={200: ExamplesOutput, **refusals(400, *SIGNED_IN, 404)},
    )
    def get(self, request: Request, article_id: str) -> Response:
        return Response(_examples(article_for(request, article_id)))

    @extend_schema(
        summary="Add a question that the article answers",
        request=ExampleInput,
        responses={201: ExamplesOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def post(self, request: Request, article_id: str) -> Response:
        """Kept without what says who asked; the oldest makes room when there are twenty."""
        article = article_for(request, article_id)
        add_example(article=article, question=_asked(request))
        return Response(_examples(article), status=201)

    @extend_schema(
        summary="Take away a question of an article",
        request=ExampleInput,
        responses={200: ExamplesOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def delete(self, request: Request, article_id: str) -> Response:
        """The one with these words, if there is one."""
        article = article_for(request, article_id)
        remove_examples(article=article, question=_asked(request))
        return Response(_examples(article))


def _asked(request: Request) -> str:
    data = ExampleInput(data=request.data)
    data.is_valid(raise_exception=True)
    return str(data.validated_data["question"])


def _examples(article: Article) -> dict[str, list[str]]:
    rows = Example.objects.filter(article=article).order_by("-created_at", "-pk")
    return {"questions": list(rows.values_list("question", flat=True))}


def _question(group: Unanswered) -> dict[str, Any]:
    return {
        "id": str(group.pk),
        "question": group.question,
        "wordings": group.wordings,
        "count": group.count,
        "conversation_id": str(group.conversation_id) if group.conversation_id else None,
        "last_at": timestamp(group.last_at),
    }
