from django.urls import path

from workflows.api import setting_views, views

urlpatterns = [
    path("notifications/settings", setting_views.Settings.as_view()),
    path("notifications/subscriptions", setting_views.Subscriptions.as_view()),
    path("notifications/subscriptions/<uuid:subscription_id>", setting_views.OneSubscription.as_view()),
    path("notifications/subscriptions/<uuid:subscription_id>/test", setting_views.SubscriptionTest.as_view()),
    path("notifications", views.Notifications.as_view()),
    path("notifications/read", views.NotificationsRead.as_view()),
]
