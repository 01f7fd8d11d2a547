"""Taking in what visitors write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_app.models import Channel
from conversations import events
from conversations.models import ChannelType, Conversation, Customer, Message, SenderType, Status
from conversations.services.message_drafts import Draft, check_content, fingerprint_of
from conversations.services.messages import Posted, post_messages
from conversations.services.opening import open_conversation
from foundation import throttles
from foundation.errors import Forbidden, KeyReused, NotFound, TooFast, Unprocessable
from foundation.ids import new_id, parse_id
from foundation.text import is_clean
from widgets import keys
from widgets.claims import checked_claims, note_claims
from widgets.models import FIRST_GENERATION, Visitor, Widget
from widgets.selectors import conversations_of

# How long the very first message of a visitor can be repeated without a key (design.md 9).
FIRST_MESSAGE_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What became of a visitor's message. created: false for a repeat, of which nobody is told."""

    message: Message
    created: bool
    conversation: Conversation
    visitor: Visitor
    visitor_key: str


def receive_client_message(
    *,
    business_id: UUID,
    content: str,
    widget: Widget | None = None,
    visitor: Visitor | None = None,
    client_message_id: str | None = None,
    conversation_id: UUID | None = None,
    new: bool = False,
    claims: dict[str, str] | None = None,
    attachments: Sequence[UUID] = (),
) -> Received:
    """Store what a visitor wrote, in the conversation that it belongs to.

    Without `conversation_id`: the visitor's newest one that is not closed, else a new one; `new` opens one in any
    case. A stranger (no `visitor`) becomes a visitor with a customer of its own and gets a key. `claims` (name,
    email, external_id) are shown as unverified and never find anybody.
    `attachments`: uploaded by the visitor to that conversation, or to none yet.
    Safe to repeat with the same `client_message_id`, a random UUID when the writer is still a stranger.
    Raises NotFound (not the visitor's conversation), Forbidden (chat switched off, or for verified visitors only),
    Unprocessable, TooFast (too many new visitors from this address, or in this workspace).
    Source: design.md 9.
    """
    check_content(content, has_attachments=bool(attachments))
    require_verified(business_id=business_id, widget=widget, visitor=visitor)
    told = checked_claims(claims or {})
    _check_client_message_id(client_message_id)
    scope = widget.pk if widget else business_id
    first_key = f"w:{scope}:{client_message_id}" if client_message_id else None
    if visitor is None and conversation_id is not None:
        raise NotFound  # a stranger has none yet, whosever this is
    if visitor is None:
        words = _Words(content=content, key=first_key, attachments=tuple(attachments))
        return _from_stranger(business_id, words, widget, told)
    key = f"w:{visitor.pk}:{client_message_id}" if client_message_id else None
    words = _Words(content=content, key=key, attachments=tuple(attachments))
    if first_key and (repeat := _repeat(first_key, words, of=visitor)):
        return repeat
    with events.gathered():
        received = _from_visitor(visitor, words, conversation_id=conversation_id, new=new)
        if received.created:
            note_claims(visitor.customer, told)
    return received


def require_verified(*, business_id: UUID, widget: Widget | None, visitor: Visitor | None) -> None:
    """Raises Forbidden where only verified visitors may write and this is none.

    Who names no widget is taken as a visitor of any: it is refused when there is no widget that takes strangers.
    """
    if visitor and visitor.customer.verified:
        return
    if widget:
        is_closed = widget.is_for_verified_only
    elif visitor:
        return  # of a time when it was let in; its own conversations stay its own
    else:
        widgets = Widget.objects.filter(business_id=business_id)
        is_closed = bool(widgets) and all(each.is_for_verified_only for each in widgets)
    if is_closed:
        raise Forbidden(_("Sign in on this site to write to us."))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What a visitor sends, and the key that it is sent under."""

    content: str
    key: str | None
    attachments: tuple[UUID, ...]

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.content, *self.attachments)


def visitors_draft(
    *, visitor: Visitor, widget: Widget | None, conversation_id: UUID, content: str, client_message_id: str | None
) -> Draft:
    """Words for a conversation that the visitor named, as `receive_client_message` would store them.

    Asks no database: what is not the visitor's, or switched off, is refused when it is stored. Raises Forbidden (for
    verified visitors only), Unprocessable.
    """
    require_verified(business_id=visitor.business_id, widget=widget, visitor=visitor)
    _check_client_message_id(client_message_id)
    scope = widget.pk if widget else visitor.business_id
    return Draft(
        conversation_id=conversation_id,
        sender_type=SenderType.CUSTOMER,
        content=content,
        business_id=visitor.business_id,
        customer_id=visitor.customer_id,
        dedup_key=f"w:{visitor.pk}:{client_message_id}" if client_message_id else None,
        # The first message of a stranger, sent again by the visitor that it made.
        former_key=f"w:{scope}:{client_message_id}" if client_message_id else None,
        fingerprint=fingerprint_of(content),
    )


def _check_client_message_id(client_message_id: str | None) -> None:
    if client_message_id is not None and not (1 <= len(client_message_id) <= 128 and is_clean(client_message_id)):
        raise Unprocessable(_("Use 1 to 128 characters."), field="client_message_id")


def _from_visitor(visitor: Visitor, words: _Words, *, conversation_id: UUID | None, new: bool) -> Received:
    if conversation_id is not None:
        conversation = conversations_of(visitor).filter(pk=conversation_id).first()
        if conversation is None:
            raise NotFound
        return _post(visitor, conversation, words)
    return _in_newest(visitor, words, new=new)


def _in_newest(visitor: Visitor, words: _Words, *, new: bool) -> Received:
    """The visitor's row is locked first of all, so that two tabs do not open two conversations."""
    Visitor.objects.select_for_update(of=("self",)).get(pk=visitor.pk)
    newest = None if new else conversations_of(visitor).exclude(status=Status.CLOSED).first()
    if newest:
        return _post(visitor, newest, words)
    opened = open_conversation(
        business_id=visitor.business_id,
        channel=web_channel(visitor.business_id),
        channel_type=ChannelType.WIDGET,
        customer=visitor.customer,
        content=words.content,
        attachments=words.attachments,
        dedup_key=words.key,
        fingerprint=words.fingerprint,
    )
    return _received(visitor, Posted(message=_message(opened.message), created=opened.created))


def count_stranger(business_id: UUID) -> None:
    """Raises TooFast. Beyond what one workspace takes, every address may still open a few: a flood from some addresses
    must not keep everybody else out.
    """
    address = throttles.limited_address()
    if address is None:
        return
    throttles.count_address("VISITOR")
    try:
        throttles.count("ANONYMOUS", business_id)
    except TooFast:
        throttles.count("ANONYMOUS_EACH", f"{business_id} {address}")


def _from_stranger(business_id: UUID, words: _Words, widget: Widget | None, told: dict[str, str]) -> Received:
    if words.key:
        if parse_id(words.key.rpartition(":")[2]) is None:
            raise Unprocessable(_("Use a random UUID."), field="client_message_id")
        if repeat := _repeat(words.key, words, of=None):
            return repeat
    count_stranger(business_id)
    customer = Customer(business_id=business_id, **told)
    visitor = Visitor(id=new_id(), business_id=business_id, widget=widget, customer=customer)
    with transaction.atomic():
        # Before its customer: the feed's number comes last, and foreign keys are checked at the commit.
        Visitor.objects.bulk_create([visitor])
        opened = open_conversation(
            business_id=business_id,
            channel=web_channel(business_id),
            channel_type=ChannelType.WIDGET,
            customer=customer,
            new_customer=True,
            content=words.content,
            attachments=words.attachments,
            dedup_key=words.key,
            fingerprint=words.fingerprint,
        )
        if not opened.created:  # the same first message won on another connection
            transaction.set_rollback(True)
    if opened.created:
        return _received(visitor, Posted(message=_message(opened.message), created=True))
    repeat = _repeat(words.key or "", words, of=None)
    assert repeat is not None
    return repeat


def _repeat(key: str, words: _Words, *, of: Visitor | None) -> Received | None:
    """The first message of a stranger, sent again: by the visitor that it made, or for a while by a stranger.

    A stranger gets a key only as long as the first one was not revoked. Raises KeyReused for other words.
    """
    rows = Message.objects.select_related("conversation__customer", "conversation__assignee", "sender")
    message = rows.filter(dedup_key=key).first()
    if message is None:
        return None
    customer_id = message.conversation.customer_id
    if of is not None and of.customer_id != customer_id:
        return None
    if message.fingerprint != words.fingerprint:
        raise KeyReused
    if of is not None:
        return _received(of, Posted(message=message, created=False))
    if timezone.now() - message.created_at > FIRST_MESSAGE_WINDOW:
        raise Unprocessable(_("This id was used before."), field="client_message_id")
    first = Visitor.objects.select_related("customer").filter(customer__conversations=message.conversation_id)
    visitor = first.order_by("created_at", "pk").first()
    if visitor is None or visitor.generation != FIRST_GENERATION:
        raise Unprocessable(_("This id was used before."), field="client_message_id")
    return _received(visitor, Posted(message=message, created=False))


def _post(visitor: Visitor, conversation: Conversation, words: _Words) -> Received:
    if conversation.channel and not conversation.channel.is_active:
        raise Forbidden(_("This chat is switched off."))
    draft = Draft(
        conversation_id=conversation.pk,
        sender_type=SenderType.CUSTOMER,
        content=words.content,
        dedup_key=words.key,
        fingerprint=words.fingerprint,
        attachments=words.attachments,
    )
    return _received(visitor, post_messages([draft])[0])


def _received(visitor: Visitor, posted: Posted) -> Received:
    return Received(
        message=posted.message,
        created=posted.created,
        conversation=posted.message.conversation,
        visitor=visitor,
        visitor_key=keys.issue(visitor),
    )


def web_channel(business_id: UUID) -> Channel | None:
    """The workspace's web channel. None when it never had one; one that is switched off takes no messages."""
    channel = Channel.objects.default_for(business_id)
    if channel is None and Channel.objects.filter(business_id=business_id, type=ChannelType.WIDGET).exists():
        raise Forbidden(_("This chat is switched off."))
    return channel


def _message(message: Message | None) -> Message:
    assert message is not None  # opened with words
    return message
