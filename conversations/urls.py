from django.urls import path
from django.views.generic import RedirectView

from conversations import bulk_pages, canned_pages, downloads, editing_pages, macro_pages, uploading, view_pages, views

urlpatterns = [
    path("files/<uuid:attachment_id>/thumb", downloads.thumbnail, name="file-thumbnail"),
    path("files/<uuid:attachment_id>/<str:filename>", downloads.download, name="file"),
    path("inbox", RedirectView.as_view(pattern_name="inbox")),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/rows/", views.rows, name="inbox-rows"),
    path("inbox/views/new/", view_pages.new_view, name="inbox-view-new"),
    path("inbox/views/count/", view_pages.count, name="inbox-view-count"),
    path("inbox/views/<uuid:view_id>/", view_pages.one_view, name="inbox-view"),
    path("inbox/views/<uuid:view_id>/delete/", view_pages.delete_view, name="inbox-view-delete"),
    path("inbox/selection/", bulk_pages.selection, name="inbox-selection"),
    path("inbox/people/", views.people, name="inbox-people"),
    path("inbox/<uuid:conversation_id>/", views.conversation, name="conversation"),
    path("inbox/<uuid:conversation_id>/messages/", views.thread_messages, name="conversation-messages"),
    path(
        "inbox/<uuid:conversation_id>/messages/<uuid:message_id>/",
        editing_pages.one_message,
        name="conversation-message",
    ),
    path("inbox/<uuid:conversation_id>/notes/<uuid:note_id>/", editing_pages.one_note, name="conversation-note"),
    path("inbox/<uuid:conversation_id>/take-back/", editing_pages.unschedule, name="conversation-take-back"),
    path("inbox/<uuid:conversation_id>/reply/", views.reply, name="conversation-reply"),
    path("inbox/<uuid:conversation_id>/upload/", uploading.upload, name="conversation-upload"),
    path(
        "inbox/<uuid:conversation_id>/upload/<uuid:attachment_id>/remove/",
        uploading.remove,
        name="conversation-upload-remove",
    ),
    path("inbox/<uuid:conversation_id>/status/", views.set_status, name="conversation-status"),
    path("inbox/<uuid:conversation_id>/assign/", views.assign, name="conversation-assign"),
    path("inbox/<uuid:conversation_id>/draft/", views.draft, name="conversation-draft"),
    path("inbox/<uuid:conversation_id>/replies/", canned_pages.offered, name="conversation-replies"),
    path("inbox/<uuid:conversation_id>/macro/", macro_pages.run, name="conversation-macro"),
    path("settings/macros/", macro_pages.kept, name="settings-macros"),
    path("settings/macros/<uuid:macro_id>/", macro_pages.one, name="settings-macro"),
    path("settings/macros/<uuid:macro_id>/delete/", macro_pages.delete, name="settings-macro-delete"),
    path("settings/replies/", canned_pages.replies, name="settings-replies"),
    path("settings/replies/<uuid:response_id>/", canned_pages.one_reply, name="settings-reply"),
    path("settings/replies/<uuid:response_id>/delete/", canned_pages.delete_reply, name="settings-reply-delete"),
    path("inbox/<uuid:conversation_id>/handle/", views.work, name="conversation-work"),
    path("inbox/<uuid:conversation_id>/read/", views.read, name="conversation-read"),
]
