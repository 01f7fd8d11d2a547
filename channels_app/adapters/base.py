"""What a channel's adapter is to us. How one is written: docs/channels.md.

An adapter translates and nothing else: a provider's request into events, a part of a message into a provider's call,
a provider's error into a kind. It stores nothing, retries nothing and keeps no state.
"""

import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from channels_app.adapters.errors import DeliveryError, Kind, MediaGone
from channels_app.adapters.events import ContactChanged, InboundEvent, Incoming, MediaRef, Reply, Routed
from channels_app.models import Channel
from conversations.attachments import place_of
from conversations.models import Attachment, Customer, Message
from foundation import http


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    content: bytes
    content_type: str = ""
    filename: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """One part of a message on its way out: text, or one file with an optional caption; or text and all of `files`.

    delivery_id: the same on every try; given to providers that take a key, or return it with statuses.
    reply_to: the external id of the message that it answers, where the channel has quotes.
    to: the thread_key that the customer wrote with; "" = the customer never wrote here. last_heard_at: when they last
    did. by_person: a member wrote it, not the assistant. template: the provider's own, instead of content.
    copies: who else gets it. answered: the customer's words before it, where the channel quotes them below. may_wait:
    it may be tried again later for a copy that is not taken now. subject: what the team began the conversation with.
    """

    delivery_id: UUID
    conversation_id: UUID
    customer: Customer | None
    content: str
    to: str = ""
    attachment: Attachment | None = None
    files: tuple[Attachment, ...] = ()
    copies: tuple[str, ...] = ()
    reply_to: str = ""
    answered: Message | None = None
    may_wait: bool = False
    subject: str = ""
    by_person: bool = True
    last_heard_at: datetime | None = None
    template: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """external_ids: the provider's, in order. to: where it really went, when the provider corrects it. known_as: what
    else it calls them. left_out: copies that were not taken."""

    external_ids: tuple[str, ...]
    to: str = ""
    known_as: ContactChanged | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the composer and the splitter have to know. max_text counts `unit`s:
    characters, bytes, or utf16, where most emoji are two. window: after it nothing, or only a
    template, may be sent. max_image_bytes: where a picture may have less than another file.
    uncaptioned: kinds of files whose text goes by itself, where others take a caption.
    together: a message is one part with all of its files, as far as they have so many bytes; 0 = each file is a
    part. copies: an answer goes to everybody who got what it answers. quotes: a message may name the one that it
    answers. changes: what was sent may be edited and deleted there; the text below a file has max_caption `unit`s.
    reactions: the signs that may be put on a customer's message. typing: so long the customer sees that somebody
    writes. marks_read: the customer can be shown that a message was read. max_public: of an answer that everybody
    can read, which never goes in parts; 0 = there is none."""

    max_text: int = 10_000
    unit: str = "characters"
    max_file_bytes: int = 0
    max_image_bytes: int = 0
    file_types: tuple[str, ...] = ()
    caption: bool = False
    uncaptioned: tuple[str, ...] = ()
    together: int = 0
    copies: bool = False
    window: timedelta | None = None
    templates: bool = False
    quotes: bool = False
    changes: bool = False
    max_caption: int = 1024
    reactions: tuple[str, ...] = ()
    typing: timedelta | None = None
    marks_read: bool = False
    max_public: int = 0

    def length_of(self, text: str) -> int:
        return len(text.encode()) if self.unit == "bytes" else _utf16(text) if self.unit == "utf16" else len(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupStep:
    """Something that a person has to do at the provider. value: to be copied."""

    text: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """ok: whether messages can come in and go out. detail: a sentence. webhook: where the provider posts, in words;
    "" = it does not. facts: label to value, for the page. is_shaky: it works, and `detail` says why it may soon not.
    is_outdated: it was told less than `connect` tells it now. is_fetched: it posts nothing here and is
    asked instead."""

    ok: bool
    detail: str = ""
    webhook: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
    is_shaky: bool = False
    is_outdated: bool = False
    is_fetched: bool = False


class ChannelAdapter(ABC):
    capabilities: ClassVar[Capabilities] = Capabilities()
    max_body: ClassVar[int] = 4 * 1024 * 1024
    # What the provider hears when we have what it sent.
    thanks: ClassVar[Reply] = Reply()
    # Whether the provider sends what comes to an account to one address only.
    is_sole: ClassVar[bool] = False
    # Whether what comes to an account may name accounts of others as well, as the fields of a mail do.
    names_others: ClassVar[bool] = False
    # Whether its provider was given a `derived_secret`, so that it has to be told of a new key of ours.
    is_keyed: ClassVar[bool] = False
    # Whether messages do not say who wrote them, so that the provider is asked.
    asks_names: ClassVar[bool] = False
    # Whether a customer who gets the same delivery twice sees it once.
    repeats_unseen: ClassVar[bool] = False
    # Whether all files of a message come out of one thing, which is opened once for them.
    opens_once: ClassVar[bool] = False
    # Whether who cannot be reached is left alone until they write; else each answer has an address of its own, and it
    # is only said.
    marks_unreachable: ClassVar[bool] = True
    # How often the provider is asked for what it may not have pushed; None = never.
    polls: ClassVar[timedelta | None] = None
    # How often it is asked while `health` says `is_fetched`; None = it never says that.
    fetches: ClassVar[timedelta | None] = None

    @classmethod
    def answers_at(cls, address: str) -> str:
        """Whom an answer goes to, for people to read; "" where that says nothing. address: a thread's."""
        return ""

    @classmethod
    def is_public(cls, address: str) -> bool:
        """Whether everybody can read what is sent there."""
        return False

    @classmethod
    def length_in_public(cls, text: str) -> int:
        """As the provider counts it against max_public."""
        return len(text)

    def __init__(self, channel: Channel, secrets: Mapping[str, str]) -> None:
        """secrets: the channel's credentials in clear, for this one try."""
        self.channel = channel
        self.secrets = secrets
        # Set before what a customer may see: whatever goes wrong from then on, it may have arrived.
        self.sends_now = False

    # What comes in. First the class is asked, as the channel may not be known yet.

    @classmethod
    def handshake(cls, incoming: Incoming, channels: Iterable["ChannelAdapter"]) -> Reply | None:
        """The answer to a provider's question whether the address is ours; None when it asks nothing.

        channels: those that it can be about: of the path's channel, or all of the type.
        """
        return None

    @classmethod
    def route(cls, incoming: Incoming) -> Sequence[Routed]:
        """Everything that is in the request, in order. Raises SuspiciousOperation for what is no such request."""
        return ()

    @classmethod
    def not_now(cls, incoming_headers: Mapping[str, str]) -> int:
        """The status at which the provider sends it again. incoming_headers: names in lower case."""
        return 503

    def accounts(self) -> frozenset[str]:
        """What `Routed.account` says of this channel, on a path without a channel's id."""
        return frozenset()

    def claims(self) -> frozenset[str]:
        """Those of `accounts` whose events it may take on such a path."""
        return self.accounts()

    @classmethod
    def outline(cls, beginning: bytes) -> str:
        """From whom it is and about what, in a line, of what came and cannot be read whole; "" = that is not told."""
        return ""

    def verify(self, incoming: Incoming) -> None:
        """Raises SuspiciousOperation unless this channel's own secret vouches for the raw bytes."""
        raise SuspiciousOperation("This channel takes nothing in.")

    def parse(self, payload: Any) -> Sequence[InboundEvent]:
        """Of one routed slice. Pure; what is not understood gives nothing, and nothing raises for new fields."""
        return ()

    def bring(self, elsewhere: Mapping[str, str]) -> bytes:
        """What the provider told of and keeps: the `body` of a slice whose payload says `elsewhere`; b"" when there was
        only something to be done. Raises MediaGone, DeliveryError."""
        raise MediaGone(_("This channel keeps nothing elsewhere."))

    def journal_key(self, external_id: str) -> str:
        """Of the slice that brought a message; for channels that tell when one was taken back."""
        return ""

    def fetch_media(self, ref: MediaRef) -> Download:
        """Raises MediaGone, DeliveryError."""
        raise MediaGone(_("This channel brings no files."))

    def name_of(self, key: str) -> str:
        """How whoever has this key of a contact is called, "" when that is not told. Raises DeliveryError."""
        return ""

    def poll(self, cursor: Mapping[str, str]) -> tuple[Sequence[Routed], Mapping[str, str]]:
        """What came since then, oldest first, and how far that is; an empty cursor begins now. Raises DeliveryError."""
        return (), cursor

    # What goes out.

    @abstractmethod
    def send(self, message: OutboundMessage) -> SendResult:
        """Try once, for at most 10 s. Raises DeliveryError."""

    def show_typing(self, *, to: str, external_id: str) -> None:  # noqa: B027
        """The customer sees that somebody writes. external_id: their newest message. Raises DeliveryError."""

    def edit(self, *, external_id: str, content: str, is_caption: bool) -> None:  # noqa: B027
        """Other words in its place. Raises DeliveryError."""

    def delete(self, *, external_id: str) -> None:  # noqa: B027
        """What is gone already is no error. Raises DeliveryError."""

    def react(self, *, to: str, external_id: str, emoji: str) -> None:  # noqa: B027
        """One of `reactions` on a customer's message, "" = none any more. Raises DeliveryError."""

    def heard_press(self, pressed: str) -> None:  # noqa: B027
        """The button stops to spin. Raises DeliveryError."""

    def decline_group(self, group: str) -> None:  # noqa: B027
        """Says there that it answers in private only. Raises DeliveryError."""

    def mark_read(self, *, to: str, external_id: str) -> None:  # noqa: B027
        """The customer sees that their messages up to this one were read. Raises DeliveryError."""

    def templates(self) -> list[dict[str, Any]]:
        """Those that may be sent after the window, each as `whatsapp.templates.template_of` tells it."""
        return []

    # The connection.

    def validate(self) -> str:
        """Ask the provider whether the credentials are good; returns how the account is called there.

        May put what it learned (ids, names; nothing secret) into `channel.config`. Raises DeliveryError.
        """
        return ""

    def account(self) -> str:
        """Which account at the provider it is, as far as the credentials tell by themselves; "" = they do not. A token
        that was made anew leaves it as it is."""
        return ""

    def connect(self, callback_url: str) -> Sequence[SetupStep]:
        """Register what can be registered, and return what a person has to do. Raises DeliveryError."""
        return ()

    def disconnect(self) -> None:  # noqa: B027
        """Best effort; may be repeated. Raises DeliveryError."""

    def health(self) -> Health:
        """Raises DeliveryError."""
        return Health(ok=True)

    # For adapters.

    def derived_secret(self, purpose: str, ours: str = "") -> str:
        """A secret of this channel that need not be stored: 43 letters and digits that only we can tell.

        ours: the key that it is made with; "" = the one of today.
        """
        key = f"{purpose}:{self.channel.pk}:{sorted(self.secrets.items())}"
        return hmac.digest((ours or settings.SECRET_KEY).encode(), key.encode(), hashlib.sha256).hex()[:43]

    def call(self, method: str, url: str, *, sends: bool = False, **given: Any) -> http.Answer:
        """`http.call` with its failures as ours. sends: a repeat may reach the customer twice.

        Raises DeliveryError; MediaGone for a file with more than `max_bytes`, or where nothing may be called.
        """
        self.sends_now = self.sends_now or sends
        try:
            return http.call(method, url, **given)
        except http.OutboundRefused as error:
            if "max_bytes" in given:
                raise MediaGone(_("The address that it has may not be called.")) from None
            raise DeliveryError(_("Not sent: this address may not be called."), kind=Kind.PERMANENT) from error
        except http.OutboundFailed as error:
            if isinstance(error, http.TooBig) and not sends:
                raise MediaGone(_("It is too big to be fetched. Ask for a link instead.")) from None
            if sends and error.reached:
                raise DeliveryError(_("The provider did not say whether it was sent."), kind=Kind.AMBIGUOUS) from None
            raise DeliveryError(_("The provider does not answer.")) from None


def split(text: str, capabilities: Capabilities) -> list[str]:
    """The text in parts that fit, cut at a paragraph, line, sentence or word where there is one; no character is lost
    but the blanks at a cut."""
    parts: list[str] = []
    rest = text
    while capabilities.length_of(rest) > capabilities.max_text:
        end = _longest(rest, capabilities)
        for mark in ("\n\n", "\n", ". ", " "):
            at = rest.rfind(mark, end // 2, end)
            if at > 0:
                end = at + (1 if mark == ". " else 0)
                break
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*parts, rest] if rest or not parts else parts


def _longest(text: str, capabilities: Capabilities) -> int:
    """How many characters of it fit: never a half of one."""
    most = capabilities.max_text
    if capabilities.unit == "bytes":
        return len(text.encode()[:most].decode(errors="ignore"))
    if capabilities.unit == "utf16":
        return len(text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", errors="ignore"))
    return most


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def bytes_of(attachment: Attachment) -> bytes:
    with default_storage.open(place_of(attachment.pk)) as file:
        return bytes(file.read())


def same(one: str, other: str) -> bool:
    """Compared in constant time, whatever a stranger sends."""
    return hmac.compare_digest(one.encode(), other.encode())
