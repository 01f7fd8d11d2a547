"""What came is kept for so long and no longer; too much for a row lies in a file beside it, and goes with it."""

import base64
import os
import time
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import User
from channels_app import files, intake, journal
from channels_app.adapters.base import bytes_of
from channels_app.adapters.events import Routed
from channels_app.adapters.whatsapp import WhatsAppAdapter
from channels_app.models import Channel, Media, RawEvent, RawState
from channels_app.services import delete_channel
from conversations.models import Attachment, Conversation, Customer, Message
from conversations.services.deleting import delete_customer
from tests.channels_app.mailing import comes, mail
from tests.channels_app.test_intake import writes

pytestmark = pytest.mark.django_db
PLANS = os.urandom(200_000)


def in_the_folder(settings: Any) -> list[str]:
    return [path.name for path in Path(settings.MEDIA_ROOT, journal.FOLDER).glob("*/*")]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def big(email: Channel) -> RawEvent:
    """Of a mail with the plans."""
    assert comes(with_plans()) == 200
    return RawEvent.objects.get()


def with_plans() -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Message-ID"] = "cleo@example.net", "help@acme.example", "<1@example.net>"
    letter.set_content("The plans.")
    letter.add_attachment(PLANS, maintype="application", subtype="octet-stream", filename="plans.bin")
    return letter.as_bytes()


def test_a_big_mail_lies_in_a_file_and_its_row_is_small(big: RawEvent, settings: Any) -> None:
    assert in_the_folder(settings) == [big.pk.hex]
    assert len(str(big.payload)) < 200
    for media in Media.objects.all():
        files.fetch(media)

    assert Message.objects.get().content == "The plans."
    assert bytes_of(Attachment.objects.get()) == PLANS


def test_a_small_mail_needs_no_file(email: Channel, settings: Any) -> None:
    comes(mail("Hello?"))

    assert Message.objects.exists()
    assert in_the_folder(settings) == []


def test_a_repeat_leaves_no_second_file(big: RawEvent, settings: Any) -> None:
    assert comes(with_plans()) == 200

    assert in_the_folder(settings) == [big.pk.hex]


def test_the_file_goes_when_it_was_kept_long_enough_and_a_repeat_is_still_one(big: RawEvent, settings: Any) -> None:
    with time_machine.travel(timezone.now() + journal.KEPT + timedelta(hours=1)):
        while journal.purge():
            pass
    assert (RawEvent.objects.get().payload, in_the_folder(settings)) == ({}, [])
    assert comes(with_plans()) == 200
    assert RawEvent.objects.count() == Message.objects.count() == 1

    with time_machine.travel(timezone.now() + journal.KEPT_KEYS + timedelta(hours=1)):
        while journal.purge():
            pass
    assert not RawEvent.objects.exists()


def test_the_file_goes_when_its_customer_is_deleted(big: RawEvent, ada: User, settings: Any) -> None:
    delete_customer(customer=Customer.objects.get(), actor=ada)

    while journal.purge():
        pass

    assert in_the_folder(settings) == []
    assert not Conversation.objects.exists()
    assert comes(with_plans()) == 200
    assert not Conversation.objects.exists()


def test_what_has_no_row_any_more_goes_by_and_by(big: RawEvent, ada: User, settings: Any) -> None:
    delete_channel(actor=ada, channel=big.channel)

    assert journal.purge_strays() == 0  # it may still get its row
    (path,) = Path(settings.MEDIA_ROOT, journal.FOLDER).glob("*/*")
    os.utime(path, (time.time(), time.time() - journal.OLD_SECONDS - 1))
    assert journal.purge_strays() == 1
    assert in_the_folder(settings) == []


def test_a_file_that_is_lost_is_told_like_any_mail_that_cannot_be_taken_in(big: RawEvent) -> None:
    journal.remove([big.pk])
    RawEvent.objects.update(state=RawState.WAITING, attempts=0)

    intake.work()

    big.refresh_from_db()
    assert big.last_error.startswith("FileNotFoundError")


# How long it is kept ----------------------------------------------------------------------------------------


def test_of_a_deleted_customer_no_word_is_left_where_it_came_in_and_a_repeat_brings_nobody_back(
    whatsapp: Channel, ada: User
) -> None:
    thread = writes(whatsapp, "My number is 555", number="44")
    writes(whatsapp, "Somebody else's", number="45")
    assert thread.customer
    delete_customer(customer=thread.customer, actor=ada)

    while journal.purge():
        pass
    again = {"from": "44", "id": "wamid.x", "type": "text", "text": {"body": "My number is 555"}}
    intake.store(whatsapp, [Routed(dedup_key="wamid:My number is 555", payload={"message": again})])
    intake.work()

    assert RawEvent.objects.get(dedup_key="wamid:My number is 555").payload == {}
    assert "Somebody else's" in str(list(RawEvent.objects.values_list("payload", flat=True)))
    assert [message.content for message in Message.objects.all()] == ["Somebody else's"]


@pytest.mark.parametrize("can_be_read", [True, False])
def test_what_could_not_be_taken_in_of_a_deleted_customer_is_emptied_too(
    whatsapp: Channel, ada: User, monkeypatch: pytest.MonkeyPatch, can_be_read: bool
) -> None:
    thread = writes(whatsapp, "Hello?", number="447700900123")
    assert thread.customer
    for number in ("447700900123", "447700900124"):
        message = {"from": number, "id": f"wamid.{number}", "type": "text", "text": {"body": f"I am {number}"}}
        intake.store(whatsapp, [Routed(dedup_key=f"wamid:{number}", payload={"message": message})])
    RawEvent.objects.filter(state=RawState.WAITING).update(state=RawState.FAILED)
    if not can_be_read:
        monkeypatch.setattr(WhatsAppAdapter, "parse", lambda adapter, payload: 1 // 0)

    delete_customer(customer=thread.customer, actor=ada)
    while journal.purge():
        pass

    kept = dict(RawEvent.objects.filter(state=RawState.FAILED).values_list("dedup_key", "payload"))
    assert kept["wamid:447700900123"] == {}
    assert "I am 447700900124" in str(kept["wamid:447700900124"])


def test_a_mail_that_nobody_could_read_goes_with_its_writer(email: Channel, ada: User) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    for writer in ("cleo@example.net", "dora@example.net"):
        kind = "multipart/mixed; boundary=b"
        comes(mail("--b\r\n\r\n" * 2_000, writer, Message_ID=f"<2-{writer}>", Content_Type=kind))
    assert RawEvent.objects.filter(state=RawState.FAILED).count() == 2

    delete_customer(customer=Customer.objects.get(), actor=ada)
    while journal.purge():
        pass

    kept = [payload for payload in RawEvent.objects.values_list("payload", flat=True) if payload]
    assert [b"dora@example.net" in base64.b64decode(payload["raw"]) for payload in kept] == [True]


def test_what_came_is_kept_for_two_weeks_and_its_key_and_what_failed_for_thirty_days(whatsapp: Channel) -> None:
    now = timezone.now()
    for days in (13, 15, 29, 31):
        with time_machine.travel(now - timedelta(days=days), tick=False):
            for state in (RawState.DONE, RawState.FAILED):
                RawEvent.objects.create(
                    business=whatsapp.business,
                    channel=whatsapp,
                    payload={"message": days},
                    dedup_key=f"{state}:{days}",
                    state=state,
                )

    while journal.purge():
        pass

    kept = {key: bool(payload) for key, payload in RawEvent.objects.values_list("dedup_key", "payload")}
    assert kept == {
        "done:13": True,
        "done:15": False,
        "done:29": False,
        "failed:13": True,
        "failed:15": True,
        "failed:29": True,
    }


def test_what_was_emptied_is_not_looked_at_again(whatsapp: Channel) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=15), tick=False):
        for number in range(3):
            writes(whatsapp, f"Hello {number}", number="44")
    while journal.purge():
        pass

    assert not journal.old().exists()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    assert "raw_event_kept" in journal.old()[: journal.PURGED_AT_ONCE].explain()
