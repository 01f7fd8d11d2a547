from django.urls import path

from channels_app.api import views

urlpatterns = [
    path("channels/", views.Channels.as_view()),
    path("channels/<str:channel_id>", views.OneChannel.as_view()),
]
