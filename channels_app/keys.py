"""Ids of providers as keys of our rows: Instagram's run to 200 characters, and mail's to 998."""

import hashlib

from channels_app.models import Channel, ExternalMessage
from conversations.models import Message

MOST = 200


def key_of(text: str) -> str:
    """As it is, or the digest of what a column does not hold."""
    return text if len(text) <= MOST else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def known_message(channel: Channel, external_id: str) -> Message | None:
    """What has this id there, or a part of which has."""
    if not external_id:
        return None
    found = ExternalMessage.objects.filter(channel=channel, key=key_of(external_id))
    row = found.select_related("message__conversation__stored_receipts").first()
    return row.message if row else None


def remember(channel: Channel, message: Message, *external_ids: str) -> None:
    """So that receipts, echoes and answers that name them find the message."""
    rows = [
        ExternalMessage(channel=channel, message=message, key=key_of(each), external_id=each[:1000])
        for each in external_ids
        if each
    ]
    ExternalMessage.objects.bulk_create(rows, ignore_conflicts=True)
