"""Stock python-socketio, as its documentation has it: everybody is let in, three hear a message, nothing is stored.

The message that it sends on is as long as PingBack's, so that both write the same bytes.
"""

import time
from typing import Any

import socketio

from foundation.ids import new_id

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[])
seqs: dict[str, int] = {}


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http" and scope["path"] == "/healthz":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await sockets(scope, receive, send)


sockets = socketio.ASGIApp(sio)


@sio.event  # type: ignore[untyped-decorator]
async def connect(sid: str, environ: dict[str, Any], auth: dict[str, Any]) -> None:
    for room in auth["rooms"]:
        await sio.enter_room(sid, room)


@sio.event  # type: ignore[untyped-decorator]
async def client_message(sid: str, sent: dict[str, Any]) -> dict[str, Any]:
    return await tell(sent, "customer")


@sio.event  # type: ignore[untyped-decorator]
async def agent_message(sid: str, sent: dict[str, Any]) -> dict[str, Any]:
    return await tell(sent, "agent")


async def tell(sent: dict[str, Any], sender_type: str) -> dict[str, Any]:
    room = sent["conversation_id"]
    seqs[room] = seqs.get(room, 0) + 1
    message = {
        "id": str(new_id()),
        "conversation_id": room,
        "seq": seqs[room],
        "sender_type": sender_type,
        "sender_id": None,
        "sender_name": "Visitor 1A2B",
        "sender_avatar_url": None,
        "content": sent["content"],
        "attachments": [],
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "delivered_at": None,
        "read_at": None,
        "ai": None,
        "sources": [],
        "client_message_id": sent["client_message_id"],
        "feed_seq": seqs[room],
        "status": "sent",
        "error": None,
    }
    await sio.emit("new_message", message, room=room)
    return {"message": message, "conversation_id": room}
