"""What comes in, in our words: a provider's request, and the events that an adapter makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import SuspiciousOperation

from channels_app.adapters.errors import DeliveryError
from channels_app.adapters.json import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A provider's request as it came. headers: names in lower case. query: the first of each. url: as the provider
    sees it, on PUBLIC_BASE_URL."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises SuspiciousOperation for what is no JSON."""
        try:
            return read(self.body)
        except ValueError as error:
            raise SuspiciousOperation("No JSON.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A slice of a request that stands for itself. account: whose it is on a path without a channel's id, compared with
    `accounts`. dedup_key: the same each time that the provider sends it. body: what is no JSON (a mail): `raw` of
    the payload that is parsed, as base64 or as something that `bytes` reads. is_passing: over in a moment (somebody
    types), so that it is told at once and not kept."""

    dedup_key: str
    payload: Any
    account: str = ""
    body: bytes = b""
    is_passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a provider gets to hear at once: a challenge, above all."""

    body: str = ""
    status: int = 200
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRef:
    """Who wrote. keys: strongest first, any that is known is the contact, like ("bsuid:GB.44", "tel:+447700900123").

    proven: those of `keys` that the provider vouches for and that other channels know, too: they lead to the same
    customer across channels. A claim of the sender's own is never among them.
    """

    keys: tuple[str, ...]
    proven: tuple[str, ...] = ()
    name: str = ""
    handle: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRef:
    """kind: image, audio, voice, video, document, sticker. provider_ref: opaque to the core. size: as declared.

    content_id: what the HTML of its mail calls it.
    """

    kind: str
    provider_ref: str
    mime_type: str = ""
    filename: str = ""
    size: int | None = None
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEvent:
    """occurred_at: by the provider's clock, for display only (Message.sent_at)."""

    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a mail is beside its words, as `conversations.MailOriginal` keeps it. html: cleaned."""

    subject: str
    to: str
    cc: str
    quoted: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(InboundEvent):
    """thread_key: the conversation at the provider, and where an answer is sent. reply_to: an external id.

    threads: further external ids or keys that tell the conversation (e-mail's References), nearest first.
    automated: no person wrote it (a list, a form on a website), or not to us (Meta's agent, or another app, is at it):
    no machine answers it, and it reopens nothing.
    starts: it may begin a conversation; else (out of office) it is only shown in one that is there.
    one_thread: a contact has one conversation here, whichever of its keys it writes with. album: files of one message
    that come one by one have it alike.
    conversation_id: the one that a token of ours names. own_only: it joins only a conversation of the same contact, as
    whoever knows an id or a token must not get into somebody else's. address: where answers go, if not `thread_key`.
    pressed: a button that waits to hear that it was (`heard_press`).
    elsewhere: what answers would be sent to instead of to whoever wrote (Reply-To), with own_address as the `address`
    that leads to the latter: in a conversation that is there, only what is known in it is believed.
    """

    contact: ContactRef
    thread_key: str
    external_id: str
    text: str = ""
    media: tuple[MediaRef, ...] = ()
    reply_to: str = ""
    threads: tuple[str, ...] = ()
    automated: bool = False
    starts: bool = True
    one_thread: bool = False
    album: str = ""
    conversation_id: UUID | None = None
    own_only: bool = False
    address: str = ""
    letter: Letter | None = None
    pressed: str = ""
    elsewhere: str = ""
    own_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoReceived(InboundEvent):
    """Sent by us, or with another tool in our name. correlation: our delivery's id, when the provider returns it.
    contact: the customer, where several keys lead to one thread."""

    thread_key: str
    external_id: str
    text: str = ""
    media: tuple[MediaRef, ...] = ()
    contact: ContactRef | None = None
    correlation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(InboundEvent):
    external_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted(InboundEvent):
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionChanged(InboundEvent):
    """emoji: "" = taken back. by_team: somebody of ours did it, elsewhere than here."""

    external_id: str
    contact: ContactRef
    emoji: str
    by_team: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(InboundEvent):
    """status: sent, delivered, read or failed. correlation: our delivery's id, where a provider returns it. recipient:
    whom it is about, where others got the same."""

    status: str
    external_id: str = ""
    recipient: str = ""
    correlation: str = ""
    error: DeliveryError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged(InboundEvent):
    """old_key: a key of the contact; new_keys: further ones from now on, and `is_as_well` when the old one stays good.
    proven: those of new_keys that the provider vouches for.
    address: where answers go from now on, when it is another. reachable: None = nothing is said of it; why: they are
    not, when it is another reason than a block."""

    old_key: str
    new_keys: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()
    is_as_well: bool = False
    address: str = ""
    reachable: bool | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingSeen(InboundEvent):
    """The customer writes just now."""

    thread_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedToGroup(InboundEvent):
    """Somebody took the account into a group, where it talks to nobody and says so once (`decline_group`)."""

    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTold(InboundEvent):
    """An id of our account that nobody entered, by its name in the channel's config."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTrouble(InboundEvent):
    """The provider says that something is wrong with our account, in a sentence; how it stands is asked at once."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsRevoked(InboundEvent):
    reason: str
