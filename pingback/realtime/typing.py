"""Who is writing in which conversation; over when they say so, and six seconds after the last time they did.

Every process that hears it counts the seconds itself. So it ends wherever it shows, also when the writer's process is
killed or the bus is away. Source: design.md 9, `typing`.

Its envelope is {"business", "typing": payload, "to", "from"}: `to` is the room that hears it, `from` the writer's
socket, which does not. Belongs to one event loop; only the handler waits.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from channels_app import signs
from conversations.models import Conversation
from pingback.realtime import bus, db, presence, rooms, sockets
from pingback.realtime.clients import Client
from pingback.realtime.envelopes import Envelope
from pingback.realtime.packets import encode_event
from pingback.realtime.payloads import Fields

TYPING_SECONDS = 6.0
# More are told, and not remembered: then the six seconds are the hearer's own to count.
MAX_WRITERS = 10_000


@dataclass(slots=True)
class _Writing:
    envelope: Envelope
    timer: asyncio.TimerHandle


# By the writer's socket and the room that hears it; and per such room, by person (None: the customer), the sockets.
_writing: dict[str, dict[str, _Writing]] = {}
_rooms: dict[str, dict[str | None, set[str]]] = {}


async def typing(client: Client, sent: Fields) -> dict[str, Any]:
    conversation_id, is_typing = sent.id("conversation_id"), sent.flag("is_typing")
    conversation = client.visible.get(conversation_id)
    if conversation is None:
        conversation = await db.run(client.conversation, conversation_id)
        if not client.is_member:  # a visitor's are few; a member joins what it works on
            client.remember(conversation)
    if client.sid in sockets.clients:
        bus.send(_envelopes(client, conversation, is_typing=is_typing))
    if client.is_member and is_typing:
        signs.somebody_writes(conversation)
    return {}


def end(conversation_id: str, user_id: str | None) -> None:
    """A message of theirs is there, whichever way it came: socket, REST or a page. None: a customer's."""
    sids = _rooms.get(rooms.conversation(conversation_id), {}).get(user_id, ())
    for sid in list(sids):
        for writing in list(_writing[sid].values()):
            if writing.envelope["typing"]["conversation_id"] == conversation_id:
                _end(writing.envelope)


def stop(client: Client, conversation_id: str | None = None) -> None:
    """It has left the conversation or is gone. Without an id: in all of them."""
    ended = [each.envelope for each in _writing.get(client.sid, {}).values()]
    if conversation_id:
        ended = [each for each in ended if each["typing"]["conversation_id"] == conversation_id]
    if ended:
        bus.send([{**each, "typing": {**each["typing"], "is_typing": False}} for each in ended])


def hear(envelope: Envelope) -> None:
    said, room, sid = envelope["typing"], envelope["to"], envelope["from"]
    before = _writing.get(sid, {}).get(room)
    if not said["is_typing"]:
        _end(envelope)
        return
    if before:
        before.timer.cancel()
    if before or len(_writing) < MAX_WRITERS:
        timer = asyncio.get_running_loop().call_later(TYPING_SECONDS, _end, envelope)
        _writing.setdefault(sid, {})[room] = _Writing(envelope, timer)
        _rooms.setdefault(room, {}).setdefault(said["user_id"], set()).add(sid)
    _tell(envelope, is_typing=True)
    if not before:
        _tell_presence(envelope)


def _end(envelope: Envelope) -> None:
    """A person who writes in another tab, too, goes on writing."""
    user_id, room, sid = envelope["typing"]["user_id"], envelope["to"], envelope["from"]
    rooms_of_it = _writing.get(sid, {})
    if ended := rooms_of_it.pop(room, None):
        ended.timer.cancel()
    if not rooms_of_it:
        _writing.pop(sid, None)
    people = _rooms.get(room, {})
    people.get(user_id, set()).discard(sid)
    if people.get(user_id):
        return
    people.pop(user_id, None)
    if not people:
        _rooms.pop(room, None)
    _tell(envelope, is_typing=False)
    _tell_presence(envelope)


def _envelopes(client: Client, conversation: Conversation, *, is_typing: bool) -> list[Envelope]:
    user_id = str(client.membership.user_id) if client.membership else None
    said = {"conversation_id": str(conversation.pk), "user_id": user_id, "is_typing": is_typing}
    hearers = [rooms.conversation(conversation.pk)]
    if client.is_member and conversation.is_web and conversation.customer_id:
        hearers.append(rooms.customer(conversation.customer_id))
    business = str(client.business_id)
    return [{"business": business, "typing": said, "to": room, "from": client.sid} for room in hearers]


def _tell(envelope: Envelope, *, is_typing: bool) -> None:
    packet = encode_event("typing", {**envelope["typing"], "is_typing": is_typing})
    sockets.deliver(envelope["to"], packet, skip=envelope["from"])


def _tell_presence(envelope: Envelope) -> None:
    conversation_id, room = envelope["typing"]["conversation_id"], envelope["to"]
    if room == rooms.conversation(conversation_id):
        presence.write(conversation_id, [user_id for user_id in _rooms.get(room, {}) if user_id])
