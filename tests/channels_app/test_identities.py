"""Who is known over several channels: it is said why, and taken apart where it is wrong."""

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from channels_app import identity, intake
from channels_app.adapters.events import ContactRef, Routed
from channels_app.models import Channel, Contact
from channels_app.services import create_channel
from conversations.models import ChannelType, Conversation, Customer
from conversations.services.customers import change_customer
from tests import builders
from tests.fakes.telegram import TOKEN

NUMBER = ContactRef(keys=("tel:+15550001111",), proven=("tel:+15550001111",), handle="+15550001111")
NUMBER_IDS = ("1065403522", "1065403523")
BOT = {"bot_token": TOKEN}


def writes(ada: User, acme: Business, number_id: str) -> tuple[Channel, Conversation]:
    config = {"phone_number_id": number_id, "access_token": "a-long-access-token"}
    channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
    customer, is_new = identity.customer_of(channel, NUMBER)
    if is_new:
        customer.save(force_insert=True)
    identity.note(channel, NUMBER, customer.pk)
    return channel, builders.conversation(acme, customer=customer, type=ChannelType.WHATSAPP, channel=channel)


@pytest.fixture
def talks(ada: User, acme: Business) -> list[Conversation]:
    """One telephone writes to both numbers of Acme's."""
    return [writes(ada, acme, number_id)[1] for number_id in NUMBER_IDS]


def test_a_match_is_explained_where_the_customer_is_shown(ada: User, talks: list[Conversation]) -> None:
    client = Client()
    client.force_login(ada)
    customer = talks[0].customer
    assert customer
    assert talks[1].customer == customer

    why = "Matched because WhatsApp vouches for the same number, +15550001111."
    assert why in client.get(f"/customers/{customer.pk}/").content.decode()
    assert why in client.get(f"/inbox/{talks[1].pk}/").content.decode()
    listed = builders.api(ada).get(f"/api/v1/customers/{customer.pk}/identities").json()["results"]
    assert [each["is_matched"] for each in listed] == [False, True]
    assert listed[1]["reason"] == why


def test_by_what_an_agent_reaches_them_is_shown_as_it_is_now(ada: User, acme: Business) -> None:
    bot = create_channel(actor=ada, type=ChannelType.TELEGRAM, config=BOT)
    tessa = Customer.objects.create(business=acme, name="Tessa")
    for handle in ("@tessa_t", "@tessa_new"):
        identity.note(bot, ContactRef(keys=("tg:7",), name="Tessa", handle=handle), tessa.pk)

    assert "@tessa_new" in builders.browser(ada).get(f"/customers/{tessa.pk}/").content.decode()
    (listed,) = builders.api(ada).get(f"/api/v1/customers/{tessa.pk}/identities").json()["results"]
    assert listed["handle"] == "@tessa_new"


def test_a_number_that_was_known_before_handles_were_kept_is_shown(ada: User, talks: list[Conversation]) -> None:
    customer = talks[0].customer
    assert customer
    Contact.objects.update(handle="")
    change_customer(customer=customer, name="Wanda")

    page = builders.browser(ada).get(f"/inbox/{talks[0].pk}/").content.decode()

    assert '<bdi dir="ltr">+15550001111</bdi>' in page


def test_taken_apart_they_are_two_and_stay_two(ada: User, talks: list[Conversation]) -> None:
    client = Client()
    client.force_login(ada)
    customer = talks[0].customer
    assert customer
    matched = customer.contacts.get(channel=talks[1].channel)

    page = client.post(f"/customers/{customer.pk}/identities/{matched.pk}/separate/", follow=True)

    for talk in talks:
        talk.refresh_from_db()
    assert talks[0].customer == customer
    assert talks[1].customer != customer
    assert page.redirect_chain == [(f"/customers/{talks[1].customer_id}/", 302)]
    assert "Taken apart by hand." in page.content.decode()
    assert "undid the merge" in client.get(f"/inbox/{talks[1].pk}/").content.decode()
    again, is_new = identity.customer_of(matched.channel, NUMBER)
    assert (again.pk, is_new) == (talks[1].customer_id, False)


def test_over_the_api_the_answer_is_who_they_are_now(ada: User, talks: list[Conversation]) -> None:
    customer = talks[0].customer
    assert customer
    matched = customer.contacts.get(channel=talks[1].channel)
    address = f"/api/v1/customers/{customer.pk}/identities/{matched.pk}"

    apart = builders.api(ada).delete(address).json()

    assert apart["id"] == str(Conversation.objects.get(pk=talks[1].pk).customer_id)
    assert builders.api(ada).delete(address).status_code == 404
    alone = builders.api(ada).delete(f"/api/v1/customers/{apart['id']}/identities/{matched.pk}")
    assert (alone.status_code, Customer.objects.count()) == (400, 2)


def test_nobody_elsewhere_takes_anything_apart(mallory: User, talks: list[Conversation]) -> None:
    client = Client()
    client.force_login(mallory)
    contact = talks[1].customer.contacts.last()  # type: ignore[union-attr]
    address = f"/customers/{talks[1].customer_id}/identities/{contact.pk}/separate/"  # type: ignore[union-attr]
    assert client.post(address).status_code == 404
    assert Customer.objects.count() == 1


def test_who_moved_to_another_number_is_shown_with_that_one(whatsapp: Channel, ada: User) -> None:
    said = {"from": "15550001111", "id": "wamid.1", "type": "text", "text": {"body": "Hello?"}}
    moved = {"type": "user_changed_number", "wa_id": "15550002222", "body": "Wanda changed her number"}
    system = {"from": "15550001111", "id": "wamid.2", "type": "system", "system": moved}
    who = [{"wa_id": "15550001111", "profile": {"name": "Wanda"}}]
    intake.store(whatsapp, [Routed(dedup_key="wamid:1", payload={"message": said, "contacts": who})])
    intake.work()
    customer = Customer.objects.get()
    assert customer.phone == "+15550001111"

    intake.store(whatsapp, [Routed(dedup_key="wamid:2", payload={"message": system, "contacts": who})])
    intake.work()

    customer.refresh_from_db()
    assert customer.phone == "+15550002222"
    assert [known.handle for known in identity.known_as(customer)] == ["+15550002222"] * 2
    assert builders.api(ada).get(f"/api/v1/customers/{customer.pk}").json()["phone"] == "+15550002222"
