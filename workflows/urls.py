from django.urls import path

from workflows import views

urlpatterns = [
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/read/", views.read_all, name="notifications-read"),
    path("notifications/<uuid:notification_id>/", views.open_one, name="notification"),
]
