from django.urls import path

from channels_app.hooks import hook

urlpatterns = [
    # Mailgun hands over whole mails where the address ends so.
    path("webhooks/email/mime", hook, {"channel_type": "email"}, name="webhook-of-mailgun"),
    path("webhooks/<slug:channel_type>", hook, name="webhook"),
    path("webhooks/<slug:channel_type>/<uuid:channel_id>", hook, name="webhook-of-channel"),
]
