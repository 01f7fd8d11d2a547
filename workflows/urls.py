from django.urls import path

from workflows import app_pages, digest_pages, setting_pages, views

urlpatterns = [
    path("settings/notifications/", setting_pages.settings_page, name="settings-notifications"),
    path("settings/notifications/browsers/<uuid:subscription_id>/", setting_pages.one_browser, name="settings-browser"),
    path("service-worker.js", app_pages.service_worker, name="service-worker"),
    path("manifest.webmanifest", app_pages.manifest, name="manifest"),
    path("offline/", app_pages.offline, name="offline"),
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/no-mails/<str:token>/", digest_pages.stop, name="notification-mails-stop"),
    path("notifications/read/", views.read_all, name="notifications-read"),
    path("notifications/<uuid:notification_id>/", views.open_one, name="notification"),
]
