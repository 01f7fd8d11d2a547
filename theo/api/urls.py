from django.urls import path

from theo.api import (
    articles,
    assistants,
    feedback,
    help_centre,
    helping,
    judging,
    playground,
    questions,
    replies,
    site_imports,
    usage,
)

urlpatterns = [
    path("kb/articles", articles.Articles.as_view()),
    path("kb/articles/<str:article_id>", articles.OneArticle.as_view()),
    path("kb/imports", site_imports.Imports.as_view()),
    path("kb/imports/<str:import_id>", site_imports.OneImport.as_view()),
    path("kb/articles/<str:article_id>/examples", questions.Examples.as_view()),
    path("kb/questions", questions.Questions.as_view()),
    path("kb/questions/<str:question_id>", questions.OneQuestion.as_view()),
    path("kb/usage", usage.Usage.as_view()),
    path("kb/reindex", articles.Reindex.as_view()),
    path("kb/help-centre", help_centre.HelpCentre.as_view()),
    path("widget/<str:widget_id>/articles", help_centre.PublicArticles.as_view()),
    path("widget/<str:widget_id>/articles/<str:article_id>", help_centre.PublicArticle.as_view()),
    path(
        "widget/<str:widget_id>/conversations/<str:conversation_id>/messages/<str:message_id>/feedback",
        feedback.Feedback.as_view(),
    ),
    path("ai/settings", assistants.Settings.as_view()),
    path("ai/settings/test", assistants.Test.as_view()),
    path("conversations/<str:conversation_id>/summary", helping.Summary.as_view()),
    path("conversations/<str:conversation_id>/rewrite", helping.Rewrite.as_view()),
    path("conversations/<str:conversation_id>/messages/<str:message_id>/wrong", judging.WrongAnswer.as_view()),
    path("ai/playground", playground.Playground.as_view()),
    path("ai/reply", replies.Reply.as_view()),
    path("conversations/<str:conversation_id>/suggestion", replies.Draft.as_view()),
]
