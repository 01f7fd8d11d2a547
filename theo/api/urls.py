from django.urls import path

from theo.api import articles, assistants, helping, replies

urlpatterns = [
    path("kb/articles", articles.Articles.as_view()),
    path("kb/articles/<str:article_id>", articles.OneArticle.as_view()),
    path("ai/settings", assistants.Settings.as_view()),
    path("ai/settings/test", assistants.Test.as_view()),
    path("conversations/<str:conversation_id>/summary", helping.Summary.as_view()),
    path("conversations/<str:conversation_id>/rewrite", helping.Rewrite.as_view()),
    path("ai/reply", replies.Reply.as_view()),
]
