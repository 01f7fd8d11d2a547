"""What did not get out, or a file that did not come in, once more because somebody says so: as if it were new."""

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from channels_app.adapters.errors import DeliveryError
from channels_app.deliveries import adapter_for, news
from channels_app.files import fetch_again
from channels_app.models import Delivery, DeliveryState
from conversations.models import Conversation, Message, MessageStatus
from conversations.services.messages import set_message_status
from foundation.errors import Invalid


@transaction.atomic
def try_again(delivery: Delivery) -> bool:
    """One part, for the operator. False when it is neither failed nor parked."""
    is_queued = _requeue(delivery.message, Delivery.objects.filter(pk=delivery.pk)) is not None
    transaction.on_commit(news.set, robust=True)
    return is_queued


@transaction.atomic
def retry_message(*, message: Message) -> Message:
    """For an agent; parts that arrived do not go twice.

    Raises Invalid for a message that lacks nothing, and where there is no way out for it, as when its channel is gone.
    """
    again = _requeue(message, Delivery.objects.filter(message=message)) or fetch_again(message)
    if again is None:
        raise Invalid(_("There is nothing to send again."))
    queued = Delivery.objects.filter(message=message, state=DeliveryState.QUEUED)
    if delivery := queued.select_related("channel", "conversation").first():
        try:
            adapter_for(delivery)
        except DeliveryError as error:
            raise Invalid(error.reason) from error
    transaction.on_commit(news.set, robust=True)
    return again


def _requeue(message: Message, rows: "QuerySet[Delivery]") -> Message | None:
    # As deliveries do: the conversation before its rows.
    list(Conversation.objects.select_for_update(no_key=True).filter(pk=message.conversation_id).values_list("pk"))
    again = rows.filter(state__in=[DeliveryState.FAILED, DeliveryState.PARKED]).update(
        state=DeliveryState.QUEUED,
        attempts=0,
        crashes=0,
        uncertain=0,
        queued_at=Now(),
        due_at=Now(),
        finished_at=None,
        last_error="",
    )
    if not again:
        return None
    return set_message_status(message_id=message.pk, status=MessageStatus.QUEUED)
