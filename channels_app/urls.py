from django.urls import path

from channels_app import first_pages, identity_pages, originals, reaction_pages, retry_pages, template_pages, views

urlpatterns = [
    path("inbox/new/", first_pages.write, name="conversation-new"),
    path("inbox/<uuid:conversation_id>/templates/", template_pages.templates, name="conversation-templates"),
    path(
        "inbox/<uuid:conversation_id>/messages/<uuid:message_id>/original/",
        originals.original,
        name="conversation-original",
    ),
    path(
        "inbox/<uuid:conversation_id>/messages/<uuid:message_id>/reaction/",
        reaction_pages.reaction,
        name="conversation-message-reaction",
    ),
    path(
        "inbox/<uuid:conversation_id>/messages/<uuid:message_id>/retry/",
        retry_pages.retry,
        name="conversation-message-retry",
    ),
    path(
        "customers/<uuid:customer_id>/identities/<uuid:identity_id>/separate/",
        identity_pages.take_apart,
        name="identity-separate",
    ),
    path("settings/channels/", views.channels, name="settings-channels"),
    path("settings/channels/<uuid:channel_id>/", views.channel, name="channel"),
    path("settings/channels/<uuid:channel_id>/active/", views.set_active, name="channel-active"),
    path("settings/channels/<uuid:channel_id>/test/", views.test, name="channel-test"),
    path("settings/channels/<uuid:channel_id>/pause/", views.pause, name="channel-pause"),
    path("settings/channels/<uuid:channel_id>/events/<uuid:raw_id>/replay/", views.replay, name="channel-replay"),
    path("settings/channels/<uuid:channel_id>/events/<uuid:raw_id>/came/", views.original, name="channel-came"),
    path("settings/channels/<uuid:channel_id>/events/<uuid:raw_id>/discard/", views.discard, name="channel-discard"),
    path("settings/channels/<uuid:channel_id>/delete/", views.remove, name="channel-delete"),
    path("settings/channels/<slug:channel_type>/", views.connect, name="channel-connect"),
]
