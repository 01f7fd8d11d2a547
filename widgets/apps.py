from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WidgetsConfig(AppConfig):
    name = "widgets"
    verbose_name = _("Widgets")

    def ready(self) -> None:
        """CORS is asked before any address is looked up; the worker does our chores."""
        from channels_app.chores import Chore, chores
        from widgets import uploads  # noqa: F401
        from widgets.away import every, mail_waiting

        chores.append(Chore(name="Answers to visitors who have left", every=every, work=mail_waiting))
