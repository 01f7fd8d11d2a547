from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TheoConfig(AppConfig):
    name = "theo"
    verbose_name = _("Theo")
