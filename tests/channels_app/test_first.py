"""Writing to a customer first: a page for it, over whatever reaches them, and what they answer comes there."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from businesses.models import Business
from channels_app.first import ways_to, write_first
from channels_app.models import Channel, Contact, Thread
from conversations.models import Conversation, Customer, Message
from foundation.errors import Conflict, Invalid
from tests import builders
from tests.channels_app.connected import connect
from tests.channels_app.mailing import Server, comes, mail, send_all, words

pytestmark = pytest.mark.django_db
PAGE = "/inbox/new/"


def write(client: Client, customer: Customer, channel: Channel, **form: str) -> Any:
    return client.post(f"{PAGE}?customer={customer.pk}", {"channel": str(channel.pk), "key": "once", **form})


def test_a_mail_that_begins_a_conversation_has_the_writers_subject_and_its_answer_joins(
    email: Channel, ada: User, acme: Business, smtp: tuple[Server, int]
) -> None:
    cleo = builders.customer(acme, email="cleo@example.net")
    client = builders.browser(ada)

    form = {"subject": "Your parcel", "content": "It left today.\r\n\r\nAda\r\n"}
    answers = [write(client, cleo, email, **form) for _number in range(2)]
    send_all()

    conversation = Conversation.objects.get()
    assert [answer.url for answer in answers] == [reverse("conversation", args=[conversation.pk])] * 2
    assert (conversation.customer, conversation.assignee) == (cleo, None)
    (first,) = smtp[0].mails
    assert (first["To"], first["Subject"], words(first)) == ("cleo@example.net", "Your parcel", "It left today.\n\nAda")
    assert "In-Reply-To" not in first
    page = client.get(answers[0].url).content.decode()
    assert "Your parcel" in page
    assert "Show original" not in page

    assert comes(mail("Thanks!", Subject="Re: Your parcel", In_Reply_To=first["Message-ID"])) == 200
    builders.answers(ada, conversation, "You are welcome.")
    send_all()
    assert list(conversation.messages.values_list("content", flat=True))[1:] == ["Thanks!", "You are welcome."]
    assert smtp[0].mails[1]["Subject"] == "Re: Your parcel"
    assert smtp[0].mails[1]["To"] == "cleo@example.net"


def test_a_second_mail_before_any_answer_is_of_the_same_thread(
    email: Channel, ada: User, acme: Business, smtp: tuple[Server, int]
) -> None:
    cleo = builders.customer(acme, email="cleo@example.net")
    begun = write_first(author=ada, customer=cleo, channel=email, content="It left.", subject="Your parcel")
    send_all()
    builders.answers(ada, begun, "It is in Leeds.")
    send_all()

    first, second = smtp[0].mails
    assert (second["Subject"], second["In-Reply-To"]) == ("Re: Your parcel", first["Message-ID"])


def test_over_rest_a_first_mail_has_a_subject_too(
    email: Channel, ada: User, acme: Business, smtp: tuple[Server, int]
) -> None:
    cleo = builders.customer(acme, email="cleo@example.net")
    body = {
        "business_id": str(acme.pk),
        "customer_id": str(cleo.pk),
        "channel_id": str(email.pk),
        "initial_message": "It left today.",
    }
    api = builders.api(ada)

    assert api.post("/api/v1/conversations", {**body, "subject": "Your\nparcel"}).status_code == 422
    assert api.post("/api/v1/conversations", {**body, "subject": "Your parcel"}).status_code == 201
    send_all()

    assert smtp[0].mails[0]["Subject"] == "Your parcel"


def test_the_page_says_over_what_somebody_can_be_reached_and_what_is_missing(
    email: Channel, ada: User, acme: Business
) -> None:
    connect(ada, "sms")
    connect(ada, "telegram")
    builders.widget(ada)
    client = builders.browser(ada)
    cleo = builders.customer(acme, phone="0171 2345678")

    page = client.get(f"{PAGE}?customer={cleo.pk}").content.decode()
    assert "There is no way to them yet" in page
    for missing in ("No e-mail address is known", "needs its country code", "never written in the chat"):
        assert missing in page
    assert "Telegram" not in page

    Customer.objects.update(phone="0049 (171) 234-5678")
    builders.conversation(acme, customer=cleo, channel=Channel.objects.get(type="widget"))
    page = client.get(f"{PAGE}?customer={cleo.pk}").content.decode()
    assert "to +491712345678" in page
    assert "in the chat on your site" in page
    assert "No e-mail address is known" in page
    assert write(client, cleo, email, content="Hello").status_code == 302  # over what there is instead


def test_what_is_wrong_is_said_at_its_field_and_the_words_stay(email: Channel, ada: User, acme: Business) -> None:
    cleo = builders.customer(acme, email="cleo@example.net")
    client = builders.browser(ada)

    answer = write(client, cleo, email, subject="Your parcel", content=" ")
    assert answer.status_code == 422
    assert "Write a message." in answer.content.decode()
    assert 'value="Your parcel"' in answer.content.decode()
    assert write(client, cleo, email, content="One").status_code == 302
    answer = write(client, cleo, email, content="Another")
    assert "Other words were already sent from this page" in answer.content.decode()
    assert answer.context["form"]["key"].value() != "once"
    assert list(Message.objects.values_list("content", flat=True)) == ["One"]


def test_a_number_goes_on_in_its_one_conversation_and_is_nobody_elses(ada: User, acme: Business) -> None:
    connect(ada, "sms")
    sms = Channel.objects.get(type="sms")
    cleo = builders.customer(acme, phone="+49 171 2345678")
    other = builders.customer(acme, name="Dora", phone="+491712345678")

    first = write_first(author=ada, customer=cleo, channel=sms, content="It left today.")
    builders.api(ada).put(f"/api/v1/conversations/{first.pk}/resolve")
    second = write_first(author=ada, customer=cleo, channel=sms, content="It is in Leeds.")

    assert second.pk == first.pk
    assert Conversation.objects.get().status == "open"
    assert Thread.objects.get().address == "+491712345678"
    assert Contact.objects.get().customer == cleo
    with pytest.raises(Conflict, match="belongs to Cleo"):
        write_first(author=ada, customer=other, channel=sms, content="Hello")


def test_whatsapp_begins_with_a_template_and_only_once(whatsapp: Channel, ada: User, acme: Business) -> None:
    cleo = builders.customer(acme, phone="+491712345678")
    client = builders.browser(ada)

    addresses = {write(client, cleo, whatsapp).url for _number in range(2)}

    begun = Conversation.objects.get()
    assert addresses == {reverse("conversation-templates", args=[begun.pk])}
    assert begun.last_message is None
    limits = builders.api(ada).get(f"/api/v1/conversations/{begun.pk}/limits").json()
    assert (limits["window_closed"], limits["templates"]) == (True, True)


def test_who_is_not_to_be_reached_is_not_written_to(ada: User, acme: Business) -> None:
    connect(ada, "sms")
    sms = Channel.objects.get(type="sms")
    cleo = builders.customer(acme, phone="+491712345678")
    write_first(author=ada, customer=cleo, channel=sms, content="It left today.")
    Contact.objects.update(unreachable="Wrote STOP.")

    assert [way.lacks for way in ways_to(cleo)] == ["Wrote STOP."]
    with pytest.raises(Invalid, match="STOP"):
        write_first(author=ada, customer=cleo, channel=sms, content="Hello again")


def test_somebody_new_is_written_down_and_then_written_to(email: Channel, ada: User, acme: Business) -> None:
    client = builders.browser(ada)
    builders.customer(acme, name="Dora", email="dora@example.net")

    assert "Dora" in client.get(f"{PAGE}?q=dor").content.decode()
    found = client.get(f"{PAGE}?q=cleo@example.net").content.decode()
    assert "/customers/new/?then=write&amp;email=cleo%40example.net" in found
    new = "/customers/new/?then=write&email=cleo@example.net"
    assert 'value="cleo@example.net"' in client.get(new).content.decode()
    assert client.post(new, {"name": "", "notes": "Likes tea"}).status_code == 400
    answer = client.post(new, {"name": "Cleo", "email": "cleo@example.net", "attributes": "plan: Pro"})

    cleo = Customer.objects.get(name="Cleo")
    assert answer.url == f"{PAGE}?customer={cleo.pk}"
    assert cleo.attributes == {"plan": "Pro"}
    assert "New message to Cleo" in client.get(answer.url).content.decode()


def test_nobody_elses_customer_or_channel_is_found_there(
    email: Channel, ada: User, acme: Business, mallory: User
) -> None:
    cleo = builders.customer(acme, email="cleo@example.net")
    stranger = builders.browser(mallory)

    assert stranger.get(f"{PAGE}?customer={cleo.pk}").status_code == 404
    assert write(stranger, cleo, email, content="Hello").status_code == 404
    assert "Cleo" not in stranger.get(PAGE).content.decode()
    theirs = builders.customer(mallory.memberships.get().business, email="erin@example.net")
    assert write(stranger, theirs, email, content="Hello").status_code == 404
    assert not Conversation.objects.exists()
