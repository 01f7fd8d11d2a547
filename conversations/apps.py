from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from conversations.services import leaving, sightings  # noqa: F401  they register themselves

        pre_migrate.connect(_pause_search, sender=self)
        post_migrate.connect(_keep_search, sender=self)


def _pause_search(**_signal: Any) -> None:
    from conversations.search import index

    index.pause()


def _keep_search(*, verbosity: int = 1, **_signal: Any) -> None:
    from conversations.search import index

    index.keep(tell=print if verbosity else lambda _line: None)
