from django.urls import path

from conversations.api import views

urlpatterns = [
    path("conversations/", views.Conversations.as_view()),
    path("conversations/<str:conversation_id>", views.OneConversation.as_view()),
    path("conversations/<str:conversation_id>/messages", views.Messages.as_view()),
    path("conversations/<str:conversation_id>/read", views.Read.as_view()),
    path("conversations/<str:conversation_id>/resolve", views.Resolve.as_view()),
    path("conversations/<str:conversation_id>/close", views.Close.as_view()),
]
