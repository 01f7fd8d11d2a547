"""Stock python-socketio, with the ORM behind `sync_to_async`."""

from typing import Any

import socketio
from asgiref.sync import sync_to_async
from rest_framework.exceptions import APIException
from socketio.exceptions import ConnectionRefusedError

from benchmarks.references.plain.messages import store
from benchmarks.references.plain.models import Conversation, Person

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[])


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: dict[str, Any]) -> None:
    person = await Person.objects.filter(token=auth["token"]).afirst()
    if person is None:
        raise ConnectionRefusedError("unauthorized")
    await sio.save_session(sid, {"person": person})
    if person.conversation_id:
        await sio.enter_room(sid, str(person.conversation_id))
    else:
        async for pk in Conversation.objects.filter(business_id=person.business_id).values_list("pk", flat=True):
            await sio.enter_room(sid, str(pk))


@sio.on("client_message")
@sio.on("agent_message")
async def message(sid: str, sent: dict[str, Any]) -> dict[str, Any]:
    session = await sio.get_session(sid)
    conversation_id = sent["conversation_id"]
    try:
        stored = await sync_to_async(store)(session["person"], conversation_id, sent)
    except APIException as error:
        return {"error": {"code": "invalid", "detail": str(error)}}
    await sio.emit("new_message", stored, room=conversation_id)
    return {"message": stored, "conversation_id": conversation_id}
