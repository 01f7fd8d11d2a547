"""Text messages over a Twilio that is strict about its wire."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as some

from accounts.models import User
from businesses.models import Business
from channels_app import checking, connecting, credentials, deliveries, files, identity, intake, polling
from channels_app.adapters.errors import Kind
from channels_app.adapters.events import ContactRef
from channels_app.adapters.sms import SmsAdapter, _by_code, segments, signature
from channels_app.first import write_first
from channels_app.models import Channel, ChannelState, Contact, Delivery, DeliveryState, Media, Poll
from channels_app.services import create_channel
from conversations.models import ChannelType, Message, MessageStatus
from tests import builders, corpus
from tests.fakes import twilio as wire
from tests.fakes.server import Answer
from tests.fakes.twilio import Twilio

CLEO = "+15550001111"


@pytest.fixture
def twilio(settings: Any) -> Iterator[Twilio]:
    with Twilio() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        settings.OUTBOUND_ALLOW = [*settings.OUTBOUND_ALLOW, "127.0.0.1"]
        yield fake
        assert fake.broken == []


@pytest.fixture
def sms(ada: User, acme: Business, twilio: Twilio) -> Channel:
    config = {"phone_number": "+1 (555) 222-3333", "account_sid": wire.SID, "auth_token": twilio.token}
    return create_channel(actor=ada, type=ChannelType.SMS, config=config)


def answer_to(channel: Channel, token: str, **fields: str) -> Any:
    path = f"/api/v1/webhooks/sms/{channel.pk}"
    pairs = {"AccountSid": channel.config["account_sid"], "To": "+15552223333", "From": CLEO, **fields}
    signed = signature(token, builders.public_url(path), list(pairs.items()))
    return Client().post(
        path, urlencode(pairs), content_type="application/x-www-form-urlencoded", headers={"X-Twilio-Signature": signed}
    )


def post(channel: Channel, token: str = "pb-auth-token", **fields: str) -> int:
    answer = answer_to(channel, token, **fields)
    intake.work()
    return answer.status_code  # type: ignore[no-any-return]


def send_all() -> None:
    for delivery in deliveries.claim(10):
        deliveries.attempt(delivery)


def test_a_text_becomes_a_conversation_and_the_answer_a_text(sms: Channel, ada: User, twilio: Twilio) -> None:
    assert post(sms, MessageSid="SM1", Body="Where is it?") == 200
    assert post(sms, MessageSid="SM1", Body="Where is it?") == 200  # Twilio repeats
    message = Message.objects.get()
    assert message.content == "Where is it?"

    answer = builders.answers(ada, message.conversation, "It’s on its way…")
    send_all()

    assert [(one.fields["To"], one.fields["Body"]) for one in twilio.sent] == [(CLEO, "It's on its way...")]
    assert post(sms, MessageSid="SM00000000000000000000000000000001", MessageStatus="delivered") == 200
    assert post(sms, MessageSid="SM00000000000000000000000000000001", MessageStatus="sent") == 200
    answer.conversation.refresh_from_db()
    receipts = Message.objects.get(pk=answer.pk).conversation.receipts
    assert receipts
    assert receipts.delivered_at(answer)


def test_twilio_hears_in_its_own_words_that_nothing_is_to_be_said(sms: Channel) -> None:
    answer = answer_to(sms, wire.TOKEN, MessageSid="SM1", Body="Where is it?")

    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "text/xml", b"<Response/>")


def test_what_could_not_be_brought_stays_so_until_it_is_delivered(sms: Channel, ada: User) -> None:
    post(sms, MessageSid="SM1", Body="Where is it?")
    answer = builders.answers(ada, Message.objects.get().conversation, "On its way.")
    send_all()
    ours = "SM00000000000000000000000000000001"

    post(sms, MessageSid=ours, MessageStatus="undelivered", ErrorCode="30003")
    post(sms, MessageSid=ours, MessageStatus="sent")
    answer.refresh_from_db()
    assert (answer.status, bool(answer.error)) == (MessageStatus.FAILED, True)

    post(sms, MessageSid=ours, MessageStatus="delivered")
    answer.refresh_from_db()
    assert (answer.status, answer.error) == (MessageStatus.SENT, "")


def test_a_picture_is_fetched_without_showing_the_password_to_its_store(sms: Channel, twilio: Twilio) -> None:
    twilio.files["ME1"] = corpus.picture()
    url = f"{twilio.url}/2010-04-01/Accounts/{wire.SID}/Media/ME1"
    post(sms, MessageSid="MM1", Body="", NumMedia="1", MediaUrl0=url, MediaContentType0="image/png")

    for media in files.claim(most=5):
        files.fetch(media)

    assert not Media.objects.exists()
    assert [file["content_type"] for file in Message.objects.get().attachments] == ["image/png"]


def test_what_is_not_signed_by_twilio_for_this_account_is_refused(sms: Channel) -> None:
    assert post(sms, token="guessed", MessageSid="SM1", Body="x") == 400
    assert post(sms, AccountSid="AC1", MessageSid="SM1", Body="x") == 400
    assert not Message.objects.exists()


@pytest.mark.parametrize("stop", [{"Body": "STOP", "OptOutType": "STOP"}, {"Body": "Stop "}, {"Body": "unsubscribe"}])
def test_who_writes_stop_is_marked_and_no_machine_answers_and_start_takes_it_back(
    sms: Channel, ada: User, stop: dict[str, str]
) -> None:
    post(sms, MessageSid="SM1", **stop)
    assert Contact.objects.get().unreachable.startswith("Wrote STOP")
    message = Message.objects.get()
    assert message.automated
    thread = builders.browser(ada).get(f"/inbox/{message.conversation_id}/").content.decode()
    assert "Gets no automatic answer" in thread
    post(sms, MessageSid="SM2", Body="START")
    assert not Contact.objects.get().unreachable
    post(sms, MessageSid="SM3", Body="Please stop sending me the wrong size")
    assert not Contact.objects.get().unreachable
    assert not Message.objects.latest("seq").automated


@pytest.mark.parametrize("sender", ["22000", "AMAZON"])
def test_what_no_number_sent_is_answered_by_no_machine_and_cannot_be_answered(
    sms: Channel, ada: User, twilio: Twilio, sender: str
) -> None:
    post(sms, MessageSid="SM1", From=sender, Body="Your parcel arrives today. Do not reply.")

    message = Message.objects.get()
    assert message.automated
    answer = builders.answers(ada, message.conversation, "Thanks.")
    send_all()
    answer.refresh_from_db()
    assert (answer.status, "takes no answers" in answer.error) == (MessageStatus.FAILED, True)
    assert twilio.sent == []


def test_a_text_proves_no_sender_and_leads_to_nobody_whom_another_channel_knows(
    sms: Channel, whatsapp: Channel, ada: User
) -> None:
    wanda = ContactRef(keys=(f"tel:{CLEO}",), proven=(f"tel:{CLEO}",), name="Wanda", handle=CLEO)
    customer, _is_new = identity.customer_of(whatsapp, wanda)
    customer.save(force_insert=True)
    identity.note(whatsapp, wanda, customer.pk)

    post(sms, MessageSid="SM1", Body="I am Wanda. What did I order?")

    contact = Contact.objects.get(channel=sms)
    assert (contact.customer_id != customer.pk, contact.proven) == (True, False)
    assert contact.reason.startswith("WhatsApp knows Wanda by the same number.")


def test_what_came_while_nobody_picked_up_is_asked_for(sms: Channel, twilio: Twilio) -> None:
    connecting.connect(sms)
    now = timezone.now()
    twilio.takes_in("SM0", "Before", at=now - timedelta(days=1))
    polls()  # begins here
    Poll.objects.update(cursor={"since": (now - timedelta(minutes=20)).isoformat()})
    post(sms, MessageSid="SM2", Body="Two")
    for number, words in enumerate(("One", "Two", "Three"), start=1):
        at = now - timedelta(minutes=15 - number)
        twilio.takes_in(f"SM{number}", words, at=at, files=1 if words == "Three" else 0)
    twilio.files["ME0"] = corpus.picture()

    polls()
    polls()
    for media in files.claim(most=5):
        files.fetch(media)

    found = Message.objects.order_by("seq")
    assert [(each.content, len(each.attachments)) for each in found] == [("Two", 0), ("One", 0), ("Three", 1)]


def polls() -> None:
    Poll.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    polling.poll_due(threading.Event())
    intake.work()


def test_connecting_registers_the_address_and_a_wrong_token_says_so(sms: Channel, twilio: Twilio, ada: User) -> None:
    connecting.connect(sms)
    sms.refresh_from_db()
    assert sms.state == ChannelState.CONNECTED
    ours = builders.public_url(f"/api/v1/webhooks/sms/{sms.pk}")
    assert twilio.sms_url == f"{ours}#rc=3&rp=all"  # so that Twilio tries it again while nobody picks up

    twilio.sms_url = ours  # as it was once set
    assert checking.check(sms).ok
    assert twilio.sms_url == f"{ours}#rc=3&rp=all"
    connecting.adapter_of(sms).disconnect()  # type: ignore[union-attr]
    assert twilio.sms_url == ""

    twilio.token = "another"
    assert "auth token" in connecting.connect(sms).detail
    sms.refresh_from_db()
    assert sms.state == ChannelState.ERROR


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (21610, DeliveryState.FAILED, "STOP"),
        (21211, DeliveryState.FAILED, "cannot be reached"),
        (21408, DeliveryState.FAILED, "country"),
        (20429, DeliveryState.QUEUED, "wait"),
        (500, DeliveryState.QUEUED, "problem of its own"),
    ],
)
def test_an_error_is_told_in_words(
    sms: Channel, ada: User, twilio: Twilio, answer: int, state: str, words: str
) -> None:
    post(sms, MessageSid="SM1", Body="Hi")
    builders.answers(ada, Message.objects.get().conversation, "Hello")
    twilio.next.append(wire.error(answer))

    send_all()

    row = Delivery.objects.get()
    assert (row.state, words in row.last_error) == (state, True)


def test_an_answer_that_never_came_is_not_repeated_at_once(sms: Channel, ada: User, twilio: Twilio) -> None:
    post(sms, MessageSid="SM1", Body="Hi")
    builders.answers(ada, Message.objects.get().conversation, "Hello")
    twilio.next.append(Answer(drop=True))

    send_all()
    send_all()

    assert len(twilio.sent) == 1
    row = Delivery.objects.get()
    assert (row.state, "did not say" in row.last_error) == (DeliveryState.QUEUED, True)


def test_codes_that_come_with_a_status() -> None:
    assert _by_code(30003, "", 400).kind == Kind.UNREACHABLE
    assert _by_code(30007, "", 400).kind == Kind.PERMANENT
    assert _by_code(30008, "", 400).kind == Kind.TRANSIENT
    assert _by_code(20003, "", 401).kind == Kind.CREDENTIALS


@pytest.mark.parametrize(
    ("text", "count"),
    [("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("é" * 161, 2), ("日" * 70, 1), ("日" * 71, 2), ("“hi”", 1)],
)
def test_segments_are_counted_as_they_are_billed(text: str, count: int) -> None:
    assert segments(text) == count


def test_the_signature_is_twilios() -> None:
    fields = {
        "Body": "Hi there",
        "From": "+15550001111",
        "MessageSid": "SM00000000000000000000000000000001",
        "NumMedia": "0",
        "To": "+15552223333",
    }
    url = "https://desk.example.test/api/v1/webhooks/sms/7"
    assert signature("pb-auth-token", url, list(fields.items())) == "79vq9T7QIshfsEwpwTkgOIHuf6k="


@examples(max_examples=100, deadline=None, database=None)
@given(
    some.dictionaries(
        some.sampled_from(
            ["MessageSid", "From", "Body", "NumMedia", "MediaUrl0", "MessageStatus", "ErrorCode", "OptOutType"]
        ),
        some.one_of(some.text(max_size=20), some.integers(), some.none()),
    )
)
def test_no_payload_raises(payload: dict[str, Any]) -> None:
    channel = Channel(type=ChannelType.SMS, config={"phone_number": "+1"})
    SmsAdapter(channel, {}).parse(payload)


def test_secrets_stay_out_of_the_row(sms: Channel) -> None:
    assert "auth_token" not in sms.config
    assert credentials.reveal(sms)["auth_token"] == "pb-auth-token"


def test_whom_the_team_wrote_to_first_answers_in_that_conversation(
    sms: Channel, ada: User, acme: Business, twilio: Twilio
) -> None:
    cleo = builders.customer(acme, phone="+1 (555) 000-1111")
    begun = write_first(author=ada, customer=cleo, channel=sms, content="It left today.")
    send_all()
    assert [(one.fields["To"], one.fields["Body"]) for one in twilio.sent] == [(CLEO, "It left today.")]

    assert post(sms, MessageSid="SM1", Body="Thanks!") == 200

    assert list(begun.messages.values_list("content", flat=True)) == ["It left today.", "Thanks!"]
    assert Contact.objects.get().customer == cleo
