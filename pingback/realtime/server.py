"""The Socket.IO server of this process."""

import socketio

sio = socketio.AsyncServer(async_mode="asgi", async_handlers=False, cors_allowed_origins=[])


async def startup() -> None:
    """Called by the application's lifespan before the first request."""


async def shutdown() -> None:
    """Called by the application's lifespan when it ends."""
