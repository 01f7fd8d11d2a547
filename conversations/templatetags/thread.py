"""The messages of a thread, each drawn once for as long as it shows the same."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeText
from django.utils.translation import gettext as _

from accounts.models import User
from conversations.asides import Line, Words
from conversations.hues import hue_of
from conversations.merged import Elsewhere
from conversations.models import ChannelType, Conversation, Message, MessageStatus, SenderType
from conversations.pages import Entry
from conversations.services.editing import may_change
from conversations.templatetags.rows import Clock
from foundation.drawing import filled
from foundation.web import address

register = template.Library()

# Some three KB each; a long message is drawn whenever it is shown, and so is one with files, whose addresses end.
KEPT, LONG = 4_000, 2_000
# The rest is in the original.
QUOTED = 20_000
# An original of fewer letters and lines, with no picture, has a low frame: what is in a frame does not tell its height.
SHORT, FEW_LINES = 300, 4
# Of a message that another one answers: it is a line.
QUOTE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Of a message that came as a mail. subject: "" when it says nothing new. original: where it is shown whole.
    far: there with the pictures that did not come along, "" = there are none. is_short: some lines at most, as far as
    its words tell."""

    subject: str
    to: str
    cc: str
    quoted: str
    original: str
    far: str
    is_short: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The message that one answers, in a line. address: where it stands."""

    who: str
    text: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The conversation of a message that shows in another one, and its number there."""

    conversation_id: UUID
    seq: int
    channel_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Everything that a message shows but its files, and nothing else: what is equal looks alike.

    day: the mark above it. who: for screen readers. name, key, picture: of its avatar. byline: below it.
    state: of an agent's message, what became of it; "" for a customer's. edit: where its reader changes it, "" when
        it cannot be changed any more. retry: where it is sent again, or its files are fetched,
        "" unless that failed. sources: ids and titles of
        the articles that Theo's words are from. answer: where its reader begins an answer that quotes it, "" where
        the channel has no quotes. react: where an emoji is put on a customer's message, "" where the channel has none.
        sent_at: set where it arrived long after that. machine: what is to be known of words that no machine answers.
        own: None where it shows in its own conversation; else `seq` is of the message that it follows.
    """

    clock: Clock
    pk: UUID
    seq: int
    by_team: bool
    who: str
    name: str
    key: UUID | None
    picture: str
    byline: str
    content: str
    created_at: datetime
    sent_at: datetime | None
    machine: str
    day: date | None
    is_new: bool
    is_same: bool
    is_failed: bool
    state: str
    error: str
    is_edited: bool
    is_deleted: bool
    edit: str
    retry: str
    is_called_wrong: bool
    is_theos: bool
    sources: tuple[tuple[str, str], ...]
    mail: Letter | None
    quote: Quote | None
    reaction: str
    answer: str
    react: str
    own: Own | None = None


@register.simple_tag(takes_context=True)
def drawn_messages(context: template.Context) -> SafeText:
    """The context's `entries` of its `conversation` with the `asides` between them, as list items."""
    clock, reader, about = Clock.now(), context["user"], context["conversation"]
    entries, asides = context["entries"], dict(context["asides"])
    quotes, signs = bool(context.get("has_quotes")), bool(context.get("has_signs"))
    drawn = []
    for entry in entries:
        for seq in [each for each in sorted(asides) if each < entry.message.seq]:
            drawn += [_aside(aside, clock, reader) for aside in asides.pop(seq)]
        drawn.append(_drawn(_said(entry, about, clock, reader, quotes, signs), entry.message.attachments))
    drawn += [_aside(aside, clock, reader) for seq in sorted(asides) for aside in asides[seq]]
    return format_html_join("", "{}", ((each,) for each in drawn))


def _aside(aside: Line | Words | Elsewhere, clock: Clock, reader: User) -> SafeText:
    if isinstance(aside, Elsewhere):
        said = _said(aside.entry, aside.about, clock, reader, quotes=False, signs=False)
        own = Own(conversation_id=aside.about.pk, seq=said.seq, channel_type=aside.about.channel_type)
        return _drawn(replace(said, seq=aside.after_seq, own=own), aside.entry.message.attachments)
    name = "note" if isinstance(aside, Words) else "activity"
    return render_to_string(f"conversations/{name}.html", {"aside": aside, "user": reader})


def _drawn(said: Said, files: list[Any]) -> SafeText:
    if files or len(said.content) + len(said.mail.quoted if said.mail else "") > LONG or settings.DEBUG:
        return _draw.__wrapped__(said, files)
    return _draw(said)


@lru_cache(maxsize=KEPT)
def _draw(said: Said, files: list[Any] | None = None) -> SafeText:
    return render_to_string("conversations/message.html", {"said": said, "files": files})


def _machine(message: Message, about: Conversation) -> str:
    """ "" for a person's words to us. In a text message STOP and START are not, which are answered already."""
    if not message.automated:
        return ""
    if about.channel_type in {ChannelType.WHATSAPP, ChannelType.INSTAGRAM}:
        return _("Handled elsewhere until you reply")
    return _("Gets no automatic answer") if about.channel_type == ChannelType.SMS else _("Automatic")


def _said(entry: Entry, about: Conversation, clock: Clock, reader: User, quotes: bool, signs: bool) -> Said:
    message, sender = entry.message, entry.message.sender
    by_team = message.sender_type == SenderType.AGENT
    if by_team:
        who = author_of(message, about, reader)
        name = message.team_name
        byline = who if message.sender_id == reader.pk or not sender else sender.get_short_name()
    else:
        name = _name_of(about)
        who = byline = name or _("Customer")
        name = name or "?"
    has_failed = message.status == MessageStatus.FAILED
    can_retry = has_failed or bool(message.error and not by_team)
    may_quote = quotes and message.deleted_at is None and (not by_team or message.status == MessageStatus.SENT)
    may_react = signs and message.deleted_at is None and not by_team
    changeable = may_change(message, conversation=about, user_id=reader.pk, now=timezone.now())
    return Said(
        clock=clock,
        pk=message.pk,
        seq=message.seq,
        by_team=by_team,
        who=who,
        name=name,
        key=message.sender_id if by_team else about.customer_id,
        picture=sender.picture if by_team and sender else "",
        byline=byline,
        content=message.content,
        created_at=message.created_at,
        sent_at=message.sent_at if message.came_late else None,
        machine=_machine(message, about),
        day=entry.day,
        is_new=entry.new,
        is_same=entry.same,
        is_failed=has_failed,
        state=entry.status if by_team else "",
        error=message.error,
        is_edited=message.edited_at is not None,
        is_deleted=message.deleted_at is not None,
        retry=address("conversation-message-retry", about.pk, message.pk) if can_retry else "",
        mail=_letter(entry, about),
        edit=address("conversation-message", about.pk, message.pk) if changeable else "",
        is_theos=message.is_theos,
        is_called_wrong=message.is_called_wrong,
        sources=tuple((source["id"], source["title"]) for source in message.ai_sources or []),
        quote=_quote(entry.quoted, about, reader) if entry.quoted else None,
        reaction=message.reaction,
        answer=f"{address('conversation', about.pk)}?quote={message.seq}" if may_quote else "",
        react=address("conversation-message-reaction", about.pk, message.pk) if may_react else "",
    )


def author_of(message: Message, about: Conversation, reader: User) -> str:
    if message.sender_type == SenderType.AGENT:
        return _("You") if message.sender_id == reader.pk else message.team_name
    return _name_of(about) or _("Customer")


def _name_of(about: Conversation) -> str:
    """The customer's, kept with the conversation that was read for one page; "" without a customer."""
    kept: str | None = vars(about).get("_name_on_page")
    if kept is None:
        kept = vars(about)["_name_on_page"] = str(about.customer.display_name) if about.customer else ""
    return kept


def _quote(quoted: Message, about: Conversation, reader: User) -> Quote:
    place = f"{address('conversation', about.pk)}?at={quoted.seq}#message-{quoted.pk}"
    return Quote(who=author_of(quoted, about, reader), text=quoted.preview[:QUOTE], address=place)


@register.simple_tag(takes_context=True)
def answered_message(context: template.Context) -> SafeText:
    """What the composer's reply answers: the context's `quoted`, None for nothing."""
    quoted, about = context.get("quoted"), context["conversation"]
    quote = (quoted.seq, _quote(quoted, about, context["user"])) if quoted else None
    return filled("conversations/quoting.html", quote)


@register.simple_tag
def mark(status: str) -> SafeText:
    """How far a message of the team's is: `sent`, `delivered` or `read`."""
    return filled("conversations/mark.html", status)


def _letter(entry: Entry, about: Conversation) -> Letter | None:
    mail = entry.mail
    if mail is None:
        return None
    words = f"{entry.message.content}\n{mail.quoted}".strip()
    is_short = len(words) <= SHORT and words.count("\n") < FEW_LINES and not entry.message.attachments
    original = address("conversation-original", about.pk, mail.pk)
    return Letter(
        subject="" if entry.message.content.startswith(mail.subject) else mail.subject,
        to=mail.to,
        cc=mail.cc,
        quoted=mail.quoted[:QUOTED],
        original=original if entry.message.sender_type == SenderType.CUSTOMER else "",
        far=f"{original}?far=1" if mail.has_far_pictures else "",  # type: ignore[attr-defined]
        is_short=is_short,
    )


@register.filter
def tag_hue(color: str) -> str:
    return f"hue{hue_of(color)}"
