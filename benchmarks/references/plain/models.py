"""What PingBack keeps of a message, plainly: the same columns where they cost something."""

import uuid

from django.db import models


class Business(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    feed_seq = models.BigIntegerField(default=0)


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    business = models.ForeignKey(Business, models.CASCADE)
    last_seq = models.IntegerField(default=0)
    last_message = models.ForeignKey("Message", models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)


class Person(models.Model):
    """conversation: the only one that a visitor sees; an agent sees all of the business."""

    token = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    business = models.ForeignKey(Business, models.CASCADE)
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True)

    is_authenticated = True


class Message(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    seq = models.IntegerField()
    sender_type = models.CharField(max_length=10)
    sender = models.ForeignKey(Person, models.SET_NULL, null=True)
    content = models.TextField()
    dedup_key = models.CharField(max_length=300, unique=True, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "seq"], name="plain_seq_once")]


class FeedEvent(models.Model):
    business = models.ForeignKey(Business, models.CASCADE)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    message = models.ForeignKey(Message, models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "seq"], name="plain_feed_once")]
