"""`python -m benchmarks.dataset CONVERSATIONS MESSAGES_EACH`: a workspace with a long history, written as rows.

In the environment of a PingBack, on either database. Prints as JSON who may read it and what there is.
"""

import io
import json
import os
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

os.environ["DJANGO_SETTINGS_MODULE"] = "pingback.settings"

import django

django.setup()

from django.conf import settings
from django.db import connection, models
from django.test import Client

from businesses.models import Business, FeedEvent
from conversations.models import Conversation, Customer, IndexedKind, Message
from conversations.search import index
from foundation import statistics
from tests import builders
from workflows.models import Listened

WORDS = (
    "order lamp parcel arrived broken refund colour blue size invoice address change cancel delivery late thanks hello "
    "question price discount return account password help shop morning evening monday friday where when please could"
)
STATUSES = ["open"] * 10 + ["pending"] * 5 + ["resolved"] * 55 + ["closed"] * 30
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def new_id(moment: datetime, chance: random.Random) -> UUID:
    """As foundation.ids makes them, at that time."""
    value = int(moment.timestamp() * 1000) << 80 | 0x7 << 76 | chance.getrandbits(12) << 64
    return UUID(int=value | 0x2 << 62 | chance.getrandbits(62))


def fill(model: type[models.Model], rows: Iterator[dict[str, Any]]) -> None:
    """Rows by field name; what is not given has the model's default."""
    fields = [field for field in model._meta.local_concrete_fields if not isinstance(field, models.AutoField)]
    blank = {field.name: field.get_db_prep_save(field.get_default(), connection) for field in fields}
    prepared = {field.name: field for field in fields}
    columns = ", ".join(f'"{field.column}"' for field in fields)

    def values(row: dict[str, Any]) -> list[Any]:
        given = {name: prepared[name].get_db_prep_save(value, connection) for name, value in row.items()}
        return list({**blank, **given}.values())

    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(values(row))
        else:
            marks = ", ".join(["?"] * len(fields))
            cursor.connection.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', map(values, rows))


def main(conversations: int, each: int) -> dict[str, Any]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    ada = builders.person("Ada")
    business = builders.workspace(ada)
    chance = random.Random(4)
    words = WORDS.split()
    step = timedelta(days=300) / conversations
    made = []
    for number in range(conversations):
        at = BEGAN + step * number
        ids = [new_id(at + timedelta(minutes=3 * minute), chance) for minute in range(each)]
        made.append((new_id(at, chance), new_id(at, chance), at, ids, chance.choice(STATUSES)))

    def times() -> Iterator[tuple[UUID, int, UUID, datetime]]:
        for _customer, conversation, at, ids, _status in made:
            for number, message in enumerate(ids):
                yield conversation, number + 1, message, at + timedelta(minutes=3 * number)

    of = {"business": business.pk}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")  # foreign keys hold by the way rows are made
            cursor.execute("SET statement_timeout = 0")
        else:
            cursor.execute("PRAGMA foreign_keys = OFF")
            cursor.execute("PRAGMA synchronous = OFF")
    index.pause()  # all of it at once is quicker than row by row
    IndexedKind.objects.all().delete()
    fill(
        Customer,
        ({**of, "id": pk, "name": f"Cleo {pk.hex[-4:]}", "created_at": at} for pk, _, at, _, _ in made),
    )
    fill(
        Conversation,
        (
            {
                **of,
                "id": pk,
                "customer": customer,
                "channel_type": "widget",
                "assignee": ada.pk if chance.random() < 0.5 else None,
                "status": status,
                "last_seq": each,
                "last_message": ids[-1],
                "first_response_at": at + timedelta(minutes=3),
                "created_at": at,
                "updated_at": at + timedelta(minutes=3 * each),
            }
            for customer, pk, at, ids, status in made
        ),
    )
    fill(
        Message,
        (
            {
                "id": pk,
                "conversation": conversation,
                "seq": seq,
                "sender_type": "customer" if seq % 2 else "agent",
                "sender": None if seq % 2 else ada.pk,
                # The first one has a word that no other has, as order numbers are.
                "content": " ".join(
                    [*chance.choices(words, k=14), *([f"x{conversation.hex[:12]}"] if seq == 1 else [])]
                ),
                "dedup_key": f"w:{conversation}:{seq}",
                "created_at": at,
            }
            for conversation, seq, pk, at in times()
        ),
    )
    index.keep(tell=lambda _line: None)
    before = Business.objects.values_list("feed_seq", flat=True).get(pk=business.pk)
    fill(
        FeedEvent,
        (
            {
                **of,
                "seq": number,
                "kind": "message.created",
                "conversation_id": conversation,
                "message_id": pk,
                "created_at": datetime.now(UTC),
            }
            for number, (conversation, _seq, pk, _at) in enumerate(times(), before + 1)
        ),
    )
    # It is no news: else the worker would be at telling people of a million messages while the reads are measured.
    Listened.objects.update_or_create(business=business, defaults={"feed_seq": before + conversations * each})
    Business.objects.filter(pk=business.pk).update(feed_seq=before + conversations * each)
    if connection.vendor == "postgresql":  # by itself it does so too, a minute later
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    statistics.refresh()  # as the worker does
    browser = Client()
    browser.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    return {
        "business_id": str(business.pk),
        "user_id": str(ada.pk),
        "token": builders.token(ada),
        "cookie": f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}",
        "conversation_id": str(made[conversations // 2][1]),
        "feed_seq": before + conversations * each,
        "rare_word": f"x{made[conversations // 2][1].hex[:12]}",
        "database": str(settings.DATABASES["default"]["NAME"]),
    }


if __name__ == "__main__":
    out, sys.stdout = sys.stdout, io.StringIO()
    told = main(*map(int, sys.argv[1:]))
    out.write(json.dumps(told))
