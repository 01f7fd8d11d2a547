from django.urls import path

from reports.api import views

urlpatterns = [
    path("analytics/overview", views.OverviewFigures.as_view()),
]
