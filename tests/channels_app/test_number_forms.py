"""WhatsApp calls some numbers otherwise than people write them (Mexico, Argentina, Brazil): it is one person."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import TestCase

from accounts.models import User
from businesses.models import Business
from channels_app import connecting, intake
from channels_app.adapters.events import Routed
from channels_app.first import write_first
from channels_app.models import Channel, Contact, Thread
from channels_app.services import create_channel
from conversations.models import ChannelType, Conversation, Customer, Message
from conversations.services.merging_customers import undo_merge
from tests import builders
from tests.channels_app.mailing import send_all
from tests.fakes.meta import NUMBER, TEMPLATE, TOKEN, WABA, Meta

pytestmark = pytest.mark.django_db
WRITTEN, CALLED = "525512345678", "5215512345678"


@pytest.fixture
def meta(settings: Any) -> Iterator[Meta]:
    with Meta() as running:
        settings.OUTBOUND_ALLOW, settings.META_GRAPH_BASE_URL = ["127.0.0.1"], running.url
        yield running


@pytest.fixture
def number(ada: User, acme: Business, meta: Meta) -> Channel:
    config = {"phone_number_id": NUMBER, "access_token": TOKEN, "waba_id": WABA}
    channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
    connecting.connect(channel)
    return channel


def writes_to(ada: User, customer: Customer, channel: Channel) -> Conversation:
    begun = write_first(author=ada, customer=customer, channel=channel)
    words = {"name": TEMPLATE["name"], "language": TEMPLATE["language"], "blanks": ["Cleo", "A12"]}
    assert builders.api(ada).post(f"/api/v1/conversations/{begun.pk}/template", words).status_code == 201
    with TestCase.captureOnCommitCallbacks(execute=True):
        send_all()
    return begun


def answers(channel: Channel, text: str, *, whose: str = CALLED) -> None:
    said = {"from": whose, "id": f"wamid.{text}", "type": "text", "text": {"body": text}}
    who = [{"wa_id": whose, "profile": {"name": "Cleo"}}]
    intake.store(channel, [Routed(dedup_key=f"wamid:{text}", payload={"message": said, "contacts": who})])
    intake.work()


@pytest.mark.parametrize(
    ("written", "called"),
    [
        (WRITTEN, CALLED),
        ("541123456789", "5491123456789"),
        ("5511987654321", "551187654321"),
        ("551187654321", "5511987654321"),
    ],
)
def test_who_answers_under_the_other_form_of_the_number_is_who_was_written_to(
    number: Channel, ada: User, acme: Business, meta: Meta, written: str, called: str
) -> None:
    meta.other_forms[written] = called
    cleo = builders.customer(acme, phone=f"+{written}")

    begun = writes_to(ada, cleo, number)
    answers(number, "Thanks!", whose=called)
    builders.answers(ada, begun, "You are welcome.")
    send_all()

    assert Customer.objects.get() == cleo
    assert Conversation.objects.get() == begun
    assert [message.content for message in Message.objects.order_by("seq")][1:] == ["Thanks!", "You are welcome."]
    assert meta.calls[-1].fields["to"] == called
    cleo.refresh_from_db()
    assert cleo.phone == f"+{written}"  # as the team writes it
    page = builders.browser(ada).get(f"/customers/{cleo.pk}/").content.decode()
    assert f"WhatsApp knows +{written} by this, too." in page


def test_who_had_written_under_the_other_form_is_merged_with_the_reason_and_apart_again_by_hand(
    number: Channel, ada: User, acme: Business, meta: Meta
) -> None:
    meta.other_forms[WRITTEN] = CALLED
    answers(number, "Where is my parcel?")
    known = Customer.objects.get()
    cleo = builders.customer(acme, phone=f"+{WRITTEN}")

    writes_to(ada, cleo, number)

    people = {one.person_id for one in Customer.objects.all()}
    assert len(people) == 1
    merged = Customer.objects.get(merged_into__isnull=False)
    why = Contact.objects.get(customer=merged).reason
    assert why.startswith("WhatsApp says that this is the same person as +52")
    undo_merge(customer=merged, actor=ada)
    Thread.objects.filter(conversation__customer=cleo).update(address=WRITTEN)
    writes_to(ada, cleo, number)
    assert {one.person_id for one in Customer.objects.all()} == {known.pk, cleo.pk}  # who undid it meant it


def test_a_number_learned_from_an_answer_leads_to_them_on_another_channel_once_they_wrote_from_it(
    number: Channel, ada: User, acme: Business, meta: Meta
) -> None:
    meta.other_forms[WRITTEN] = CALLED
    cleo = builders.customer(acme, phone=f"+{WRITTEN}")
    writes_to(ada, cleo, number)
    assert not Contact.objects.filter(proven=True).exists()  # the team's word for it

    answers(number, "Thanks!")

    config = {"phone_number_id": "1065403523", "access_token": TOKEN}
    second = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
    answers(second, "And here?")
    assert Contact.objects.get(channel=second).customer == cleo


def test_a_number_that_whatsapp_calls_as_it_is_written_has_one_key(
    number: Channel, ada: User, acme: Business, meta: Meta
) -> None:
    writes_to(ada, builders.customer(acme, phone="+447700900123"), number)
    assert [contact.key for contact in Contact.objects.all()] == ["tel:+447700900123"]


def test_a_reason_that_is_the_same_for_a_number_and_an_id_is_said_once(number: Channel, ada: User) -> None:
    said = {"from": CALLED, "from_user_id": "MX.1", "id": "wamid.1", "type": "text", "text": {"body": "Hello?"}}
    intake.store(number, [Routed(dedup_key="wamid:1", payload={"message": said, "contacts": []})])
    intake.work()

    page = builders.browser(ada).get(f"/customers/{Customer.objects.get().pk}/").content.decode()
    assert (Contact.objects.count(), page.count("The first message came with it.")) == (2, 1)
