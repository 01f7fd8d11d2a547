from django.urls import path

from channels_app import views

urlpatterns = [
    path("settings/channels/", views.channels, name="settings-channels"),
    path("settings/channels/<uuid:channel_id>/", views.channel, name="channel"),
    path("settings/channels/<uuid:channel_id>/active/", views.set_active, name="channel-active"),
    path("settings/channels/<uuid:channel_id>/delete/", views.remove, name="channel-delete"),
    path("settings/channels/<slug:channel_type>/", views.connect, name="channel-connect"),
]
