"""A failed message, sent again by whoever sees it."""

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from channels_app.models import Delivery, DeliveryState
from conversations.models import ChannelType, Message, MessageStatus
from conversations.services.messages import set_message_status
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(acme: Business, ada: User) -> Message:
    """In two parts, of which the first arrived."""
    message = builders.answers(ada, builders.conversation(acme, type=ChannelType.EMAIL), "Dear Cleo")
    first = Delivery.objects.get(message=message)
    Delivery.objects.filter(pk=first.pk).update(state=DeliveryState.SENT)
    Delivery.objects.create(
        business=acme,
        conversation_id=message.conversation_id,
        message=message,
        seq=message.seq,
        part=1,
        state=DeliveryState.FAILED,
        attempts=12,
    )
    return set_message_status(message_id=message.pk, status=MessageStatus.FAILED, error="The mailbox is full.")


def path_of(message: Message) -> str:
    return f"/api/v1/conversations/{message.conversation_id}/messages/{message.pk}/retry"


def test_what_did_not_arrive_waits_again_and_nothing_else(failed: Message, ben: User) -> None:
    answer = builders.api(ben).post(path_of(failed))

    assert (answer.status_code, answer.json()["status"], answer.json()["error"]) == (200, "queued", None)
    rows = Delivery.objects.order_by("part").values_list("state", "attempts")
    assert list(rows) == [(DeliveryState.SENT, 0), (DeliveryState.QUEUED, 0)]


def test_what_did_not_fail_is_not_sent_again_and_a_strangers_is_not_found(
    failed: Message, ada: User, mallory: User
) -> None:
    assert builders.api(mallory).post(path_of(failed)).status_code == 404
    assert builders.api(ada).post(path_of(failed)).status_code == 200
    again = builders.api(ada).post(path_of(failed))
    assert (again.status_code, again.json()) == (400, {"detail": "There is nothing to send again."})


def test_the_thread_says_why_and_its_page_sends_again(failed: Message, ben: User) -> None:
    client = Client()
    client.force_login(ben)
    there = f"/inbox/{failed.conversation_id}/"
    address = f"{there}messages/{failed.pk}/retry/"
    page = client.get(there).content.decode()
    assert "The mailbox is full." in page
    assert address in page
    assert "The mailbox is full." in client.get(address).content.decode()

    assert client.post(address).status_code == 302
    failed.refresh_from_db()
    assert failed.status == MessageStatus.QUEUED
    assert address not in client.get(there).content.decode()
