"""Mails that no person wrote to us: auto-replies, lists, bounces, receipts, and our own coming back.

They are kept, and never answered by a machine. Source: channels.md 8.6; RFC 3834, 3464, 8098.
"""

import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum

from channels_app.adapters.email import headers

OUR_MARK = "x-pingback-channel"
OUR_ID = re.compile(r"pb\.[0-9a-f-]{36}@[^\s<>]{1,253}")


class Kind(StrEnum):
    """What a mail is: PERSON when nothing speaks against it, LOOP when it is ours.

    An AUTO_REPLY that says which mail it answers begins nothing; behind any other, and behind BULK and SYSTEM (a form
    on a website, a shop), may be a person who waits.
    """

    PERSON = "person"
    AUTO_REPLY = "auto_reply"
    BULK = "bulk"
    SYSTEM = "system"
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    LOOP = "loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What a server says about a mail of ours.

    message_ids: whose, newest last. permanent: it will not arrive; else it is only late. reason: the server's words.
    """

    recipient: str
    status: str
    permanent: bool
    reason: str
    message_ids: tuple[str, ...]


_SYSTEM = re.compile(r"(?:mailer-daemon|postmaster|no[-_.]?reply|do[-_.]?not[-_.]?reply|bounces?)(?:[-+._=].*)?")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODE = re.compile(r"\b5[0-5]\d\b")


def is_nobody(address: str) -> bool:
    """Whether nobody reads what is sent there, by its name."""
    return bool(_SYSTEM.fullmatch(address.partition("@")[0].lower()))


def kind_of(mail: "Message[str, str]", *, sender: str, own: Collection[str], mark: str) -> Kind:
    """sender: the From address in lower case. own: every address that we receive mail at. mark: what is in our own.

    A form on a website sends in our own name, and other installations mark theirs, too: neither is our own.
    """
    report = headers.parameter(mail, "report-type").lower()
    if mail.get_content_type() == "multipart/report":
        return Kind.RECEIPT if report == "disposition-notification" else Kind.BOUNCE
    local = sender.partition("@")[0]
    from_nobody = headers.field(mail, "return-path").strip() in {"<>", "< >"}
    if headers.field(mail, "x-failed-recipients") or (local.startswith("mailer-daemon") and from_nobody):
        return Kind.BOUNCE
    if mark and hmac.compare_digest(headers.field(mail, OUR_MARK).encode(), mark.encode()):
        return Kind.LOOP
    precedence = headers.field(mail, "precedence").lower()
    submitted = headers.field(mail, "auto-submitted").partition(";")[0].strip().lower()
    if (
        submitted == "auto-replied"
        or precedence == "auto_reply"
        or any(headers.field(mail, name) for name in ("x-autoreply", "x-autorespond", "x-autoresponder"))
    ):
        return Kind.AUTO_REPLY
    if (
        precedence in {"bulk", "junk", "list"}
        or headers.field(mail, "list-id")
        or headers.field(mail, "list-unsubscribe")
    ):
        return Kind.BULK
    made_by_machine = submitted not in {"", "no"} or from_nobody or _wants_no_answer(mail)
    return Kind.SYSTEM if made_by_machine or sender in own or _SYSTEM.fullmatch(local) else Kind.PERSON


def _wants_no_answer(mail: "Message[str, str]") -> bool:
    suppressed = {word.strip().lower() for word in headers.field(mail, "x-auto-response-suppress").split(",")}
    return bool(suppressed & {"all", "autoreply", "oof"})


def bounce_in(parts: "Collection[Message[str, str]]", text: str) -> Bounce:
    """What a bounce says, from its report where it has one, else from its words.

    parts: every part of the mail, the ones inside the returned mail too.
    """
    facts = {"final-recipient": "", "original-recipient": "", "action": "", "status": "", "diagnostic-code": ""}
    found: list[str] = []
    for part in parts:
        for name in facts:
            facts[name] = facts[name] or headers.shown(headers.field(part, name), most=300)
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            found += OUR_ID.findall(headers.text_of(payload)) if isinstance(payload, bytes) else []
        found += [one for one in headers.ids(part, "message-id") if OUR_ID.fullmatch(one)]
    found = found or OUR_ID.findall(text[:100_000])
    recipient = (facts["final-recipient"] or facts["original-recipient"]).rpartition(";")[2].strip().lower()
    status = (
        _STATUS.search(facts["status"]) or _STATUS.search(facts["diagnostic-code"]) or _STATUS.search(text[:20_000])
    )
    action = facts["action"].lower()
    says_permanent = status[1] == "5" if status else bool(_CODE.search(text[:20_000]))
    reason = facts["diagnostic-code"].partition(";")[2].strip() or facts["diagnostic-code"]
    return Bounce(
        recipient=recipient[: headers.MAX_ADDRESS],
        status=status[0] if status else "",
        permanent=action == "failed" if action else says_permanent,
        reason=reason or headers.shown(text, most=300),
        message_ids=tuple(dict.fromkeys(found)),
    )
