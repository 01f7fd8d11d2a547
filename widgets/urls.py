from django.urls import path

from widgets import views

urlpatterns = [
    path("onboarding", views.onboarding, name="onboarding"),
    path("settings/widget/", views.widgets, name="settings-widget"),
    path("settings/widget/new/", views.new_widget, name="widget-new"),
    path("settings/widget/<uuid:widget_id>/", views.widget, name="widget"),
    path("demo/", views.demo_shop, name="demo"),
]
