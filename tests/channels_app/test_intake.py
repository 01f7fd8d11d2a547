"""From the stored event to the conversation: whose it is, and what a machine may do."""

import time
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import credentials, files, intake, signs
from channels_app.adapters.base import bytes_of
from channels_app.adapters.events import Routed
from channels_app.keys import known_message, remember
from channels_app.models import Channel, Contact, Delivery, Media, RawEvent, RawState, Thread
from channels_app.services import create_channel
from conversations.models import Attachment, ChannelType, Conversation, Customer, Message, Status
from conversations.services.customers import change_customer, create_customer
from conversations.services.handling import resolve_conversation
from conversations.services.merging_customers import undo_merge
from conversations.services.message_drafts import MAX_CONTENT
from tests import builders
from tests.channels_app.cases import PICTURE
from tests.channels_app.mailing import comes, mail, send_all
from tests.fakes import meta
from tests.fakes.meta import Meta
from tests.fakes.telegram import TOKEN, Telegram

pytestmark = pytest.mark.django_db


def writes(channel: Channel, text: str, *, number: str = "", user: str = "") -> Conversation:
    """As WhatsApp has it: a number, an id in its place, or both."""
    known = {name: value for name, value in (("from", number), ("from_user_id", user)) if value}
    message = {**known, "id": f"wamid.{text}", "type": "text", "text": {"body": text}}
    intake.store(channel, [Routed(dedup_key=f"wamid:{text}", payload={"message": message, "contacts": []})])
    intake.work()
    return Message.objects.get(content=text).conversation


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("told", "name"), [({"name": "Cleo Marsh", "username": "cleo_m"}, "Cleo Marsh"), ({"name": None}, "")]
)
def test_instagram_is_asked_who_writes_and_an_agents_word_stays(
    acme: Business, settings: Any, told: dict[str, str], name: str
) -> None:
    cache.clear()
    with Meta() as fake:
        settings.OUTBOUND_ALLOW, settings.INSTAGRAM_GRAPH_BASE_URL = ["127.0.0.1"], fake.url
        fake.profiles["61"] = told
        channel = Channel.objects.create(business=acme, type=ChannelType.INSTAGRAM, config={"page_id": meta.PAGE})
        credentials.store(channel, {"page_id": meta.PAGE, "access_token": fake.token})
        channel.save()
        item = {"sender": {"id": "61"}, "recipient": {"id": "17"}, "message": {"mid": "m1", "text": "Hello?"}}
        intake.store(channel, [Routed(dedup_key="ig:m1:message", payload=item)])
        intake.work()
        until = time.monotonic() + 60
        while not any(call.path.endswith("/61") for call in fake.calls) or Customer.objects.get().name != name:
            assert time.monotonic() < until
            time.sleep(0.02)
        change_customer(customer=Customer.objects.get(), name="C. M.")
        signs._named(Customer.objects.get().pk, "Another")

    assert Customer.objects.get().name == "C. M."


# Machines -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "Shop <no-reply@forms.example>"},
        {"Auto_Submitted": "auto-generated"},
        {"Auto_Submitted": "auto-replied"},
        {"List_Id": "<dev.example.org>"},
        {"X_Auto_Response_Suppress": "All"},
    ],
    ids=["a form on a website", "made by a program", "a ticket system", "a list", "wants no answer"],
)
def test_what_a_machine_mails_first_begins_a_conversation_that_waits_for_a_person(
    email: Channel,
    fields: dict[str, str],
) -> None:
    assert comes(mail("I want to order ten.", Message_ID="<1@forms.example>", **fields)) == 200

    message = Message.objects.select_related("conversation").get()
    assert (message.automated, message.conversation.status) == (True, Status.OPEN)
    assert message.conversation.waiting_since


def test_a_machines_mail_in_a_conversation_is_shown_and_reopens_nothing(
    email: Channel,
    ada: User,
) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    thread = Conversation.objects.get()
    builders.answers(ada, thread, "It left today.")
    resolve_conversation(conversation=thread, actor=ada)

    away = {"Auto_Submitted": "auto-replied", "References": "<1@example.net>"}
    comes(mail("I am away.", Message_ID="<2@example.net>", **away))

    thread.refresh_from_db()
    assert (thread.status, thread.waiting_since) == (Status.RESOLVED, None)
    assert list(thread.messages.order_by("seq").values_list("automated", flat=True)) == [False, False, True]

    comes(mail("I am back.", Message_ID="<3@example.net>", References="<1@example.net>"))
    thread.refresh_from_db()
    assert thread.status == Status.OPEN


# Whose conversation ---------------------------------------------------------------------------------------


def test_who_was_in_copy_and_answers_takes_nobodys_thread(
    email: Channel,
    ada: User,
    smtp: Any,
) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    cleos = Conversation.objects.get()
    comes(mail("And I?", sender="cc@other.example", Message_ID="<9@other.example>", References="<1@example.net>"))
    theirs = Conversation.objects.exclude(pk=cleos.pk).get()

    comes(mail("Still me.", Message_ID="<2@example.net>", References="<1@example.net> <9@other.example>"))
    comes(mail("Me too.", sender="cc@other.example", Message_ID="<10@other.example>", References="<9@other.example>"))
    for thread in (cleos, theirs):
        builders.answers(ada, thread, "It left today.")
    send_all()

    assert [cleos.messages.filter(sender_type="customer").count(), theirs.messages.count()] == [2, 3]
    assert sorted(out["To"] for out in smtp[0].mails) == ["cc@other.example", "cleo@example.net"]
    assert Conversation.objects.count() == 2


def test_the_answer_to_a_conversation_that_an_agent_began_joins_it(
    email: Channel,
    ada: User,
    smtp: Any,
) -> None:
    cleo = create_customer(business=email.business, name="Cleo", email="cleo@example.net")
    asked = {
        "business_id": str(email.business_id),
        "channel_id": str(email.pk),
        "customer_id": str(cleo.pk),
        "initial_message": "Did it arrive?",
    }
    assert builders.api(ada).post("/api/v1/conversations/", asked).status_code == 201
    send_all()
    (out,) = smtp[0].mails

    comes(mail("It did.", to=out["Reply-To"].addresses[0].addr_spec, Message_ID="<1@example.net>"))

    assert {raw.state for raw in RawEvent.objects.all()} == {RawState.DONE}
    assert Conversation.objects.get().messages.get(seq=2).content == "It did."
    assert Customer.objects.get() == cleo


@pytest.mark.parametrize("first", ["both", "hidden"])
def test_a_hidden_number_leads_to_the_same_thread_on_whatsapp(whatsapp: Channel, first: str) -> None:
    number = {"number": "447700900123"} if first == "both" else {}
    thread = writes(whatsapp, "Hello?", user="GB.44", **number)

    assert writes(whatsapp, "Hidden", user="GB.44") == thread
    assert writes(whatsapp, "Shown", user="GB.44", number="447700900123") == thread
    assert writes(whatsapp, "Hidden again", user="GB.44") == thread
    assert writes(whatsapp, "Of old", number="447700900123") == thread
    assert writes(whatsapp, "Somebody else", user="GB.45") != thread
    assert set(Thread.objects.filter(conversation=thread).values_list("key", "address")) == {
        ("GB.44", "GB.44"),
        ("447700900123", "447700900123"),
    }


def status_of(channel: Channel, message: str, **more: str) -> None:
    status = {"id": message, "status": "delivered", **more}
    intake.store(channel, [Routed(dedup_key=f"{message}:delivered", payload={"status": status})])
    RawEvent.objects.filter(state=RawState.WAITING).update(due_at=timezone.now() - timedelta(seconds=1))
    intake.work()


def test_who_was_answered_by_number_is_known_when_they_hide_it_later(whatsapp: Channel, ada: User) -> None:
    thread = writes(whatsapp, "Hello?", number="447700900123")
    answer = builders.answers(ada, thread, "Hello!")
    remember(whatsapp, answer, "wamid.OUT")

    status_of(whatsapp, "wamid.OUT", recipient_id="447700900123", recipient_user_id="GB.44")

    assert writes(whatsapp, "Hidden", user="GB.44") == thread
    assert Customer.objects.count() == 1
    reasons = Contact.objects.order_by("created_at").values_list("key", "reason")
    assert reasons[1] == ("bsuid:GB.44", "WhatsApp knows +447700900123 by this, too.")


@pytest.mark.django_db(transaction=True)
def test_who_came_in_as_two_is_one_when_whatsapp_brings_both_keys_and_two_again_when_that_is_undone(
    whatsapp: Channel, ada: User
) -> None:
    by_number = writes(whatsapp, "By number", number="447700900123").customer
    hidden = writes(whatsapp, "Hidden", user="GB.44").customer
    assert by_number
    assert hidden
    assert by_number != hidden

    writes(whatsapp, "Both", number="447700900123", user="GB.44")

    hidden.refresh_from_db()
    assert hidden.merged_into == by_number
    why = "WhatsApp says that this is the same person as +447700900123."
    assert Contact.objects.get(customer=hidden).reason == why
    client = Client()
    client.force_login(ada)
    page = client.get(f"/customers/{hidden.pk}/").content.decode()
    assert why in page
    assert "Undo the merge" in page
    assert "Merged: the channel says" in client.get(f"/inbox/{hidden.conversations.get().pk}/").content.decode()
    undo_merge(customer=hidden, actor=ada)
    writes(whatsapp, "Both, again", number="447700900123", user="GB.44")
    hidden.refresh_from_db()
    assert hidden.merged_into is None


@pytest.mark.parametrize(
    ("told", "now"),
    [
        ({"from": "44", "system": {"wa_id": "45", "user_id": "GB.9"}}, {"number": "45"}),
        ({"from": "44", "system": {"wa_id": "45", "user_id": "GB.9"}}, {"user": "GB.9"}),
        ({"from_user_id": "GB.9", "system": {"user_id": "GB.9", "previous_user_id": "GB.1"}}, {"user": "GB.9"}),
    ],
    ids=["by number", "by id", "hidden"],
)
def test_who_changes_the_number_on_whatsapp_stays_in_the_thread(
    whatsapp: Channel, told: dict[str, Any], now: dict[str, str]
) -> None:
    thread = writes(whatsapp, "Hello?", number="44", user="GB.1")

    message = {"id": "wamid.S", "type": "system", **told}
    intake.store(whatsapp, [Routed(dedup_key="wamid:S", payload={"message": message, "contacts": []})])
    intake.work()

    assert writes(whatsapp, "It is me.", **now) == thread


def test_in_a_group_the_bot_says_once_that_it_answers_in_private_and_hears_nothing(
    ada: User, acme: Business, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with Telegram() as fake:
        settings.OUTBOUND_ALLOW, settings.TELEGRAM_API_BASE_URL = ["127.0.0.1"], fake.url
        bot = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})
        group = {"id": -100, "type": "supergroup"}
        joined = {"chat": group, "old_chat_member": {"status": "left"}, "new_chat_member": {"status": "member"}}
        said = {"message_id": 1, "chat": group, "from": {"id": 5}, "text": "Hello all"}
        with django_capture_on_commit_callbacks(execute=True):
            for number, update in enumerate(({"my_chat_member": joined}, {"message": said})):
                intake.store(bot, [Routed(dedup_key=f"tg:{number}", payload={"update_id": number, **update})])
                intake.work()

        (answer,) = fake.sent
    assert (answer.fields["chat_id"], "private chat" in answer.fields["text"]) == ("-100", True)
    assert not Conversation.objects.exists()


# Files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["", "Here it is"])
def test_a_picture_sent_from_the_phone_is_shown_as_the_teams(
    ada: User, acme: Business, settings: Any, words: str
) -> None:
    with Meta() as fake:
        settings.OUTBOUND_ALLOW, settings.META_GRAPH_BASE_URL = ["127.0.0.1"], fake.url
        config = {"phone_number_id": meta.NUMBER, "access_token": meta.TOKEN}
        channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
        thread = writes(channel, "Where is my parcel?", number="44", user="GB.44")
        fake.files["photo.png"] = PICTURE
        image = {"id": "photo.png", "mime_type": "image/png", **({"caption": words} if words else {})}
        echo = {"to": "44", "from": "1", "id": "wamid.E1", "type": "image", "image": image}
        intake.store(channel, [Routed(dedup_key="wamid:E1:echo", payload={"echo": echo})])
        RawEvent.objects.update(received_at=timezone.now() - timedelta(minutes=1))
        intake.work()
        for media in files.claim(most=4):
            files.fetch(media)

    shown = thread.messages.get(seq=2)
    assert (shown.sender_type, shown.content, len(shown.attachments)) == ("agent", words or "Picture", 1)
    assert not Delivery.objects.exists()
    client = builders.browser(ada)
    for page in ("/inbox/", f"/inbox/{thread.pk}/"):  # no colleague wrote it here
        assert "Another app" in client.get(page).content.decode()


def test_a_text_that_is_too_long_is_cut_and_kept_whole_beside_it(whatsapp: Channel) -> None:
    text = "Grüße! " * 2_000
    message = {"from": "44", "id": "wamid.1", "type": "text", "text": {"body": text}}
    intake.store(whatsapp, [Routed(dedup_key="wamid:1", payload={"message": message})])
    intake.work()

    shown = Message.objects.get()
    (whole,) = shown.attachments
    assert (len(shown.content), shown.content[-1], whole["filename"]) == (MAX_CONTENT, "…", "message.txt")
    assert bytes_of(Attachment.objects.get(pk=whole["id"])).decode() == text.strip()


def test_what_a_mail_brings_is_kept_whatever_it_is_and_only_ever_downloaded(
    email: Channel,
    ada: User,
) -> None:
    sent = EmailMessage()
    sent["From"], sent["To"], sent["Message-ID"] = "cleo@example.net", "help@acme.example", "<1@example.net>"
    sent.set_content("The plans.")
    for name, content in (
        ("plan.dwg", b"AC1032"),
        ("broken.png", b"\x89PNG\r\n\x1a\n"),
        ("big.bin", b"x" * 11 * 2**20),
    ):
        sent.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    comes(sent.as_bytes())
    for media in [*files.claim(most=4), *files.claim(most=4)]:
        files.fetch(media)

    message = Message.objects.get()
    assert message.content == "The plans."
    assert {(file["filename"], file["size"]) for file in message.attachments} == {
        ("plan.dwg", 6),
        ("broken.png", 8),
        ("big.bin", 11 * 2**20),
    }
    told = builders.api(ada).get(f"/api/v1/conversations/{message.conversation_id}").json()["messages"][0]
    for file in told["attachments"]:
        answer = Client().get(urlsplit(file["url"])._replace(scheme="", netloc="").geturl())
        assert (answer["Content-Type"], answer["Content-Disposition"][:10]) == (
            "application/octet-stream",
            "attachment",
        )


def test_the_pictures_of_an_album_are_one_message(acme: Business) -> None:
    telegram = Channel.objects.create(business=acme, type=ChannelType.TELEGRAM)
    for number in range(1, 5):
        photo = [{"file_id": f"f{number}", "width": 9, "height": 9}]
        message = {
            "message_id": number,
            "chat": {"id": 7},
            "photo": photo,
            "media_group_id": "1" if number < 4 else "2",
        }
        if number == 1:
            message["caption"] = "Three of them"
        update = {"update_id": number, "message": message}
        intake.store(telegram, [Routed(dedup_key=f"tg:{number}", payload=update)])
        intake.work()
    intake.store(telegram, [Routed(dedup_key="tg:3", payload=update)])
    intake.work()

    album, other = Message.objects.order_by("seq")
    assert (album.content, other.content) == ("Three of them", "Picture")
    refs = Media.objects.order_by("ref__provider_ref").values_list("message", "ref__provider_ref")
    assert list(refs) == [(album.pk, "f1"), (album.pk, "f2"), (album.pk, "f3"), (other.pk, "f4")]
    assert known_message(telegram, "7:2") == known_message(telegram, "7:3") == album
    assert album.external.order_by("pk").values_list("external_id", flat=True)[0] == "7:1"
