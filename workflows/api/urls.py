from django.urls import path

from workflows.api import views

urlpatterns = [
    path("notifications", views.Notifications.as_view()),
    path("notifications/read", views.NotificationsRead.as_view()),
]
