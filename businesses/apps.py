from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BusinessesConfig(AppConfig):
    name = "businesses"
    verbose_name = _("Workspaces")

    def ready(self) -> None:
        from businesses import audit  # noqa: F401  listens to what happens to accounts
