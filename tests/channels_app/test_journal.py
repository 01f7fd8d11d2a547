"""What is too much for a row lies in a file beside it, and goes when the row goes."""

import os
import time
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from channels_app import files, intake, journal
from channels_app.adapters.base import bytes_of
from channels_app.models import Channel, Media, RawEvent, RawState
from channels_app.services import delete_channel
from conversations.models import Attachment, Conversation, Customer, Message
from conversations.services.deleting import delete_customer
from tests.channels_app.test_mail import comes, email, mail, smtp  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db
PLANS = os.urandom(200_000)


def in_the_folder(settings: Any) -> list[str]:
    return [path.name for path in Path(settings.MEDIA_ROOT, journal.FOLDER).glob("*/*")]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def big(email: Channel) -> RawEvent:  # noqa: F811
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


def test_a_small_mail_needs_no_file(email: Channel, settings: Any) -> None:  # noqa: F811
    comes(mail("Hello?"))

    assert Message.objects.exists()
    assert in_the_folder(settings) == []


def test_a_repeat_leaves_no_second_file(big: RawEvent, settings: Any) -> None:
    assert comes(with_plans()) == 200

    assert in_the_folder(settings) == [big.pk.hex]


def test_the_file_goes_when_the_row_was_kept_long_enough(big: RawEvent, settings: Any) -> None:
    with time_machine.travel(timezone.now() + journal.KEPT + timedelta(hours=1)):
        while journal.purge():
            pass

    assert not RawEvent.objects.exists()
    assert in_the_folder(settings) == []


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
