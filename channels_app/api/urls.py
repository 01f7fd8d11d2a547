from django.urls import path

from channels_app.api import retrying, views

urlpatterns = [
    path("conversations/<str:conversation_id>/messages/<str:message_id>/retry", retrying.Retry.as_view()),
    path("channels/", views.Channels.as_view()),
    path("channels/<str:channel_id>", views.OneChannel.as_view()),
]
