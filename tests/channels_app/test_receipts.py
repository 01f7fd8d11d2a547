"""What providers say of parts of a message, in whatever order: the message says no more than is true."""

from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business
from channels_app import deliveries, intake
from channels_app.adapters.events import Routed
from channels_app.models import Channel, Contact, Delivery, Thread
from channels_app.retrying import retry_message
from channels_app.services import create_channel
from conversations.models import ChannelType, Conversation, Message, MessageStatus, Status
from conversations.services.assigning import assign_conversation
from conversations.services.handling import resolve_conversation
from tests import builders
from tests.channels_app.test_intake import writes
from tests.fakes import meta
from tests.fakes.meta import Meta
from workflows.models import Notification

pytestmark = pytest.mark.django_db
CLEO = "447700900123"


@pytest.fixture
def graph(settings: Any) -> Any:
    with Meta() as fake:
        settings.OUTBOUND_ALLOW, settings.META_GRAPH_BASE_URL = ["127.0.0.1"], fake.url
        yield fake


@pytest.fixture
def number(ada: User, acme: Business, graph: Meta) -> Channel:
    config = {"phone_number_id": meta.NUMBER, "access_token": meta.TOKEN}
    return create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)


@pytest.fixture
def thread(number: Channel) -> Conversation:
    return writes(number, "Hello?", number=CLEO)


def send_all() -> None:
    while claimed := deliveries.claim(16):
        for delivery in claimed:
            deliveries.attempt(delivery)


def told(channel: Channel, external_id: str, status: str, code: int = 0) -> None:
    about = {"id": external_id, "status": status, **({"errors": [{"code": code, "title": "No."}]} if code else {})}
    intake.store(channel, [Routed(dedup_key=f"wamid:{external_id}:{status}", payload={"status": about})])
    intake.work()


def standing(message: Message) -> tuple[str, bool]:
    message.refresh_from_db()
    receipts = Conversation.objects.get(pk=message.conversation_id).receipts
    return message.status, bool(receipts and receipts.delivered_at(message))


def test_a_half_that_arrives_makes_no_whole_of_a_message_whose_other_half_failed(
    ada: User, number: Channel, thread: Conversation, graph: Meta
) -> None:
    message = builders.answers(ada, thread, "word " * 1_500)
    (first,) = deliveries.claim(16)
    deliveries.attempt(first)
    graph.next.append(meta.error(131051, "Unsupported message type"))
    send_all()
    assert standing(message) == (MessageStatus.FAILED, False)

    part = Delivery.objects.get(part=0)
    told(number, part.external_id, "delivered")

    assert standing(message) == (MessageStatus.FAILED, False)
    assert list(Delivery.objects.order_by("part").values_list("state", flat=True)) == ["sent", "failed"]


def test_what_fails_after_a_later_one_arrived_has_failed_and_what_arrived_has_not(
    ada: User, number: Channel, thread: Conversation
) -> None:
    one, two = builders.answers(ada, thread, "One"), builders.answers(ada, thread, "Two")
    send_all()
    first, second = Delivery.objects.order_by("seq").values_list("external_id", flat=True)

    told(number, second, "delivered")
    told(number, first, "failed", 131053)
    told(number, second, "failed", 131053)  # late, and not true any more

    assert standing(one)[0] == MessageStatus.FAILED
    assert standing(two) == (MessageStatus.SENT, True)

    told(number, first, "read")  # after all
    assert standing(one) == (MessageStatus.SENT, True)


def test_what_could_not_be_sent_opens_the_conversation_again_and_tells_who_wrote_and_who_has_it(
    ada: User, ben: User, number: Channel, thread: Conversation
) -> None:
    builders.answers(ada, thread, "It left today.")
    send_all()
    assign_conversation(conversation=thread, actor=ada, agent_id=ben.pk)
    resolve_conversation(conversation=thread, actor=ben)
    Notification.objects.all().delete()

    told(number, Delivery.objects.get().external_id, "failed", 131026)

    thread.refresh_from_db()
    assert thread.status == Status.OPEN
    assert sorted(Notification.objects.values_list("user", "kind")) == sorted(
        [(ada.pk, "not_sent"), (ben.pk, "not_sent")]
    )
    page = builders.browser(ben).get(f"/inbox/{thread.pk}/").content.decode()
    assert "Open again: a message could not be sent" in page


def test_what_is_lost_in_every_part_is_told_once(ada: User, number: Channel, thread: Conversation) -> None:
    builders.answers(ada, thread, "word " * 1_500)
    send_all()
    for external_id in Delivery.objects.order_by("part").values_list("external_id", flat=True):
        told(number, external_id, "failed", 131026)
    assert list(Notification.objects.filter(kind="not_sent").values_list("user", flat=True)) == [ada.pk]


def test_what_arrived_while_it_waits_to_be_sent_again_is_not_sent_again(
    ada: User, number: Channel, thread: Conversation, graph: Meta
) -> None:
    message = builders.answers(ada, thread, "It left today.")
    send_all()
    external_id = Delivery.objects.get().external_id
    told(number, external_id, "failed", 131053)
    retry_message(message=message)

    told(number, external_id, "delivered")

    assert standing(message) == (MessageStatus.SENT, True)
    assert deliveries.claim(16) == []


def test_who_changed_the_number_is_answered_there_and_is_reachable_again(
    ada: User, number: Channel, thread: Conversation, graph: Meta
) -> None:
    graph.next.append(meta.error(131026, "Message undeliverable"))
    builders.answers(ada, thread, "Hello")
    send_all()
    assert Contact.objects.get().unreachable

    moved = {"type": "user_changed_number", "wa_id": "447700900124"}
    system = {"from": CLEO, "id": "wamid.moved", "type": "system", "system": moved}
    intake.store(number, [Routed(dedup_key="wamid:moved", payload={"message": system})])
    intake.work()
    assert Thread.objects.get().address == "447700900124"
    writes(number, "It is me.", number="447700900124")
    answer = builders.answers(ada, thread, "Hello again")
    send_all()

    assert standing(answer)[0] == MessageStatus.SENT
    assert graph.sent[-1].fields["to"] == "447700900124"
    assert not Contact.objects.exclude(unreachable="").exists()
