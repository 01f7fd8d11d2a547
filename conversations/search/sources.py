"""Which rows can be found. An app further up registers its own in `AppConfig.ready`; what was there before is brought
into the index by the next `migrate`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import OuterRef, Subquery

from conversations.models import Conversation, Customer, Message, Note
from conversations.search.models import Shelf
from conversations.search.persons import BETWEEN_DIGITS, NUMBERED
from foundation.shapes import plain

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a hit shows. text: whole, the snippet is cut from it. seq: of the message to jump to."""

    title: str
    text: str
    conversation_id: UUID | None
    created_at: datetime
    channel_type: str = ""
    key: UUID | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table with words. The expressions are SQL about `{row}`, good on both databases.

    kind: the `type` of its hits. words: from the row's own columns alone; `columns` are those. A row whose words are ''
    is not in the index. business_id, conversation_id: of whom it is; `NULL` for none.
    bring: what to show of these rows, of those that the user may see; one query.
    """

    kind: str
    shelf: Shelf
    table: str
    columns: tuple[str, ...]
    words: str
    business_id: str
    conversation_id: str
    bring: Callable[["User", Collection[UUID]], Mapping[UUID, Found]]


SOURCES: dict[str, Source] = {}


def register(source: Source) -> None:
    SOURCES[source.kind] = source


def _messages(user: "User", ids: Collection[UUID]) -> dict[UUID, Found]:
    rows = Message.objects.visible_to(user).filter(pk__in=ids).select_related("conversation__customer")
    return {
        row.pk: Found(
            title=_title(row.conversation),
            text=plain(row.content),
            conversation_id=row.conversation_id,
            created_at=row.created_at,
            channel_type=row.conversation.channel_type,
            key=row.conversation.customer_id,
            seq=row.seq,
        )
        for row in rows
    }


def _notes(user: "User", ids: Collection[UUID]) -> dict[UUID, Found]:
    rows = Note.objects.visible_to(user).filter(pk__in=ids).select_related("conversation__customer")
    return {
        row.pk: Found(
            title=_title(row.conversation),
            text=plain(row.content),
            conversation_id=row.conversation_id,
            created_at=row.created_at,
            channel_type=row.conversation.channel_type,
            key=row.conversation.customer_id,
            seq=max(row.after_seq, 1),
        )
        for row in rows
    }


def _customers(user: "User", ids: Collection[UUID]) -> dict[UUID, Found]:
    theirs = Conversation.objects.filter(customer=OuterRef("pk")).order_by("-updated_at", "-id")
    rows = Customer.objects.visible_to(user).filter(pk__in=ids).annotate(newest=Subquery(theirs.values("pk")[:1]))
    return {
        row.pk: Found(
            title=str(row.display_name),
            text=" · ".join(dict.fromkeys(filter(None, (row.display_name, row.email, row.phone, row.external_id)))),
            conversation_id=row.newest,
            created_at=row.created_at,
            key=row.pk,
        )
        for row in rows
    }


def _title(conversation: Conversation) -> str:
    return str(conversation.customer.display_name) if conversation.customer else ""


# A telephone number as it is written, its digits in one piece, and those without the country's one to three digits; and
# of who has neither name nor address the number that they are shown by (search/persons.py).
_ONE_PIECE = reduce(lambda text, sign: f"replace({text}, '{sign}', '')", BETWEEN_DIGITS, "{row}.phone")
DIGITS = f"ltrim({_ONE_PIECE}, '0')"
HEX = "CAST({row}.id AS text)"
NUMBER = f"substr({HEX}, length({HEX}) - 3)"
OF_CUSTOMER = (
    *("{row}.name", "' '", "{row}.email", "' '", "{row}.external_id", "' '", "{row}.phone"),
    *(f"' ' || substr({DIGITS}, {start})" for start in (1, 2, 3, 4)),
    f"CASE WHEN {{row}}.name = '' AND {{row}}.email = '' THEN ' ' || {NUMBER} || ' {NUMBERED}' || {NUMBER} ELSE '' END",
)
OF_CONVERSATION = f"(SELECT c.business_id FROM {Conversation._meta.db_table} c WHERE c.id = {{row}}.conversation_id)"  # noqa: S608

register(
    Source(
        kind="message",
        shelf=Shelf.TALK,
        table=Message._meta.db_table,
        columns=("content",),
        words="{row}.content",
        business_id=OF_CONVERSATION,
        conversation_id="{row}.conversation_id",
        bring=_messages,
    )
)
register(
    Source(
        kind="note",
        shelf=Shelf.TALK,
        table=Note._meta.db_table,
        columns=("content",),
        words="{row}.content",
        business_id="{row}.business_id",
        conversation_id="{row}.conversation_id",
        bring=_notes,
    )
)
register(
    Source(
        kind="customer",
        shelf=Shelf.THINGS,
        table=Customer._meta.db_table,
        columns=("name", "email", "external_id", "phone"),
        words=f"trim({' || '.join(OF_CUSTOMER)})",
        business_id="{row}.business_id",
        conversation_id="NULL",
        bring=_customers,
    )
)
