from django.urls import path
from django.views.generic import RedirectView

from businesses import views

urlpatterns = [
    path("settings/", RedirectView.as_view(pattern_name="settings-workspace")),
    path("settings/workspace/", views.workspace, name="settings-workspace"),
]
