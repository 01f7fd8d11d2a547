"""The one application: limits, then Socket.IO, then Django; with the worker in the same process."""

import os
import threading

import django
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingback.settings")
django.setup(set_prefix=False)

import socketio  # noqa: E402  after django.setup()
from channels_app import worker  # noqa: E402
from django.conf import settings  # noqa: E402

from pingback.limits import Limits  # noqa: E402
from pingback.realtime import server  # noqa: E402

_stop = threading.Event()
_worker: threading.Thread | None = None


async def startup() -> None:
    """Also under any other ASGI server: one process is a whole PingBack."""
    global _worker
    _stop.clear()
    await server.startup()
    if settings.WORKER_IN_PROCESS:
        _worker = threading.Thread(target=worker.run_forever, args=(_stop,), name="worker", daemon=True)
        _worker.start()


async def shutdown() -> None:
    _stop.set()
    await server.shutdown()
    if _worker:
        _worker.join(10)


application = Limits(
    socketio.ASGIApp(
        server.sio,
        other_asgi_app=ProtocolTypeRouter({"http": get_asgi_application()}),
        on_startup=startup,
        on_shutdown=shutdown,
    )
)
