from django.urls import path

from widgets import embed

urlpatterns = [
    path("widget.js", embed.loader, name="loader"),
    path("widget/panel.js", embed.panel, name="panel"),
    path("widget/preview/frame", embed.preview_frame, name="preview-frame"),
    path("widget/<uuid:widget_id>/frame", embed.frame, name="frame"),
]
