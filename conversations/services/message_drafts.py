"""What is asked to be stored as a message: its words, under whose key, and the bounds of both."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from conversations.models import SenderType
from foundation.errors import Unprocessable
from foundation.text import is_clean

MAX_CONTENT = 10_000
MAX_KEY = 128
MAX_SUBJECT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message before it has a number.

    content: plain text, 1 to MAX_CONTENT characters; "" only with attachments.
    sender: the agent who wrote it; None for a customer.
    business_id: the workspace that the writer belongs to. A conversation elsewhere does not exist for it, and a
        `sender` must be a member there when it is stored. None: the caller has looked at both, under their locks.
    customer_id: likewise for a visitor, whose conversations are its customer's on the web.
    dedup_key: `w:<visitor>:<client id>`, `api:<user>:<key>` or `<channel>:<provider id>`; None = no protection.
    former_key: another key that the same words may have been stored under before.
    opens: the conversation comes with it: to write first is not yet to take it.
    fingerprint: `fingerprint_of` what was asked; another one under the same key is refused.
    attachments: uploaded by the same side to the same conversation, or a customer's to none, and not sent yet
        (`attachments.ids_in`).
    sent_elsewhere: an agent's that left the house with another tool: there is nothing to deliver.
    ai_sources: Theo's own words, and the articles that they are from (Message.ai_sources). They take no conversation,
        stop no clock of the first response, and leave who waits for a person waiting.
    automated: a customer's that no person wrote (Message.automated). It reopens nothing, and nobody waits because of it
        unless it opens the conversation.
    sent_at: when a customer sent it, by their provider's clock.
    seen_seq: the sender has seen everything up to this message; what others wrote behind it, or customers in what is
        merged into the conversation and the sender has not read, refuses the draft, as Stale. None: whatever came.
    quoted_seq: the message of the conversation that it answers.
    """

    conversation_id: UUID
    sender_type: SenderType
    content: str
    sender: User | None = None
    business_id: UUID | None = None
    customer_id: UUID | None = None
    dedup_key: str | None = None
    former_key: str | None = None
    fingerprint: str = ""
    opens: bool = False
    attachments: tuple[UUID, ...] = ()
    sent_elsewhere: bool = False
    ai_sources: list[dict[str, str]] | None = None
    automated: bool = False
    sent_at: datetime | None = None
    seen_seq: int | None = None
    quoted_seq: int | None = None


def reply_draft(
    *,
    business_id: UUID,
    conversation_id: UUID,
    author: User,
    content: str,
    key: str = "",
    attachments: Sequence[UUID] = (),
    seen_seq: int | None = None,
    quoted_seq: int | None = None,
) -> Draft:
    """`send_reply` before it is stored, for the writer. Raises Unprocessable for a key that cannot be one."""
    check_key(key)
    return Draft(
        conversation_id=conversation_id,
        sender_type=SenderType.AGENT,
        sender=author,
        business_id=business_id,
        content=content,
        dedup_key=api_key(author, key),
        fingerprint=fingerprint_of(conversation_id, content, *attachments, *([quoted_seq] if quoted_seq else [])),
        attachments=tuple(attachments),
        seen_seq=seen_seq,
        quoted_seq=quoted_seq,
    )


def fingerprint_of(*asked: object) -> str:
    """A digest of what a request asks for, so that its key cannot be used for something else."""
    return hashlib.sha256("\0".join(str(part) for part in asked).encode()).hexdigest()


def check_key(key: str) -> None:
    """Raises Unprocessable. A key is the caller's to choose, within what a column holds."""
    if len(key) > MAX_KEY or not is_clean(key):
        text = _("At most %(most)d characters that can be stored.") % {"most": MAX_KEY}
        raise Unprocessable(text, field="client_message_id")


def api_key(user: User, key: str) -> str | None:
    """One person's keys never meet another's."""
    return f"api:{user.pk}:{key}" if key else None


def check_content(content: str, *, has_attachments: bool = False) -> None:
    """Raises Unprocessable."""
    if not content.strip() and not has_attachments:
        raise Unprocessable(_("Write a message."), field="content", kind="string_too_short")
    if len(content) > MAX_CONTENT:
        text = _("At most %(most)d characters.") % {"most": MAX_CONTENT}
        raise Unprocessable(text, field="content", kind="string_too_long")
    if not is_clean(content):
        raise Unprocessable(_("The text holds a character that cannot be stored."), field="content")


def check_subject(subject: str) -> None:
    """Raises Unprocessable. It is one line of a mail."""
    if len(subject) > MAX_SUBJECT or not is_clean(subject) or len(subject.splitlines()) > 1:
        text = _("One line of at most %(most)d characters.") % {"most": MAX_SUBJECT}
        raise Unprocessable(text, field="subject")
