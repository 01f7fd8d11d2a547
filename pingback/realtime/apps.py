from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "pingback.realtime"
    label = "realtime"
