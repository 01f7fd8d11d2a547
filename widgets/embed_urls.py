from django.urls import path

from widgets import embed, link_pages

urlpatterns = [
    path("widget.js", embed.loader, name="loader"),
    path("widget/panel.js", embed.part, {"name": "panel"}, name="panel"),
    path("widget/greeting.js", embed.part, {"name": "greeting"}, name="greeting"),
    path("widget/preview/frame", embed.preview_frame, name="preview-frame"),
    path("widget/<uuid:widget_id>/frame", embed.frame, name="frame"),
    path("chat/<str:token>/", link_pages.chat, name="chat-link"),
    path("chat/<str:token>/stop/", link_pages.stop, name="chat-stop"),
]
