from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BusinessesConfig(AppConfig):
    name = "businesses"
    verbose_name = _("Workspaces")

    def ready(self) -> None:
        from businesses import api_tokens, audit  # noqa: F401  they listen: to removals, to what happens to accounts
