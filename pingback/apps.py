from django.apps import AppConfig


class PingbackConfig(AppConfig):
    name = "pingback"
    label = "pingback_house"

    def ready(self) -> None:
        from pingback import checks  # noqa: F401  registers them
        from pingback.api import schema  # noqa: F401  registers the security schemes
