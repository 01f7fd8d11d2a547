from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WidgetsConfig(AppConfig):
    name = "widgets"
    verbose_name = _("Widgets")

    def ready(self) -> None:
        """CORS is asked before any address is looked up."""
        from widgets import uploads  # noqa: F401
