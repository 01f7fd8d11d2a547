"""What a provider says of a message after it was handed over: an echo, a receipt, that it could not bring it."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from channels_app.deliveries import conclude, finish, lock_conversation, tell_of_copies
from channels_app.keys import remember
from channels_app.models import Channel, Delivery, DeliveryState
from channels_app.participants import gets_copies
from conversations.models import Message, MessageStatus
from conversations.services.unsent import message_failed
from foundation.ids import parse_id


@transaction.atomic
def confirm(
    channel: Channel, *, external_id: str, correlation: str, conversation_id: UUID | None, text: str, file: bool = False
) -> Message | None:
    """The message whose sending this echo or status is about, though no answer told us so; its row is closed as sent.

    By our delivery's id, when the provider gives it back; else the oldest try in this conversation that is without an
    end and has the same words or, without a word, a file as well.
    """
    rows = Delivery.objects.filter(channel=channel).select_related("channel", "message__conversation__stored_receipts")
    if delivery_id := parse_id(correlation):
        found = rows.filter(pk=delivery_id).first()
    else:
        begun = rows.filter(state=DeliveryState.QUEUED, started_at__isnull=False, conversation=conversation_id)
        alike = begun.filter(content=text) if text else begun.filter(content="", attachment__isnull=False)
        found = alike.order_by("seq", "part").first() if (text or file) and conversation_id else None
    if found is None:
        return None
    lock_conversation(found.conversation_id)
    unknown = Delivery.objects.filter(pk=found.pk, state=DeliveryState.QUEUED)
    if not finish(unknown, found, DeliveryState.SENT, external_ids=[external_id]):
        remember(channel, found.message, external_id)
        Delivery.objects.filter(pk=found.pk, external_id="").update(external_id=external_id[:1000])
    return found.message


@transaction.atomic
def arrived(channel: Channel, message: Message, external_id: str) -> None:
    """A part of it is with the customer, so that nothing late speaks against it; one that was given up was out after
    all."""
    lock_conversation(message.conversation_id)
    part = _part(channel, message, external_id).select_related("channel").first()
    if part is None:
        return
    row = Delivery.objects.filter(pk=part.pk)
    row.update(arrived_at=Now(), state=DeliveryState.SENT, lease=None, leased_until=None)
    if part.state != DeliveryState.SENT:
        conclude(part)


@transaction.atomic
def failed_afterwards(
    channel: Channel, message: Message, external_id: str, reason: str, *, recipient: str = ""
) -> None:
    """The provider took a part of it and could not bring it; not when it did, or means a try before the last one.

    recipient: to whom, where it says so: a copy that is lost is no reason to send it all again.
    """
    lock_conversation(message.conversation_id)
    lost = _part(channel, message, external_id).filter(arrived_at=None)
    if recipient and gets_copies(message.conversation, recipient):
        if part := lost.first():
            tell_of_copies(part, [recipient])
        return
    known = Message.objects.filter(pk=message.pk, status=MessageStatus.FAILED).exists()
    lost = lost.exclude(state=DeliveryState.FAILED)
    if lost.update(state=DeliveryState.FAILED, last_error=reason[:300], finished_at=Now()) and not known:
        message_failed(message_id=message.pk, reason=reason)


def _part(channel: Channel, message: Message, external_id: str) -> "QuerySet[Delivery]":
    return Delivery.objects.filter(channel=channel, message=message, external_id=external_id[:1000])
