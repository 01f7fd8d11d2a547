"""Receipts: how far a side has received and read what the other one wrote. One upsert, which only rises.

    mark_read(message=message)  # a message of an agent: the customer's side has read up to it

Whoever learns of it says so here: sockets, pages, and providers for the customers whom they reach.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from conversations.models import Conversation, Message, Receipts, SenderType


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A watermark that rose. message: the newest one that was received, `is_read` or only delivered."""

    conversation: Conversation
    message: Message
    is_read: bool
    at: datetime


def mark_delivered(*, message: Message) -> None:
    """The side that did not write it has it, and all before it.

    message: with its conversation loaded, and better with its receipts, too.
    """
    _mark(message, is_read=False)


def mark_read(*, message: Message) -> None:
    """Likewise: it was shown to a person there. What was read was delivered."""
    _mark(message, is_read=True)


def team_has_read(*, conversation: Conversation, seq: int) -> None:
    """Somebody of the team has read what the customer wrote up to this number."""
    received = conversation.receipts
    if received and received.agent_read_seq >= seq:
        return
    theirs = conversation.messages.filter(sender_type=SenderType.CUSTOMER, seq__lte=seq)
    if newest := theirs.order_by("-seq").first():
        mark_read(message=newest)


def _mark(message: Message, *, is_read: bool) -> None:
    side = SenderType(message.sender_type).other
    known, mark = message.conversation.receipts, f"{side}_read_seq" if is_read else f"{side}_delivered_seq"
    if known and getattr(known, mark) >= message.seq:
        return
    receipt = Receipt(conversation=message.conversation, message=message, is_read=is_read, at=timezone.now())
    if _rises(receipt, side):
        transaction.on_commit(lambda: import_string(settings.RECEIPT_PUBLISHER)(receipt), robust=True)


def _rises(receipt: Receipt, side: SenderType) -> bool:
    """False when somebody else's mark is as high by now. Right in any order and from many at once: the row decides."""
    seq, at = receipt.message.seq, connection.ops.adapt_datetimefield_value(receipt.at)
    given = {
        "conversation_id": Receipts._meta.pk.get_db_prep_value(receipt.conversation.pk, connection),
        f"{side}_delivered_seq": seq,
        f"{side}_delivered_at": at,
        f"{side}_read_seq": seq if receipt.is_read else 0,
        f"{side}_read_at": at if receipt.is_read else None,
    }
    table = Receipts._meta.db_table
    changes = ", ".join(
        f"{side}_{what}_{part} = CASE WHEN excluded.{side}_{what}_seq > {table}.{side}_{what}_seq"
        f" THEN excluded.{side}_{what}_{part} ELSE {table}.{side}_{what}_{part} END"
        for what in ("delivered", "read")
        for part in ("at", "seq")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(given)}) VALUES (%s, %s, %s, %s, %s)"  # noqa: S608
            f" ON CONFLICT (conversation_id) DO UPDATE SET {changes}"
            f" WHERE excluded.{side}_delivered_seq > {table}.{side}_delivered_seq"
            f" OR excluded.{side}_read_seq > {table}.{side}_read_seq",
            list(given.values()),
        )
        return bool(cursor.rowcount)
