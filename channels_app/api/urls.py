from django.urls import path

from channels_app.api import identities, limits, reacting, retrying, templates, views

urlpatterns = [
    path("conversations/<str:conversation_id>/messages/<str:message_id>/retry", retrying.Retry.as_view()),
    path("conversations/<str:conversation_id>/messages/<str:message_id>/reaction", reacting.Reaction.as_view()),
    path("conversations/<str:conversation_id>/limits", limits.ConversationLimits.as_view()),
    path("conversations/<str:conversation_id>/template", templates.SendTemplate.as_view()),
    path("channels/<str:channel_id>/templates", templates.Templates.as_view()),
    path("customers/<str:customer_id>/identities", identities.Identities.as_view()),
    path("customers/<str:customer_id>/identities/<str:identity_id>", identities.OneIdentity.as_view()),
    path("channels/", views.Channels.as_view()),
    path("channels/<str:channel_id>", views.OneChannel.as_view()),
    path("channels/<str:channel_id>/test", views.TestChannel.as_view()),
    path("channels/<str:channel_id>/events", views.FailedEvents.as_view()),
    path("channels/<str:channel_id>/events/<str:event_id>/replay", views.ReplayEvent.as_view()),
]
