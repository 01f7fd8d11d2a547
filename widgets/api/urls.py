from django.urls import path

from widgets.api import secrets, uploads, views, visitors

urlpatterns = [
    path("widget/create", views.CreateWidget.as_view()),
    path("widget/update/<str:widget_id>", views.UpdateWidget.as_view()),
    path("widget/delete/<str:widget_id>", views.DeleteWidget.as_view()),
    path("widget/<str:widget_id>", views.PublicWidget.as_view()),
    path("widget/<str:widget_id>/availability", views.PublicAvailability.as_view()),
    path("widget/<str:widget_id>/channels", views.PublicChannels.as_view()),
    path("widget/<str:widget_id>/upload", uploads.VisitorUpload.as_view()),
    path("widget/<str:widget_id>/conversations", views.VisitorConversations.as_view()),
    path("widget/<str:widget_id>/identity-secrets", secrets.IdentitySecrets.as_view()),
    path("widget/<str:widget_id>/identity-secrets/<str:secret_id>", secrets.OneIdentitySecret.as_view()),
    path("widget/<str:widget_id>/conversations/<str:conversation_id>/rating", visitors.VisitorRating.as_view()),
    path("widget/<str:widget_id>/conversations/<str:conversation_id>/transcript", visitors.VisitorTranscript.as_view()),
]
