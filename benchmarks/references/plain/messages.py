"""Storing a message with the ORM and a ModelSerializer, as the tutorials do."""

from typing import Any

from django.db import transaction
from django.db.models import F
from rest_framework import serializers
from rest_framework.exceptions import NotFound

from benchmarks.references.plain.models import Business, Conversation, FeedEvent, Message, Person


class MessageSerializer(serializers.ModelSerializer[Message]):
    client_message_id = serializers.CharField(max_length=128, write_only=True, required=False)
    sender_name = serializers.CharField(source="sender.name", read_only=True)

    class Meta:
        model = Message
        fields = [
            "id", "conversation_id", "seq", "sender_type", "sender_id", "sender_name", "content", "created_at",
            "client_message_id",
        ]  # fmt: skip
        read_only_fields = ["id", "conversation_id", "seq", "sender_type", "sender_id", "created_at"]


def store(person: Person, conversation_id: str, sent: dict[str, Any]) -> dict[str, Any]:
    """Check, authorise, number and store; the message as it goes out."""
    data = MessageSerializer(data=sent)
    data.is_valid(raise_exception=True)
    key = data.validated_data.get("client_message_id")
    with transaction.atomic():
        rows = Conversation.objects.select_for_update().filter(pk=conversation_id, business_id=person.business_id)
        conversation = rows.filter(pk=person.conversation_id).first() if person.conversation_id else rows.first()
        if conversation is None:
            raise NotFound
        conversation.last_seq += 1
        message = Message.objects.create(
            conversation=conversation,
            seq=conversation.last_seq,
            sender_type="customer" if person.conversation_id else "agent",
            sender=person,
            content=data.validated_data["content"],
            dedup_key=f"w:{person.pk}:{key}" if key else None,
        )
        conversation.last_message = message
        conversation.save()
        Business.objects.filter(pk=person.business_id).update(feed_seq=F("feed_seq") + 1)
        seq = Business.objects.values_list("feed_seq", flat=True).get(pk=person.business_id)
        FeedEvent.objects.create(business_id=person.business_id, seq=seq, kind="message.created", message=message)
    payload = dict(MessageSerializer(message).data)
    return {**payload, "conversation_id": str(payload["conversation_id"])}
