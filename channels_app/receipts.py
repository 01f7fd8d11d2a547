"""What a provider says of a message after it was handed over: an echo, a receipt, that it could not bring it."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from channels_app.deliveries import finish, lock_conversation, say_failed
from channels_app.keys import remember
from channels_app.models import Channel, Delivery, DeliveryState
from conversations.models import Message, MessageStatus
from conversations.services.messages import set_message_status
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
    return found.message


@transaction.atomic
def failed_afterwards(channel: Channel, message: Message, external_id: str, reason: str) -> None:
    """The provider took it and could not bring it. What was delivered was not lost, whatever comes late."""
    receipts = message.conversation.receipts
    if receipts and receipts.delivered_at(message):
        return
    lock_conversation(message.conversation_id)
    part = Delivery.objects.filter(channel=channel, message=message, external_id=external_id[:1000])
    part.update(state=DeliveryState.FAILED, last_error=reason[:300], finished_at=Now())
    say_failed(message, reason)


@transaction.atomic
def arrived_after_all(message: Message) -> None:
    lock_conversation(message.conversation_id)
    Delivery.objects.filter(message=message, state=DeliveryState.FAILED).update(state=DeliveryState.SENT)
    set_message_status(message_id=message.pk, status=MessageStatus.SENT)
