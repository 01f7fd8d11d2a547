"""What the conversation endpoints take, and the shapes that `conversations.wire` gives, for the schema."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from conversations.attachments import MAX_OF_MESSAGE
from conversations.models import ChannelType, HandoffReason, MessageStatus, Priority, SenderType, Status
from conversations.services.message_drafts import MAX_CONTENT, MAX_SUBJECT
from foundation.api import IdField, Text


class HistoryQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    before = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=50)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "after" in attrs and "before" in attrs:
            raise serializers.ValidationError("Give `after` or `before`.", code="value_error")
        return attrs


class CreateInput(serializers.Serializer[Any]):
    business_id = IdField()
    customer_id = IdField(required=False, allow_null=True)
    channel_id = IdField(required=False, allow_null=True)
    initial_message = Text(
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAX_CONTENT,
        help_text="Stored as written by the calling agent; a blank one is none.",
    )
    subject = Text(
        required=False,
        allow_blank=True,
        max_length=MAX_SUBJECT,
        help_text="Of the first message, where it goes out as a mail.",
    )


class MessageInput(serializers.Serializer[Any]):
    content = Text(max_length=MAX_CONTENT, trim_whitespace=False, allow_blank=True, help_text="Blank only with files.")
    attachments = serializers.ListField(
        child=serializers.JSONField(allow_null=True),
        required=False,
        max_length=MAX_OF_MESSAGE,
        help_text="What `upload` of this conversation returned, the objects or their `url`s; each is sent once.",
    )
    seen_seq = serializers.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        allow_null=True,
        help_text="The newest message that you know. Is there a later one of somebody else: 409, and nothing is sent.",
    )
    force = serializers.BooleanField(default=False, help_text="Send whatever came since `seen_seq`.")
    quoted_seq = serializers.IntegerField(
        min_value=1,
        max_value=2**31 - 1,
        required=False,
        allow_null=True,
        help_text="The message that this one answers. The customer sees it as a quote where the channel has quotes.",
    )


class EditInput(serializers.Serializer[Any]):
    content = Text(max_length=MAX_CONTENT, trim_whitespace=False, allow_blank=True, help_text="Blank only with files.")


class ChangeInput(serializers.Serializer[Any]):
    """At least one of them; `assignee_id` and `team_id` are for owners and admins."""

    status = serializers.ChoiceField(choices=[Status.OPEN, Status.PENDING], required=False)
    assignee_id = IdField(required=False, allow_null=True, help_text="A member's user id; null = nobody.")
    team_id = IdField(required=False, allow_null=True, help_text="null = no team.")
    priority = serializers.ChoiceField(
        choices=[each.word for each in Priority if each.word], required=False, allow_null=True, help_text="null = none."
    )
    snoozed_until = serializers.DateTimeField(
        required=False, help_text="In the future: pending until then, or until the customer writes."
    )
    customer_blocked = serializers.BooleanField(
        required=False, help_text="Whether what the customer writes is refused, in all conversations."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(_("Say what to change."), code="required")
        return attrs


class AssignQuery(serializers.Serializer[Any]):
    agent_id = IdField(help_text="The user id of an active member of the team.")


class AssigneeOutput(serializers.Serializer[Any]):
    assignee_id = serializers.UUIDField(allow_null=True)


class UploadInput(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="png, jpg, gif, webp, pdf, txt, csv, docx, xlsx, mp3, mp4 or ogg.")


class AttachmentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.CharField(help_text="Good for a day; made anew in each answer. A member's token opens it, too.")
    filename = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    width = serializers.IntegerField(allow_null=True, help_text="Of a picture, in pixels.")
    height = serializers.IntegerField(allow_null=True)
    thumbnail_url = serializers.CharField(allow_null=True, help_text="Of a picture: WebP, at most 640 pixels a side.")


class ReadInput(serializers.Serializer[Any]):
    seq = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class ReadOutput(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    unread = serializers.IntegerField()


class MessageOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    seq = serializers.IntegerField(help_text="Counts from 1 in its conversation, without gaps.")
    sender_type = serializers.ChoiceField(choices=SenderType.choices)
    sender_id = serializers.UUIDField(allow_null=True)
    sender_name = serializers.CharField(allow_null=True)
    sender_avatar_url = serializers.CharField(allow_null=True)
    content = serializers.CharField()
    attachments = AttachmentOutput(many=True)
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True, help_text="Its author changed the words then.")
    deleted_at = serializers.DateTimeField(allow_null=True, help_text="Taken back: no word and no file is left.")
    delivered_at = serializers.DateTimeField(
        allow_null=True,
        help_text="The other side has it: when its mark, which counts for all messages up to it, last rose.",
    )
    read_at = serializers.DateTimeField(allow_null=True, help_text="Likewise: it was shown to the other side.")
    ai = serializers.DictField(allow_null=True)
    sources = serializers.ListField(child=serializers.DictField())
    status = serializers.ChoiceField(choices=MessageStatus.choices)
    error = serializers.CharField(allow_null=True)
    automated = serializers.BooleanField(help_text="A customer's that no person wrote: no machine answers it.")
    sent_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was sent, by the clock of the provider that brought it."
    )
    quoted_seq = serializers.IntegerField(allow_null=True, help_text="The message that it answers.")
    reaction = serializers.CharField(allow_null=True, help_text="The emoji that the other side put on it.")
    client_message_id = serializers.CharField(allow_null=True, required=False)


class StaleOutput(serializers.Serializer[Any]):
    """Nothing was sent: these messages of others came in the meantime."""

    detail = serializers.CharField()
    error = serializers.ChoiceField(choices=["stale"])
    news = MessageOutput(many=True)


class CustomerOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    name = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    external_id = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    notes = serializers.CharField(allow_null=True, help_text="What the team should know of them. They never see it.")
    attributes = serializers.DictField(help_text="The team's own facts: texts, numbers, true and false.")
    verified = serializers.BooleanField()
    last_seen_at = serializers.DateTimeField(allow_null=True, help_text="When they last wrote, to a few minutes.")
    page = serializers.CharField(allow_null=True, help_text="Where they had the chat open last, as their browser says.")
    browser = serializers.CharField(allow_null=True, help_text="What that browser calls itself.")
    page_at = serializers.DateTimeField(allow_null=True, help_text="When that was, to a few minutes.")
    merged_into_id = serializers.UUIDField(allow_null=True, help_text="The customer who is the same person.")
    created_at = serializers.DateTimeField()


class ConversationOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    customer_id = serializers.UUIDField(allow_null=True)
    assignee_id = serializers.UUIDField(allow_null=True)
    team_id = serializers.UUIDField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)
    channel_type = serializers.ChoiceField(choices=ChannelType.choices)
    channel_id = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    first_response_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    spam_at = serializers.DateTimeField(allow_null=True, help_text="Closed as spam since then.")
    customer = CustomerOutput(allow_null=True)
    messages = MessageOutput(many=True)
    last_message = MessageOutput(allow_null=True)
    tags = serializers.ListField(child=serializers.DictField())
    priority = serializers.ChoiceField(choices=[each.word for each in Priority if each.word], allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)
    handoff_reason = serializers.ChoiceField(choices=HandoffReason.choices, allow_null=True)
    merged_into_id = serializers.UUIDField(allow_null=True, help_text="The conversation that shows it, too.")
    unread = serializers.IntegerField(allow_null=True)


class HandoffOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    customer_id = serializers.UUIDField(allow_null=True)
    handoff_reason = serializers.ChoiceField(choices=HandoffReason.choices)
    status = serializers.ChoiceField(choices=Status.choices)
    created_at = serializers.DateTimeField()


class HistoryOutput(serializers.Serializer[Any]):
    results = MessageOutput(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="The `seq` to go on from, or null at the end.")


class ResolvedOutput(serializers.Serializer[Any]):
    resolved_at = serializers.DateTimeField(required=False)
    detail = serializers.CharField(required=False, help_text="`Already resolved`")


class ClosedOutput(serializers.Serializer[Any]):
    closed_at = serializers.DateTimeField(required=False)
    detail = serializers.CharField(required=False, help_text="`Already closed`")


class SpamOutput(serializers.Serializer[Any]):
    spam_at = serializers.DateTimeField(required=False)
    detail = serializers.CharField(required=False, help_text="`Already spam`")
