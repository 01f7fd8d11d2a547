from django.urls import path

from conversations.api import assigning, bulk, feed, handoffs, notes, rating, saved_views, search, tags, uploads, views

urlpatterns = [
    path("conversations/", views.Conversations.as_view()),
    path("conversations/bulk", bulk.Bulk.as_view()),
    path("conversations/<str:conversation_id>", views.OneConversation.as_view()),
    path("conversations/<str:conversation_id>/messages", views.Messages.as_view()),
    path("conversations/<str:conversation_id>/upload", uploads.Upload.as_view()),
    path("conversations/<str:conversation_id>/rating", rating.ConversationRating.as_view()),
    path("conversations/<str:conversation_id>/read", views.Read.as_view()),
    path("conversations/<str:conversation_id>/resolve", views.Resolve.as_view()),
    path("conversations/<str:conversation_id>/close", views.Close.as_view()),
    path("conversations/<str:conversation_id>/assign/<str:agent_id>", assigning.Assign.as_view()),
    path("conversations/<str:conversation_id>/claim", assigning.Claim.as_view()),
    path("conversations/<str:conversation_id>/notes", notes.Notes.as_view()),
    path("conversations/<str:conversation_id>/notes/<str:note_id>", notes.OneNote.as_view()),
    path("conversations/<str:conversation_id>/tags", tags.ConversationTags.as_view()),
    path("tags", tags.Tags.as_view()),
    path("tags/<str:tag_id>", tags.OneTag.as_view()),
    path("feed", feed.Feed.as_view()),
    path("views", saved_views.Views.as_view()),
    path("views/<str:view_id>", saved_views.OneView.as_view()),
    path("search", search.Search.as_view()),
    path("team/assign/<str:conversation_id>", assigning.TeamAssign.as_view()),
    path("team/pending-handoffs", handoffs.PendingHandoffs.as_view()),
]
