"""Whoever changes a conversation and what its channel knows of its customer locks the conversation first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from businesses.models import Business
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.adapters.events import StatusChanged
from channels_app.identity import separate
from channels_app.keys import remember
from channels_app.models import Contact, RawEvent
from channels_app.taking_in import take_in
from conversations.models import Conversation, MessageStatus
from tests import builders
from tests.channels_app.test_identities import NUMBER_IDS, writes
from tests.conversations.test_gathered import needs_services
from tests.waiting import until


def waiting() -> int:
    """Of other connections, for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def apart(job: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        try:
            with transaction.atomic():
                return job()
        finally:
            connection.close()

    return run


@needs_services
@pytest.mark.django_db(transaction=True)
def test_who_is_taken_apart_while_a_message_to_them_comes_back_waits_for_it(ada: User, acme: Business) -> None:
    talk = [writes(ada, acme, number_id)[1] for number_id in NUMBER_IDS][1]
    message = builders.answers(ada, talk, "It left today.")
    channel = Contact.objects.select_related("channel").get(channel=talk.channel_id).channel
    contact = Contact.objects.get(channel=channel)
    remember(channel, message, "wamid.OUT")
    gone = DeliveryError("There is nobody.", kind=Kind.UNREACHABLE, provider_code="5.1.1")
    came_back = StatusChanged(status=MessageStatus.FAILED, external_id="wamid.OUT", error=gone)
    raw = RawEvent(business=acme, channel=channel, dedup_key="1", payload={})

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            Contact.objects.select_for_update().get(pk=contact.pk)
            told = pool.submit(apart(lambda: take_in(channel, raw, came_back)))
            until(lambda: waiting() == 1)
            parted = pool.submit(apart(lambda: separate(contact=contact, actor=ada)))
            until(lambda: waiting() == 2)
        told.result(60)
        other = parted.result(60)

    contact.refresh_from_db()
    assert (contact.customer, contact.unreachable) == (other, "There is nobody.")
    assert Conversation.objects.get(pk=talk.pk).customer == other
