"""Every address of PingBack."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from accounts.views import operators_log_in
from pingback import health

api = [
    path("", include("accounts.api.urls")),
    path("", include("businesses.api.urls")),
    path("", include("conversations.api.urls")),
    path("", include("channels_app.api.urls")),
    path("", include("channels_app.api.hook_urls")),
    path("", include("widgets.api.urls")),
    path("", include("theo.api.urls")),
    path("", include("workflows.api.urls")),
    path("", include("reports.api.urls")),
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="docs.html"), name="docs"),
]

operators = [
    path(f"{settings.ADMIN_PATH}/login/", operators_log_in),
    path(f"{settings.ADMIN_PATH}/", admin.site.urls),
]

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/v1/", include(api)),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}icons/favicon.svg", permanent=False)),
    *(operators if settings.ADMIN_PATH else []),
    path("", include("widgets.embed_urls")),
    path("", include("accounts.urls")),
    path("", include("businesses.urls")),
    path("", include("conversations.urls")),
    path("", include("widgets.urls")),
    path("", include("channels_app.urls")),
    path("", include("theo.urls")),
    path("", include("workflows.urls")),
]

handler400 = "pingback.errors.bad_request"
handler403 = "pingback.errors.permission_denied"
handler404 = "pingback.errors.page_not_found"
handler500 = "pingback.errors.server_error"
