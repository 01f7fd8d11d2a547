"""What the assistant answered, as the team sees it afterwards."""

from django.db import transaction

from conversations import events
from conversations.models import Message
from conversations.services.locking import locked


@transaction.atomic
def call_answer_wrong(*, message: Message) -> Message:
    """Everybody in the team sees that it was, from now on. Safe to repeat; the customer hears nothing of it.

    message: one of the assistant's, with articles that it is from.
    """
    conversation = locked(message.conversation)
    message = Message.objects.select_related("sender").get(pk=message.pk)
    message.conversation = conversation
    if message.is_called_wrong:
        return message
    message.ai_sources = [{**source, "wrong": True} for source in message.ai_sources or []]
    message.save(update_fields=["ai_sources"])
    events.record(conversation.business_id, [events.message_updated(message)])
    return message
