"""Making widgets, and taking in what visitors write."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.policy import Action, require
from channels_app.models import Channel
from channels_app.services import provision_widget_channel
from conversations import events
from conversations.attachments import no_such_attachment
from conversations.models import ChannelType, Conversation, Customer, Message, SenderType, Status
from conversations.services.message_drafts import Draft, check_content, fingerprint_of
from conversations.services.messages import Posted, post_messages
from conversations.services.opening import open_conversation
from foundation import throttles
from foundation.errors import Forbidden, Invalid, KeyReused, NotFound, TooFast, Unprocessable
from foundation.ids import new_id, parse_id
from foundation.text import is_clean
from foundation.web import web_address
from widgets import keys
from widgets.domains import normal_domain
from widgets.models import FIRST_GENERATION, Visitor, Widget
from widgets.options import checked, with_options
from widgets.selectors import conversations_of

MAX_CONFIG = 16_000
# How long the very first message of a visitor can be repeated without a key (design.md 9).
FIRST_MESSAGE_WINDOW = timedelta(hours=24)
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


@transaction.atomic
def create_widget(*, actor: User, options: Mapping[str, Any] | None = None, **fields: Any) -> Widget:
    """A widget for a domain, and the workspace's default channel if it has none. Owner only.

    fields: those of the contract; `domain` is required, None means "the default". options: single ones, as
    `with_options` of widgets/options.py takes them.
    Raises Invalid (the domain has one), Forbidden, Unprocessable.
    Source: contract/quickstart.txt, step 4; contract/api.md 8.
    """
    business = require(actor, Action.MANAGE_WIDGETS).business
    widget = Widget(business=business)
    if options:
        fields["config"] = with_options({}, options)
    fill(widget, {name: value for name, value in fields.items() if value is not None})
    _save(widget)
    audit.record("widget.created", business_id=business.pk, actor=actor, target=widget)
    provision_widget_channel(actor=actor, business=business, widget_id=widget.pk)
    return widget


@transaction.atomic
def update_widget(*, actor: User, widget: Widget, options: Mapping[str, Any] | None = None, **fields: Any) -> Widget:
    """Change what is given; what is not keeps its value, whoever changes that meanwhile, and None empties `logo_url`.
    `config` is the whole of it, `options` single ones as `with_options` of widgets/options.py takes them. Owner only.
    Returns it as it is now."""
    require(actor, Action.MANAGE_WIDGETS)
    widget = Widget.objects.select_for_update().select_related("business").get(pk=widget.pk)
    if options:
        fields["config"] = with_options(widget.config, options)
    before = {name: getattr(widget, name) for name in fields}
    fill(widget, {name: value for name, value in fields.items() if value is not None or name == "logo_url"})
    _save(widget, update_fields=[*fields, "updated_at"])
    if changed := [name for name, value in before.items() if value != getattr(widget, name)]:
        audit.record("widget.changed", business_id=widget.business_id, actor=actor, target=widget, fields=changed)
    return widget


def fill(widget: Widget, fields: dict[str, Any]) -> None:
    """Put checked fields into the row (not saved). Raises Unprocessable."""
    if "domain" in fields:
        widget.domain = normal_domain(fields["domain"])
    if "primary_color" in fields:
        if not _COLOUR.fullmatch(fields["primary_color"]):
            raise Unprocessable(_("Write a colour like #7650FF."), field="primary_color", kind="colour")
        widget.primary_color = fields["primary_color"]
    if "logo_url" in fields:
        widget.logo_url = _https(fields["logo_url"] or "")
    if "config" in fields:
        if len(json.dumps(fields["config"])) > MAX_CONFIG:
            text = _("At most %(most)d characters of JSON.") % {"most": MAX_CONFIG}
            raise Unprocessable(text, field="config", kind="too_long")
        widget.config = checked(fields["config"])
    for name in ("name", "welcome_heading", "welcome_tagline", "show_online_badge", "allow_subdomains"):
        if name in fields:
            setattr(widget, name, fields[name])


def _https(url: str) -> str:
    """Only shown, never fetched by us, and never anything but https."""
    address = web_address(url) if url else None
    if url and (address is None or not url.lower().startswith("https://")):
        raise Unprocessable(_("Write an address that starts with https://."), field="logo_url", kind="url")
    return url


def _save(widget: Widget, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            widget.save(update_fields=update_fields)
    except IntegrityError as error:
        text = _("%(domain)s already has a widget.") % {"domain": widget.domain}
        raise Invalid(text) from error


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
    `attachments`: uploaded to that conversation by a visitor, so a stranger has none yet.
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
        if attachments:
            raise no_such_attachment()
        return _from_stranger(business_id, content, widget, first_key, told)
    if first_key and not attachments and (repeat := _repeat(first_key, content, of=visitor)):
        return repeat
    key = f"w:{visitor.pk}:{client_message_id}" if client_message_id else None
    with transaction.atomic():
        words = _Words(content=content, key=key, attachments=tuple(attachments))
        received = _from_visitor(visitor, words, conversation_id=conversation_id, new=new)
        if received.created:
            # Its feed row follows the message's own: the workspace is locked by now, and nobody waits the other way.
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
    if words.attachments:
        raise no_such_attachment()
    opened = open_conversation(
        business_id=visitor.business_id,
        channel=_channel(visitor.business_id),
        channel_type=ChannelType.WIDGET,
        customer=visitor.customer,
        content=words.content,
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


def _from_stranger(
    business_id: UUID, content: str, widget: Widget | None, key: str | None, told: dict[str, str]
) -> Received:
    if key:
        if parse_id(key.rpartition(":")[2]) is None:
            raise Unprocessable(_("Use a random UUID."), field="client_message_id")
        if repeat := _repeat(key, content, of=None):
            return repeat
    count_stranger(business_id)
    customer = Customer(business_id=business_id, **told)
    visitor = Visitor(id=new_id(), business_id=business_id, widget=widget, customer=customer)
    with transaction.atomic():
        # Before its customer: the feed's number comes last, and foreign keys are checked at the commit.
        Visitor.objects.bulk_create([visitor])
        opened = open_conversation(
            business_id=business_id,
            channel=_channel(business_id),
            channel_type=ChannelType.WIDGET,
            customer=customer,
            new_customer=True,
            content=content,
            dedup_key=key,
            fingerprint=fingerprint_of(content),
        )
        if not opened.created:  # the same first message won on another connection
            transaction.set_rollback(True)
    if opened.created:
        return _received(visitor, Posted(message=_message(opened.message), created=True))
    repeat = _repeat(key or "", content, of=None)
    assert repeat is not None
    return repeat


def _repeat(key: str, content: str, *, of: Visitor | None) -> Received | None:
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
    if message.fingerprint != fingerprint_of(content):
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


def _channel(business_id: UUID) -> Channel | None:
    """The workspace's web channel. None when it never had one; one that is switched off takes no messages."""
    channel = Channel.objects.default_for(business_id)
    if channel is None and Channel.objects.filter(business_id=business_id, type=ChannelType.WIDGET).exists():
        raise Forbidden(_("This chat is switched off."))
    return channel


def _message(message: Message | None) -> Message:
    assert message is not None  # opened with words
    return message


CLAIMS = {"name": 200, "email": 254, "external_id": 200}


def checked_claims(claims: dict[str, Any]) -> dict[str, str]:
    """Those that are there, within their bounds. Raises Unprocessable."""
    told = {}
    for name, most in CLAIMS.items():
        value = claims.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if not isinstance(value, str) or len(value) > most or not is_clean(value):
            text = _("A text of at most %(most)d characters.") % {"most": most}
            raise Unprocessable(text, field=name)
        told[name] = value.strip()
    if "email" in told:
        try:
            validate_email(told["email"])
        except ValidationError as error:
            text = _("Write an e-mail address like cleo@example.com.")
            raise Unprocessable(text, field="email") from error
    return told


def note_claims(customer: Customer, told: dict[str, str]) -> None:
    """What a visitor says of itself; a verified customer keeps what was proven. Called last in a transaction."""
    changes = {name: value for name, value in told.items() if getattr(customer, name) != value}
    if changes and not customer.verified:
        for name, value in changes.items():
            setattr(customer, name, value)
        customer.save(update_fields=list(changes))
        events.record(customer.business_id, [events.customer_updated(customer)])
