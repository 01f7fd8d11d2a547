"""Files of conversations: where they lie, what is told of them, and who may open an address.

An address is `{PUBLIC_BASE_URL}/files/{id}/{filename}?s=<signature>`, made anew in each answer. Source: design.md 6.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from conversations.models import Attachment, Conversation, ScheduledMessage, SenderType
from foundation.errors import Unprocessable
from foundation.ids import parse_id

MAX_OF_MESSAGE = 5
# An address is good until the last full hour of its day, so that within an hour it stays the same and is cached.
LIFETIME, ROUND = 24 * 3600, 3600
_PURPOSE = b"pingback: addresses of files"
_ADDRESS = re.compile(r"/files/([0-9a-f-]{36})/[^/?#]+(?:\?[^#]*)?")

Facts = dict[str, Any]


def place_of(attachment_id: UUID) -> str:
    """Where the bytes lie in the storage. The end of the id, because ids of one hour begin alike."""
    text = attachment_id.hex
    return f"files/{text[-2:]}/{text[-4:-2]}/{text}"


def thumbnail_place_of(attachment_id: UUID) -> str:
    return f"{place_of(attachment_id)}.thumb"


def facts_of(attachment: Attachment) -> Facts:
    """What a message keeps of it."""
    return {
        "id": str(attachment.pk),
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "width": attachment.width,
        "height": attachment.height,
    }


def payload_of(facts: Facts) -> Facts:
    """The contract's attachment: what a message keeps, with addresses that are good from now on."""
    thumbnail = f"{settings.PUBLIC_BASE_URL}/files/{facts['id']}/thumb?s={signature(facts['id'])}"
    return {
        "id": facts["id"],
        "url": f"{settings.PUBLIC_BASE_URL}{path_of(facts)}?s={signature(facts['id'])}",
        "filename": facts["filename"],
        "content_type": facts["content_type"],
        "size": facts["size"],
        "width": facts["width"],
        "height": facts["height"],
        "thumbnail_url": thumbnail if facts["width"] else None,
    }


def path_of(facts: Facts) -> str:
    """For our own pages, which need no signature: the reader's cookie opens it."""
    return f"/files/{facts['id']}/{quote(facts['filename'], safe='')}"


def signature(attachment_id: str) -> str:
    ends = (int(time.time()) + LIFETIME) // ROUND * ROUND
    return f"{ends:x}.{_mac(attachment_id, ends, settings.SECRET_KEY)}"


def is_signed(attachment_id: UUID, given: str) -> bool:
    """Whether it was made here for this file and is still good."""
    ends, _dot, mac = given.partition(".")
    if not re.fullmatch(r"[0-9a-f]{1,12}", ends) or not mac.isascii():
        return False
    moment = int(ends, 16)
    signed = any(hmac.compare_digest(_mac(str(attachment_id), moment, ours), mac) for ours in settings.SECRET_KEYS)
    return signed and moment > time.time()


def ids_in(given: object) -> list[UUID]:
    """The attachments that a message names: what upload returned, objects or their addresses, in their order.

    Raises Unprocessable for anything else. Whether they are there, and may be sent, is looked up with the message.
    """
    if given is None or given == []:
        return []
    if not isinstance(given, list):
        raise no_such_attachment()
    return ids_of([_id_in(item) for item in given])


def ids_of(texts: Sequence[str]) -> list[UUID]:
    """The same of bare ids, as a page's form has them."""
    if len(texts) > MAX_OF_MESSAGE:
        raise Unprocessable(_("At most %(most)d files a message.") % {"most": MAX_OF_MESSAGE}, field="attachments")
    found = [attachment_id for text in texts if (attachment_id := parse_id(text))]
    if len(set(found)) < len(texts):
        raise no_such_attachment()
    return found


def unsent_among(texts: Sequence[str], conversation: Conversation) -> list[Facts]:
    """Facts of those that can still be sent, for a composer that is shown again."""
    ids = [attachment_id for text in texts[:MAX_OF_MESSAGE] if (attachment_id := parse_id(text))]
    rows = conversation.files.unsent().filter(pk__in=ids, sender_type=SenderType.AGENT)
    return [facts_of(file) for file in rows.order_by("created_at", "pk")]


def begun_by(user: User, conversation: Conversation) -> list[Facts]:
    """What they uploaded for a reply that is not sent yet."""
    rows = conversation.files.unsent().filter(uploader=user).order_by("created_at", "pk")
    return [facts_of(file) for file in rows[:MAX_OF_MESSAGE]]


def with_facts(scheduled: Iterable[ScheduledMessage]) -> list[ScheduledMessage]:
    """scheduled: with their `files` at hand."""
    rows = list(scheduled)
    for row in rows:
        row.facts = [facts_of(file) for file in sorted(row.files.all(), key=lambda file: file.pk)]
    return rows


def _id_in(item: object) -> str:
    """The id in an address of ours; "" when there is none."""
    address = item.get("url") if isinstance(item, dict) else item
    if not isinstance(address, str) or not address.startswith(settings.PUBLIC_BASE_URL):
        return ""
    match = _ADDRESS.fullmatch(address.removeprefix(settings.PUBLIC_BASE_URL))
    return match.group(1) if match else ""


def take(ids: Sequence[UUID], *, conversation_id: UUID, sender_type: str) -> list[Attachment]:
    """Those files, to be sent by the side that uploaded them, in the order asked for. Locked until the commit.

    What the team sends may have been uploaded where it wrote before that was merged into this one, and what a customer
    sends before there was a conversation: then who knows its id is who uploaded it.
    Raises Unprocessable, in the same words for what is unknown, somebody else's or sent already.
    """
    its = Conversation.objects.filter(pk=conversation_id)
    if sender_type == SenderType.AGENT:
        shown = Conversation.objects.filter(Q(pk=conversation_id) | Q(merged_into=conversation_id))
        place = Q(conversation__in=shown.values("pk"))
    else:
        place = Q(conversation=conversation_id) | Q(conversation=None, business__in=its.values("business"))
    rows = Attachment.objects.select_for_update().unsent()
    found = rows.filter(place, pk__in=ids, sender_type=sender_type).in_bulk()
    if len(found) < len(ids):
        raise no_such_attachment()
    return [found[attachment_id] for attachment_id in ids]


def no_such_attachment() -> Unprocessable:
    """In the same words for whatever is the matter with it."""
    text = _("Upload the file to this conversation first; each is sent once.")
    return Unprocessable(text, field="attachments", kind="attachment_unknown")


def _mac(attachment_id: str, ends: int, ours: str) -> str:
    key = hmac.digest(ours.encode(), _PURPOSE, hashlib.sha256)
    return hmac.digest(key, f"{attachment_id}:{ends}".encode(), hashlib.sha256).hex()[:32]
