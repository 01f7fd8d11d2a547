"""R4: whatever a provider sends again, at once and in whatever order, is one message."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from businesses.models import Business
from channels_app import hooks, intake
from channels_app.models import RawEvent, RawState, Thread
from conversations.models import Customer, Message
from tests.channels_app.cases import whatsapp_says
from tests.channels_app.test_hooks import OF_THE_INSTALLATION, posted, whatsapp
from tests.conversations.test_gathered import needs_services

CUSTOMERS, EACH, TIMES = 25, 20, 5


def writes(customer: int, number: int) -> dict[str, Any]:
    said = whatsapp_says(f"{customer}: {number}", customer * EACH + number)
    value = said["entry"][0]["changes"][0]["value"]
    phone, user = f"1555000{customer:04}", f"US.{customer}"
    value["contacts"] = [{"profile": {"name": f"Cleo {customer}"}, "wa_id": phone, "user_id": user}]
    value["messages"][0].update({"from": phone, "from_user_id": user})
    return said


def hands_over(said: dict[str, Any]) -> int:
    try:
        return int(posted(said).status_code)
    finally:
        connection.close()


def takes_in(is_over: threading.Event) -> None:
    """As a worker does, meanwhile and to the end."""
    try:
        while intake.work() or not is_over.wait(0.01):
            pass
        while intake.work():
            pass
    finally:
        connection.close()


@needs_services
@pytest.mark.django_db(transaction=True)
def test_R4_500_events_sent_five_times_in_any_order_and_at_once_are_500_messages_of_25_threads(
    settings: Any, ada: User, acme: Business
) -> None:
    settings.META_APP_SECRET = OF_THE_INSTALLATION
    hooks.buckets.forget()
    whatsapp(ada)
    parcels = [writes(customer, number) for customer in range(CUSTOMERS) for number in range(EACH)] * TIMES
    random.Random(4).shuffle(parcels)

    is_over = threading.Event()
    with ThreadPoolExecutor(9) as pool:
        worker = pool.submit(takes_in, is_over)
        answers = Counter(pool.map(hands_over, parcels))
        is_over.set()
        worker.result()

    assert answers == {200: len(parcels)}
    assert set(RawEvent.objects.values_list("state", flat=True)) == {RawState.DONE}
    said = Counter(Message.objects.values_list("content", flat=True))
    assert said == {f"{customer}: {number}": 1 for customer in range(CUSTOMERS) for number in range(EACH)}
    assert (Thread.objects.count(), Customer.objects.filter(business=acme).count()) == (CUSTOMERS, CUSTOMERS)
