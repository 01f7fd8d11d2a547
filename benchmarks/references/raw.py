"""A bare ASGI application that speaks just enough of the packets: what a web server's own writes cost.

Everybody is in one room. A message is acknowledged and sent to all, encoded once.
"""

import json
from typing import Any

everybody: list[Any] = []


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    if scope["type"] != "websocket":
        raise NotImplementedError  # no lifespan
    await receive()
    await send({"type": "websocket.accept"})
    everybody.append(send)
    try:
        while (event := await receive())["type"] == "websocket.receive":
            text = event["text"]
            bracket = text.index("[")
            _name, sent = json.loads(text[bracket:])
            message = {**FACTS, "content": sent["content"], "conversation_id": sent["conversation_id"]}
            packet = {"type": "websocket.send", "text": "42" + json.dumps(["new_message", message])}
            for each in list(everybody):
                await each(packet)
            await send({"type": "websocket.send", "text": f"43{text[2:bracket]}{json.dumps([{'message': message}])}"})
    finally:
        everybody.remove(send)


FACTS = {
    "id": "00000000-0000-7000-8000-000000000001",
    "seq": 1,
    "sender_type": "customer",
    "sender_id": None,
    "sender_name": "Visitor 1A2B",
    "sender_avatar_url": None,
    "attachments": [],
    "created_at": "2026-11-26T00:00:00Z",
    "delivered_at": None,
    "read_at": None,
    "ai": None,
    "sources": [],
    "feed_seq": 1,
    "status": "sent",
    "error": None,
}
