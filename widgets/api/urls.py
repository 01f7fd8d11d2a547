from django.urls import path

from widgets.api import uploads, views

urlpatterns = [
    path("widget/create", views.CreateWidget.as_view()),
    path("widget/update/<str:widget_id>", views.UpdateWidget.as_view()),
    path("widget/<str:widget_id>", views.PublicWidget.as_view()),
    path("widget/<str:widget_id>/availability", views.PublicAvailability.as_view()),
    path("widget/<str:widget_id>/channels", views.PublicChannels.as_view()),
    path("widget/<str:widget_id>/upload", uploads.VisitorUpload.as_view()),
    path("widget/<str:widget_id>/conversations", views.VisitorConversations.as_view()),
]
