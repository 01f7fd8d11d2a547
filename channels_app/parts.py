"""A message in the parts that its channel takes: a row of each, and what an adapter gets of it."""

from uuid import UUID

from django.db.models.functions import Now

from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import Capabilities, OutboundMessage, split
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.models import NEWEST_HEARD, Delivery, ExternalMessage
from channels_app.participants import copies_of
from conversations.models import Attachment, ChannelType, MailOriginal, Message, SenderType

# Every provider that takes a caption takes this much.
CAPTION = 1024
# So many tries, some ten minutes, wait for who gets a copy and whose server asks to come again.
TRIES_FOR_COPIES = 5


def rows_of(business_id: UUID, message: Message) -> list[Delivery]:
    """One a part: the files first, the first with the text where a caption fits, else the text in pieces after them."""
    channel_type = ChannelType(message.conversation.channel_type)
    adapter = ADAPTERS.get(channel_type)
    files = [UUID(facts["id"]) for facts in message.attachments]
    texts = split(message.content, adapter.capabilities) if adapter and message.content else [message.content]
    parts: list[tuple[UUID | None, str]] = [(file, "") for file in files]
    if adapter and adapter.capabilities.together:
        parts = [(None, "" if number else message.content) for number, _files in enumerate(_together(message))]
    elif adapter and _is_caption(message, adapter.capabilities):
        parts[0] = (files[0], message.content)
    else:
        parts += [(None, text) for text in texts if text or not files]
    return [
        Delivery(
            business_id=business_id,
            channel_id=message.conversation.channel_id,
            conversation_id=message.conversation_id,
            message=message,
            seq=message.seq,
            part=number,
            content=text,
            attachment_id=file,
            queued_at=Now(),
            due_at=Now(),
        )
        for number, (file, text) in enumerate(parts)
    ]


def _is_caption(message: Message, can: Capabilities) -> bool:
    """Whether its text goes with the first of its files."""
    if not (can.caption and message.attachments) or len(message.content) > CAPTION:
        return False
    return message.attachments[0]["content_type"].partition("/")[0] not in can.uncaptioned


def _together(message: Message) -> list[list[UUID]]:
    """The files of each part, where a part has several: as many as it may hold."""
    adapter = ADAPTERS[ChannelType(message.conversation.channel_type)]
    groups: list[list[UUID]] = [[]]
    held = 0
    for facts in message.attachments:
        held += facts["size"]
        if held > adapter.capabilities.together and groups[-1]:
            groups.append([])
            held = facts["size"]
        groups[-1].append(UUID(facts["id"]))
    return groups


def outbound_of(delivery: Delivery) -> OutboundMessage:
    """Raises DeliveryError for whoever cannot be reached."""
    assert delivery.channel
    threads = delivery.channel.threads.filter(conversation_id=delivery.conversation_id)
    thread = threads.order_by(NEWEST_HEARD).first()
    customer = delivery.conversation.customer
    adapter = ADAPTERS[ChannelType(delivery.channel.type)]
    blocked = delivery.channel.contacts.filter(customer=customer).exclude(unreachable="").first()
    if blocked and adapter.marks_unreachable:
        raise DeliveryError(blocked.unreachable, kind=Kind.PERMANENT)
    can = adapter.capabilities
    by_person = delivery.message.sender_id is not None
    return OutboundMessage(
        delivery_id=delivery.pk,
        conversation_id=delivery.conversation_id,
        customer=customer,
        content=delivery.content,
        to=thread.address if thread else "",
        attachment=delivery.attachment,
        files=_files(delivery),
        copies=tuple(copies_of(delivery.conversation)) if can.copies and by_person else (),
        reply_to=_quoted(delivery),
        answered=_answered(delivery) if can.copies else None,
        subject=_begun_with(delivery) if can.copies and not thread else "",
        may_wait=delivery.attempts <= TRIES_FOR_COPIES,
        by_person=by_person,
        last_heard_at=thread.last_heard_at if thread else None,
        template=delivery.template,
    )


def _begun_with(delivery: Delivery) -> str:
    """The subject that the team gave its first mail."""
    mails = MailOriginal.objects.filter(message__conversation=delivery.conversation_id).exclude(subject="")
    return mails.order_by("message__seq").values_list("subject", flat=True).first() or ""


def _answered(delivery: Delivery) -> Message | None:
    """What the customer wrote last before it; everybody who gets a copy of it has that."""
    before = Message.objects.filter(
        conversation=delivery.conversation_id,
        seq__lt=delivery.seq,
        sender_type=SenderType.CUSTOMER,
        deleted_at=None,
    )
    return None if delivery.part else before.order_by("-seq").first()


def _files(delivery: Delivery) -> tuple[Attachment, ...]:
    """Of a part that takes several."""
    if not ADAPTERS[ChannelType(delivery.conversation.channel_type)].capabilities.together:
        return ()
    if delivery.attachment:  # queued when each file was a mail
        return (delivery.attachment,)
    groups = _together(delivery.message)
    ids = groups[delivery.part] if delivery.part < len(groups) else []
    found = Attachment.objects.in_bulk(ids)
    return tuple(found[one] for one in ids if one in found)


def _quoted(delivery: Delivery) -> str:
    """What the provider calls the message that this one answers; only its first part does."""
    seq = delivery.message.quoted_seq
    if (
        seq is None
        or delivery.part
        or not ADAPTERS[ChannelType(delivery.conversation.channel_type)].capabilities.quotes
    ):
        return ""
    known = ExternalMessage.objects.filter(
        channel=delivery.channel, message__conversation=delivery.conversation_id, message__seq=seq
    )
    return known.order_by("pk").values_list("external_id", flat=True).first() or ""
