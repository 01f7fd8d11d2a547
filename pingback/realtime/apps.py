from importlib import import_module

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "pingback.realtime"
    label = "realtime"

    def ready(self) -> None:
        import_module("pingback.realtime.changes")
