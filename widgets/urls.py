from django.urls import path

from widgets import setting_pages, views

urlpatterns = [
    path("onboarding", views.onboarding, name="onboarding"),
    path("settings/widget/", views.widgets, name="settings-widget"),
    path("settings/widget/new/", views.new_widget, name="widget-new"),
    path("settings/widget/<uuid:widget_id>/", views.widget, name="widget"),
    path("settings/widget/<uuid:widget_id>/delete/", views.remove_widget, name="widget-delete"),
    path("settings/widget/preview/", setting_pages.preview, name="widget-preview"),
    path("settings/widget/<uuid:widget_id>/try/", setting_pages.try_out, name="widget-try"),
    path("settings/widget/<uuid:widget_id>/install/", setting_pages.install, name="widget-install"),
    path("settings/widget/<uuid:widget_id>/identity/", setting_pages.identity, name="widget-identity"),
    path("settings/widget/<uuid:widget_id>/commands/", setting_pages.commands, name="widget-commands"),
    path("demo/", views.demo_shop, name="demo"),
]
