"""What may be sent in a conversation, and to whom it goes: for the composer, ours and others'."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from channels_app.adapters import ADAPTERS
from channels_app.carrying import is_public
from channels_app.changing import reactions_on
from channels_app.identity import keys_of_address
from channels_app.models import NEWEST_HEARD, Contact, Thread
from channels_app.participants import copies_of
from channels_app.threads import answers_go_to
from conversations.models import ChannelType, Conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """max_text counts `unit`s (as in Capabilities); file_types: () = all of ours. window_hours: so long after the
    customer wrote anything may be sent, None = always; then nothing, or with `templates` one of these.
    window_closes_at: None also when nobody knows. quotes: an
    answer can name what it is to. reactions: signs that can be put on a customer's message. copies: who else gets it.
    goes_to: where an answer goes if not to the customer's own address. unreachable: why it does not arrive there, until
    the customer writes; "" = nothing says so. public: everybody can read an answer, which
    never goes in parts.
    """

    max_text: int
    unit: str
    max_file_bytes: int
    file_types: list[str]
    window_hours: int | None
    window_closes_at: datetime | None
    window_closed: bool
    templates: bool
    quotes: bool
    reactions: list[str]
    copies: list[str]
    goes_to: str
    unreachable: str
    public: bool


def limits_of(conversation: Conversation) -> Limits | None:
    """None for our own channels, which have none of their own."""
    adapter = ADAPTERS.get(ChannelType(conversation.channel_type))
    if adapter is None:
        return None
    can = adapter.capabilities
    public, closes_at = is_public(conversation), window_closes_at(conversation)
    return Limits(
        max_text=can.max_public if public else can.max_text,
        unit=can.unit,
        max_file_bytes=can.max_file_bytes,
        file_types=list(can.file_types),
        window_hours=int(can.window.total_seconds() // 3600) if can.window else None,
        window_closes_at=closes_at,
        window_closed=closes_at is not None and closes_at < timezone.now(),
        templates=can.templates,
        quotes=can.quotes,
        reactions=list(reactions_on(conversation)),
        copies=copies_of(conversation) if can.copies else [],
        goes_to=_elsewhere(conversation) if can.copies else "",
        unreachable=unreachable(conversation),
        public=public,
    )


def window_closes_at(conversation: Conversation) -> datetime | None:
    """Until when anything may be sent, as far as it was heard here; None = for ever, or nobody knows. Where there are
    templates, who never wrote can be sent nothing else since the conversation began.
    """
    adapter = ADAPTERS.get(ChannelType(conversation.channel_type))
    if adapter is None or adapter.capabilities.window is None:
        return None
    if heard := heard_at(conversation):
        return heard + adapter.capabilities.window
    return conversation.created_at if adapter.capabilities.templates else None


def heard_at(conversation: Conversation) -> datetime | None:
    """When the customer last wrote there."""
    threads = Thread.objects.filter(conversation=conversation, channel=conversation.channel_id)
    return threads.order_by(NEWEST_HEARD).values_list("last_heard_at", flat=True).first()


def unreachable(conversation: Conversation) -> str:
    """Why an answer does not arrive until the customer writes; "" = nothing says so."""
    contacts = Contact.objects.filter(channel=conversation.channel_id, customer=conversation.customer_id)
    found = contacts.exclude(unreachable="").first()
    if found is None or ADAPTERS[ChannelType(conversation.channel_type)].marks_unreachable:
        return found.unreachable if found else ""
    to = answers_go_to(conversation)  # who has several addresses may have one that works
    comes_back = contacts.filter(key__in=keys_of_address(to)).exclude(unreachable="").first()
    return comes_back.unreachable if comes_back else ""


def _elsewhere(conversation: Conversation) -> str:
    to = answers_go_to(conversation)
    own = conversation.customer.email.lower() if conversation.customer else ""
    return "" if to == own else to
