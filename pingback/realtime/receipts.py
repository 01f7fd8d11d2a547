"""`mark_delivered` and `mark_read`: what a client has, and what it has shown, of the other side's messages.

Source: design.md 9.
"""

import asyncio
import contextlib
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from conversations.models import Message, SenderType
from conversations.services import handling, receipts
from foundation.errors import Forbidden, Invalid, NotFound
from pingback.realtime import db
from pingback.realtime.clients import Client
from pingback.realtime.payloads import Fields

MAX_REMEMBERED = 1_000
# By workspace and message, oldest first.
_team: dict[tuple[UUID, UUID], asyncio.Task[None]] = {}


async def mark_delivered(client: Client, sent: Fields) -> dict[str, Any]:
    message_id = sent.id("message_id")
    if client.is_member:
        await _deliver_to_team(client, message_id)
    else:
        await db.run(_delivered, client, message_id)
    return {}


async def _deliver_to_team(client: Client, message_id: UUID) -> None:
    """Every page of every member says at once that it has a message: one is stored, the others wait for it.

    Whoever is refused is refused alone: the next one who waits stores it.
    """
    key = (client.business_id, message_id)
    while (marking := _team.get(key)) and not _has_failed(marking):
        with contextlib.suppress(Forbidden, NotFound):
            await asyncio.shield(marking)
            return
    _team[key] = asyncio.create_task(db.run(_delivered, client, message_id))
    if len(_team) > MAX_REMEMBERED:
        del _team[next(iter(_team))]
    await asyncio.shield(_team[key])


def _has_failed(marking: asyncio.Task[None]) -> bool:
    return marking.done() and (marking.cancelled() or marking.exception() is not None)


async def mark_read(client: Client, sent: Fields) -> dict[str, Any]:
    await db.run(_read, client, sent.id("message_id"))
    return {}


def _delivered(client: Client, message_id: UUID) -> None:
    receipts.mark_delivered(message=_message_to(client, message_id))


def _read(client: Client, message_id: UUID) -> None:
    message = _message_to(client, message_id)
    if client.is_member:
        handling.mark_read(conversation=message.conversation, user=client.member(), seq=message.seq)
    else:
        receipts.mark_read(message=message)


def _message_to(client: Client, message_id: UUID) -> Message:
    """One that the other side wrote in a conversation that this client may see. Raises NotFound, Invalid."""
    rows = Message.objects.select_related("conversation__stored_receipts").filter(
        conversation__in=client.conversations()
    )
    message = rows.filter(pk=message_id).first()
    if message is None:
        raise NotFound
    own = SenderType.AGENT if client.is_member else SenderType.CUSTOMER
    if message.sender_type == own:
        raise Invalid(_("Only what the other side wrote is received."))
    return message
