"""The one application: answers that wait, limits, then Socket.IO, then Django or a short way past it.

With the worker in the same process.
"""

import asyncio
import gc
import logging
import os
import threading
from typing import Any

import django
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingback.settings")
django.setup(set_prefix=False)

import socketio
from django.conf import settings
from django.db import connections

from channels_app import worker
from conversations.services import writer
from foundation import garbage
from pingback import alone, drain
from pingback.api.create_message import CreateMessage
from pingback.handler import Handler
from pingback.limits import Limits
from pingback.realtime import server
from pingback.realtime.waiting import Waiting
from theo.warming import warm_up

log = logging.getLogger("pingback")

# What is in the making while a batch is stored is no garbage: with Python's own 700 it was looked through several times
# a batch. Until the next look it is a few megabytes.
COLLECT_AFTER = 20_000, 10, 10


class House:
    """What begins and ends with the process: the live side and the worker."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._worker: threading.Thread | None = None
        self._lock = asyncio.Lock()
        self.is_open = False

    async def open(self) -> None:
        async with self._lock:
            if self.is_open:
                return
            alone.claim()
            await server.startup()
            drain.await_the_signal(begin=self._begin_to_leave, end=server.close_sockets)
            if settings.WORKER_IN_PROCESS:
                self._stop.clear()
                self._worker = threading.Thread(
                    target=worker.run_forever, args=(self._stop,), name="worker", daemon=True
                )
                self._worker.start()  # which warms Theo up
            else:
                threading.Thread(target=_warm_up, name="theo", daemon=True).start()
            self.is_open = True
            garbage.look_only_at_what_comes()
            gc.set_threshold(*COLLECT_AFTER)

    def _begin_to_leave(self) -> None:
        self._stop.set()
        server.say_goodbye()

    async def close(self) -> None:
        self._begin_to_leave()
        await asyncio.to_thread(writer.finish, seconds=2)  # what it stores is still told
        await server.shutdown()
        drain.forget_the_signal()
        if self._worker:
            await asyncio.to_thread(self._worker.join, 2)
        self.is_open = False


def _warm_up() -> None:
    try:
        warm_up()
    except Exception:
        log.exception("Theo is not warm: the first who asks it something waits for that")
    finally:
        connections.close_all()


house = House()


def opened(app: Any) -> Any:
    """Some servers (Daphne) know no lifespan: there the first request opens the house."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan" and not house.is_open:
            await house.open()
        await app(scope, receive, send)

    return application


application = opened(
    Waiting(
        Limits(
            socketio.ASGIApp(
                server.sio,
                other_asgi_app=ProtocolTypeRouter({"http": Handler()}),
                on_startup=house.open,
                on_shutdown=house.close,
            ),
            short_way=CreateMessage,
        )
    )
)
