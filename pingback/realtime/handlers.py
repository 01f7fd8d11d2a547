"""What clients may ask for. A handler returns its ack; what it raises becomes `{"error": {...}}`.

The packets of one socket are handled one after the other, each to its end. Source: design.md 9.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from conversations import feed, wire
from conversations.attachments import ids_in
from conversations.models import Conversation, Message
from conversations.selectors import messages_after
from conversations.services import writer
from conversations.services.message_drafts import reply_draft
from conversations.services.objections import Moved
from foundation.asking import Asker, asked_by
from foundation.errors import Forbidden, Refused, Stale, TooFast
from pingback.realtime import bus, db, presence, publish, receipts, rooms, sockets, typing, visits
from pingback.realtime.clients import Client
from pingback.realtime.envelopes import Envelope
from pingback.realtime.packets import Json
from pingback.realtime.payloads import Fields
from widgets import keys
from widgets.identifying import Identified, identify_visitor
from widgets.models import Visitor
from widgets.receiving import Received, receive_client_message, visitors_draft

log = logging.getLogger("pingback.realtime")

# One answer to `resume`: so many rows, and no more than fits well into one packet.
MAX_ROWS, MAX_ANSWER_BYTES = 500, 256 * 1024

Ack = dict[str, Any]


async def answer(client: Client, event: str, arguments: tuple[Any, ...]) -> Ack:
    """Run one event and say what came of it; a client that keeps sending what is refused is cut."""
    client.is_active = True
    try:
        if seconds := client.throttle.wait(event):
            raise TooFast(_("Too fast."), retry_after=math.ceil(seconds))
        async with asyncio.timeout(settings.REQUEST_SECONDS):
            return await HANDLERS[event](client, Fields.of(arguments))
    except Refused as refusal:
        error: dict[str, Any] = {"code": refusal.code, "detail": refusal.detail}
        if isinstance(refusal, TooFast):
            error["retry_after"] = refusal.retry_after
        if isinstance(refusal, Stale):
            error["news"] = refusal.news
    except (DatabaseError, TimeoutError):
        log.exception("%s: the database did not answer", event)
        error = {"code": "busy", "detail": _("Try again")}
    except Exception:
        log.exception("%s failed", event)
        error = {"code": "busy", "detail": _("Try again")}
    if client.throttle.is_flooding():
        client.connection.finish()
    return {"error": error}


# Messages ---------------------------------------------------------------------------------------------------


async def client_message(client: Client, sent: Fields) -> Ack:
    client.require_visitor()
    content, own_id = sent.text("content"), sent.optional_text("client_message_id")
    conversation_id = sent.optional_id("conversation_id")
    asked = {
        "content": content,
        "attachments": ids_in(sent.optional_list("attachments")),
        "client_message_id": own_id,
        "conversation_id": conversation_id,
        "new": sent.optional_flag("new"),
        "claims": sent.optional_object("customer"),
    }
    if client.visitor and conversation_id and not asked["attachments"] and not asked["claims"]:
        draft = visitors_draft(
            visitor=client.visitor,
            widget=client.widget,
            conversation_id=conversation_id,
            content=content,
            client_message_id=own_id,
        )
        posted = await writer.post(draft)
        message, created, visitor_key = posted.message, posted.created, client.visitor_key
    else:
        # Shielded: a socket that goes away while its words are stored must not take the news of them with it.
        received = await asyncio.shield(_store_and_tell(client, sent.optional_text("visitor_key"), asked))
        message, created, visitor_key = received.message, received.created, received.visitor_key
    return {
        "message": wire.payloads_of_new(message)[1] if created else wire.for_visitor(message),
        "conversation_id": str(message.conversation_id),
        "visitor_key": visitor_key,
    }


async def _store_and_tell(client: Client, key: str | None, asked: dict[str, Any]) -> Received:
    received, visitor, envelopes = await db.run(_receive, client, key, asked)
    try:
        if client.visitor is None:
            sockets.become_visitor(client, visitor)
    finally:
        bus.send(envelopes)
    return received


def _receive(client: Client, key: str | None, asked: dict[str, Any]) -> tuple[Received, Visitor, list[Envelope]]:
    with asked_by(Asker(client.connection.address)):
        return _receive_as_asked(client, key, asked)


def _receive_as_asked(
    client: Client, key: str | None, asked: dict[str, Any]
) -> tuple[Received, Visitor, list[Envelope]]:
    """What it publishes is held until the writer's own socket is in the room that hears it."""
    visitor = client.visitor
    if visitor is None:
        widget_id = client.widget.pk if client.widget else None
        visitor = keys.visitor_from_key(key, business_id=client.business_id, widget_id=widget_id)
    elif not Visitor.objects.filter(pk=visitor.pk, generation=visitor.generation).exists():
        raise Forbidden(_("This visitor key is no longer good."))
    with publish.held() as envelopes:
        received = receive_client_message(
            business_id=client.business_id, widget=client.widget, visitor=visitor, **asked
        )
    if client.visitor is None:
        visits.note(received.visitor, client.visit)  # before it is told that somebody wrote
    try:
        _message_in_full(received.message)
    except Exception:
        bus.send(envelopes)  # it is stored, whatever becomes of the ack
        raise
    return received, received.visitor, envelopes


async def identify(client: Client, sent: Fields) -> Ack:
    """Who the visitor is, claimed or proven; the socket is that visitor's from now on."""
    client.require_visitor()
    identified = await asyncio.shield(_identify_and_tell(client, sent.optional_object("customer")))
    return {
        "verified": identified.verified,
        "visitor_key": identified.visitor_key,
        "is_other": identified.is_other,
    }


async def _identify_and_tell(client: Client, claims: dict[str, Any]) -> Identified:
    """Only once this socket is the proven visitor's are those cut that came with the key that is void now."""
    known = client.visitor
    identified, envelopes = await db.run(_identify, client, claims)
    try:
        if identified.visitor and identified.visitor_key:
            if known:
                sockets.leave(client, rooms.customer(known.customer_id))
                client.visible.clear()
            sockets.become_visitor(client, identified.visitor)
    finally:
        bus.send(envelopes)
    return identified


def _identify(client: Client, claims: dict[str, Any]) -> tuple[Identified, list[Envelope]]:
    with asked_by(Asker(client.connection.address)), publish.held() as envelopes:
        identified = identify_visitor(
            business_id=client.business_id, widget=client.widget, visitor=client.visitor, claims=claims
        )
    visits.note(identified.visitor, client.visit)
    return identified, envelopes


async def agent_message(client: Client, sent: Fields) -> Ack:
    draft = reply_draft(
        business_id=client.business_id,
        conversation_id=sent.id("conversation_id"),
        author=client.member(),
        content=sent.text("content"),
        key=sent.optional_text("client_message_id") or "",
        attachments=ids_in(sent.optional_list("attachments")),
        seen_seq=None if sent.optional_flag("force") else sent.optional_number("seen_seq"),
    )
    try:
        posted = await writer.post(draft)
    except Moved as moved:
        posted = await writer.post(moved.draft)
    message = posted.message
    return {
        "message": wire.payloads_of_new(message)[0] if posted.created else wire.for_member(message),
        "conversation_id": str(message.conversation_id),
    }


def _message_in_full(message: Message) -> None:
    """Everything that its payload shows is loaded here, in the thread that may ask the database."""
    wire.for_member(message)


# Joining ----------------------------------------------------------------------------------------------------


async def join_conversation(client: Client, sent: Fields) -> Ack:
    """A member is seen there from now on, and hears who else is; a visitor hears of its own conversations anyway."""
    conversation = await db.run(client.conversation, sent.id("conversation_id"))
    client.remember(conversation)
    if client.is_member:
        presence.join(client, conversation.pk)
    return {
        "conversation_id": str(conversation.pk),
        "seq": conversation.last_seq,
        "status": conversation.status,
    }


async def leave_conversation(client: Client, sent: Fields) -> Ack:
    conversation_id = sent.id("conversation_id")
    client.visible.pop(conversation_id, None)
    typing.stop(client, str(conversation_id))
    presence.leave(client, conversation_id)
    return {"conversation_id": str(conversation_id)}


# Catching up ------------------------------------------------------------------------------------------------


async def resume(client: Client, sent: Fields) -> Ack:
    if client.is_member:
        return await db.run(_missed_events, client, sent.optional_number("cursor"))
    return await db.run(_missed_messages, client, sent.id("conversation_id"), sent.number("seq"))


def _missed_events(client: Client, cursor: int | None) -> Ack:
    """Without a cursor: where the feed is, for a client that is about to fetch."""
    client.fresh_user()
    if cursor is None:
        return {"events": [], "cursor": feed.position(client.business_id), "more": False}
    missed = feed.missed(client.business_id, after=cursor, limit=MAX_ROWS)
    if not missed.is_whole:
        return {"resync": True, "cursor": missed.newest}
    answers = _fitting(feed.payloads_of(missed.events))
    last = answers[-1]["seq"] if answers else cursor
    return {"events": answers, "cursor": last, "more": missed.more or len(answers) < len(missed.events)}


def _missed_messages(client: Client, conversation_id: UUID, seq: int) -> Ack:
    conversation: Conversation = client.conversation(conversation_id)
    messages = messages_after(conversation, seq, limit=MAX_ROWS + 1, characters=MAX_ANSWER_BYTES)
    answers = _fitting([wire.for_visitor(message) for message in messages[:MAX_ROWS]])
    last = answers[-1]["seq"] if answers else seq
    return {"messages": answers, "seq": last, "more": len(answers) < len(messages)}


def _fitting(payloads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many from the start as fit into one answer, at least one."""
    size = 0
    for count, payload in enumerate(payloads):
        size += len(Json.dumps(payload).encode())
        if size > MAX_ANSWER_BYTES:
            return payloads[: max(count, 1)]
    return payloads


HANDLERS: dict[str, Callable[[Client, Fields], Awaitable[Ack]]] = {
    "client_message": client_message,
    "agent_message": agent_message,
    "identify": identify,
    "join_conversation": join_conversation,
    "leave_conversation": leave_conversation,
    "typing": typing.typing,
    "mark_delivered": receipts.mark_delivered,
    "mark_read": receipts.mark_read,
    "resume": resume,
}
