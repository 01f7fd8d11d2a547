from django.urls import path

from channels_app.hooks import hook

urlpatterns = [
    path("webhooks/<slug:channel_type>", hook, name="webhook"),
    path("webhooks/<slug:channel_type>/<uuid:channel_id>", hook, name="webhook-of-channel"),
]
