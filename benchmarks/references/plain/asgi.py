"""The features of PingBack's hot path as one writes them first: stock python-socketio, ORM, DRF."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.references.plain.settings"

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

import socketio

from benchmarks.references.plain.sockets import sio

application = socketio.ASGIApp(sio, django_application)
