"""A mail's bytes, read into what the inbox needs. Pure: no database, no network, no clock.

The standard library takes the mail apart under its forgiving policy, which raises nothing for what is not as the rules
say; header fields are decoded here (`headers.py`), because the strict policy raises on some that real programs write.
"""

import hashlib
import re
import threading
from collections.abc import Collection, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.parser import BytesFeedParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from typing import Protocol

from django.utils.translation import gettext as _

from channels_app.adapters.email import headers
from channels_app.adapters.email.bodies import pictures_in, safe_html, to_text
from channels_app.adapters.email.headers import Address
from channels_app.adapters.email.noise import Bounce, Kind, bounce_in, kind_of
from channels_app.adapters.email.quotes import fold
from channels_app.adapters.errors import Unreadable
from foundation.filenames import shown_name

MAX_BYTES = 25 * 1024 * 1024
MAX_PARTS = 1_000
MAX_FILES = 50
MAX_DEPTH = 30
# All fields of a mail, in front of its body.
MAX_FIELDS = 1024 * 1024
BIG = 1024 * 1024
PIECE = 64 * 1024
_END_OF_FIELDS = re.compile(rb"(?>\r\n|\r|\n)(?>\r\n|\r|\n)")
_big = threading.Lock()

_SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
_ENCRYPTED = {"application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
_ENDINGS = {
    "text/calendar": "ics",
    "message/rfc822": "eml",
    "text/csv": "csv",
    "text/plain": "txt",
    "text/html": "html",
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "text/x-vcard": "vcf",
    "text/vcard": "vcf",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """content_id: without brackets, "" for none. inline: the HTML view shows it, so the list of files need not."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail. Ids are without brackets; addresses in lower case.

    dedup_key: the same for the same mail, whichever way it comes. recipients: every address that it was sent to as far
    as its fields say. references: newest first, In-Reply-To before all. text: what was written now; quoted: what was
    folded; html: cleaned, pictures still as `cid:`. sent_at: by the sender's clock, None when it says none.
    encrypted, tnef: what is in it cannot be opened here. failed_checks: the receiving server says it is not from who
    it claims. Nobody's claim to be somebody counts, in either case.
    """

    dedup_key: str
    message_id: str
    references: tuple[str, ...]
    sender: Address
    reply_to: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    recipients: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    text: str
    quoted: str
    html: str
    files: tuple[File, ...]
    kind: Kind
    bounce: Bounce | None
    encrypted: bool
    tnef: bool
    failed_checks: bool

    @property
    def is_automatic(self) -> bool:
        """Whether a machine wrote it: kept, and answered by no other machine."""
        return self.kind != Kind.PERSON


class Unread(Protocol):
    """A mail's bytes where they lie: `bytes` reads them."""

    def __len__(self) -> int: ...
    def __bytes__(self) -> bytes: ...


def read(mail: bytes | Unread, *, own: Collection[str] = (), mark: str = "") -> Mail:
    """own: every address of ours, in lower case. mark: what is in our own mails.

    Raises Unreadable; OSError for one that is not where it lay.

    To take a mail apart takes several times its bytes: of big ones, a process holds and reads one at a time.
    """
    with _big if len(mail) > BIG else nullcontext():
        raw = bytes(mail)
        _refuse_unreadable(raw)
        try:
            return _read(_taken_apart(raw), raw, own, mark)
        except RecursionError as error:
            raise Unreadable(_("The mail's parts nest too deep.")) from error


def _taken_apart(raw: bytes) -> "Message[str, str]":
    """Piece by piece: as a whole it would lie in memory as bytes, as text and as lines."""
    parser = BytesFeedParser(policy=compat32)
    for at in range(0, len(raw), PIECE):
        parser.feed(raw[at : at + PIECE])
    return parser.close()


def envelope(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """A mail's `dedup_key` and `recipients`, by its fields alone: its parts are not looked at. Raises Unreadable."""
    mail = _fields_of(raw)
    if not mail.keys():
        raise Unreadable(_("This is not a mail."))
    return _dedup_key(mail, raw, _message_id(mail)), _recipients(mail)


def outline(raw: bytes) -> str:
    """From whom a mail is and about what, in a line; "" where its fields do not say."""
    mail = _fields_of(raw)
    senders = headers.addresses(mail, "from", "sender")
    return ": ".join(words for words in (senders[0].email if senders else "", headers.subject_of(mail)) if words)


def _fields_of(raw: bytes) -> "Message[str, str]":
    end = _END_OF_FIELDS.search(raw, 0, MAX_FIELDS)
    return message_from_bytes(raw[: end.end() if end else MAX_FIELDS], policy=compat32)


def _read(mail: "Message[str, str]", raw: bytes, own: Collection[str], mark: str) -> Mail:
    if not mail.keys():
        raise Unreadable(_("This is not a mail."))
    body = _Body()
    for part in _leaves(mail):
        body.take(part)
    html = safe_html("\n".join(body.htmls)) if body.htmls else ""
    plain = "\n".join(body.texts).strip("\n")
    whole = plain if plain.strip() else to_text(html)
    senders = headers.addresses(mail, "from") or headers.addresses(mail, "sender", "return-path")
    sender = senders[0] if senders else Address(email="")
    kind = kind_of(mail, sender=sender.email, own=own, mark=mark)
    folded = fold(whole)
    message_id = _message_id(mail)
    reply_to = headers.addresses(mail, "reply-to")
    return Mail(
        dedup_key=_dedup_key(mail, raw, message_id),
        message_id=message_id,
        references=_references(mail),
        sender=sender,
        reply_to=reply_to[0] if reply_to else sender,
        to=headers.addresses(mail, "to"),
        cc=headers.addresses(mail, "cc"),
        recipients=_recipients(mail),
        subject=headers.subject_of(mail),
        sent_at=_date(headers.field(mail, "date")),
        text=folded.shown,
        quoted=folded.rest,
        html=html,
        files=_shown_inline(body.files, html),
        kind=kind,
        bounce=bounce_in(list(_all_parts(mail)), whole) if kind == Kind.BOUNCE else None,
        encrypted=body.encrypted,
        tnef=body.tnef,
        failed_checks=_failed_checks(mail),
    )


class _Body:
    """What the parts of a mail come to."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.htmls: list[str] = []
        self.files: list[File] = []
        self.encrypted = self.tnef = False

    def take(self, part: "Message[str, str]") -> None:
        kind = part.get_content_type()
        if part.get_content_maintype() == "multipart":  # its boundary never comes
            kind = "text/plain"
        name = _given_name(part)
        attached = headers.field(part, "content-disposition").partition(";")[0].strip().lower() == "attachment"
        if kind in _SIGNATURES:
            return
        if kind in _ENCRYPTED:
            self.encrypted = True
        if kind in _TNEF or name.lower() == "winmail.dat":
            self.tnef = True
        content = _content(part)
        if kind in {"text/plain", "text/html"} and not name and not attached:
            words = headers.text_of(content, headers.parameter(part, "charset"))
            if kind == "text/html":
                self.htmls.append(words)
            else:
                self.texts.append(_reflowed(words, part))
        elif (content or name) and len(self.files) < MAX_FILES:
            self.files.append(
                File(
                    name=shown_name(name) or f"attachment-{len(self.files) + 1}.{_ENDINGS.get(kind, 'bin')}",
                    content_type=kind,
                    content=content,
                    content_id=next(iter(headers.ids_in(headers.field(part, "content-id"))), ""),
                )
            )


def _leaves(mail: "Message[str, str]") -> "Iterator[Message[str, str]]":
    """The parts that hold something, in their order. A mail inside is one part. Raises Unreadable."""
    stack = [(mail, 0)]
    while stack:
        part, depth = stack.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            if depth >= MAX_DEPTH:
                raise Unreadable(_("The mail's parts nest too deep."))
            stack += [(one, depth + 1) for one in reversed(_inside(part))]
        elif part.get_content_type() != "message/delivery-status":
            yield part


def _all_parts(mail: "Message[str, str]") -> "Iterator[Message[str, str]]":
    """Also what is inside the mails inside, for a bounce."""
    stack = [(mail, 0)]
    while stack:
        part, depth = stack.pop()
        yield part
        if depth < MAX_DEPTH:
            stack += [(one, depth + 1) for one in reversed(_inside(part))]


def _inside(part: "Message[str, str]") -> "list[Message[str, str]]":
    """The parts of a part. Words are not asked for: the parser decodes them then, and trips over a broken charset."""
    return [one for one in part.get_payload() if isinstance(one, Message)] if part.is_multipart() else []


def _content(part: "Message[str, str]") -> bytes:
    try:
        if part.is_multipart():  # a mail inside
            return next((one.as_bytes() for one in _inside(part)), b"")
        content = part.get_payload(decode=True)
    except (UnicodeError, LookupError, ValueError, TypeError, AttributeError, KeyError):
        return b""
    return content if isinstance(content, bytes) else b""


def _given_name(part: "Message[str, str]") -> str:
    return headers.parameter(part, "filename", "content-disposition") or headers.parameter(part, "name")


def _reflowed(text: str, part: "Message[str, str]") -> str:
    """Lines that were cut only to be short, whole again (RFC 3676). Quoted ones are left alone."""
    if headers.parameter(part, "format").lower() != "flowed":
        return text
    joined = "" if headers.parameter(part, "delsp").lower() == "yes" else " "
    out: list[str] = []
    open_line = False
    for line in text.split("\n"):
        words = line.removeprefix(" ") if not line.startswith(">") else line
        flows = words.endswith(" ") and words != "-- " and not words.startswith(">")
        words = words[:-1] + joined if flows else words
        if out and not (open_line and not words.startswith(">")):
            out.append("\n")
        out.append(words)
        open_line = flows
    return "".join(out)


def _shown_inline(files: list[File], html: str) -> tuple[File, ...]:
    pictures = pictures_in(html)
    return tuple(replace(one, inline=bool(one.content_id) and one.content_id in pictures) for one in files)


def _message_id(mail: "Message[str, str]") -> str:
    return next(iter(headers.ids(mail, "message-id")), "")


def _recipients(mail: "Message[str, str]") -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "to", "cc", "resent-to")
    return tuple(one.email for one in headers.addresses(mail, *names))


def _references(mail: "Message[str, str]") -> tuple[str, ...]:
    chain = [*headers.ids(mail, "in-reply-to"), *reversed(headers.ids(mail, "references"))]
    return tuple(dict.fromkeys(chain))[: headers.MAX_IDS]


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _dedup_key(mail: "Message[str, str]", raw: bytes, message_id: str) -> str:
    if message_id:
        return headers.key_of_id(message_id)
    body = raw.partition(b"\r\n\r\n")[2] or raw.partition(b"\n\n")[2]
    told = "|".join(headers.field(mail, name) for name in ("from", "date", "subject"))
    return f"raw:{hashlib.sha256(told.encode() + b'|' + body.rstrip()).hexdigest()}"


def _failed_checks(mail: "Message[str, str]") -> bool:
    """A claim to have failed is worth believing from anybody; one to have passed is not looked at."""
    results = " ".join(headers.fields(mail, "authentication-results")).lower()
    if re.search(r"\bdmarc=fail\b", results):
        return True
    return bool(re.search(r"\bspf=(?:fail|softfail)\b", results)) and "dkim=pass" not in results


def _refuse_unreadable(raw: bytes) -> None:
    """Each part costs a thousand times its bytes: counted before the library makes them."""
    if len(raw) > MAX_BYTES:
        raise Unreadable(_("The mail is too big."))
    names = {name.strip() for name in re.findall(rb'boundary\s*=\s*"?([^";\r\n]{1,200})', raw[: 4 * 1024 * 1024], re.I)}
    if len(names) > MAX_PARTS or sum(raw.count(b"\n--" + name) for name in names if name) > MAX_PARTS:
        raise Unreadable(_("The mail has too many parts."))
