from django.urls import path

from theo.api import articles

urlpatterns = [
    path("kb/articles", articles.Articles.as_view()),
    path("kb/articles/<str:article_id>", articles.OneArticle.as_view()),
]
