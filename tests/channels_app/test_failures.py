"""What could not be taken in is told by whom it is from, marked in the list, and gone once it is discarded."""

import json
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from channels_app import failures, intake, journal
from channels_app.models import Channel, RawEvent, RawState
from conversations.models import Message
from tests import builders
from tests.channels_app.mailing import comes, mail

SUBJECT = "=?utf-8?q?Bestellung_f=C3=BCr_Zo=C3=AB?="


def nested(text: str) -> bytes:
    """A mail that nobody reads: its parts lie in each other."""
    parts = "".join(
        f'Content-Type: multipart/mixed; boundary="b{number}"\r\n\r\n--b{number}\r\n' for number in range(200)
    )
    whole = mail("", Subject=SUBJECT, Message_ID="<1@example.net>").removesuffix(b"\r\n")
    return whole + parts.encode() + b"\r\n" + text.encode()


@pytest.fixture(params=["Hello?", "Hello? " * 20_000], ids=["in the row", "in a file"])
def raw(request: Any, email: Channel, settings: Any, tmp_path: Path) -> RawEvent:
    settings.MEDIA_ROOT = tmp_path
    assert comes(nested(request.param)) == 200
    found = RawEvent.objects.get()
    assert found.state == RawState.FAILED
    assert found.in_file == (len(request.param) > journal.BIG)
    return found


def test_the_owner_reads_from_whom_it_is_and_discards_it(raw: RawEvent, ada: User, ben: User, mallory: User) -> None:
    client, page = builders.browser(ada), f"/settings/channels/{raw.channel_id}/"
    told = client.get(page).content.decode()
    assert "cleo@example.net: Bestellung für Zoë" in told
    assert "The mail&#x27;s parts nest too deep." in told
    assert "Bestellung" not in builders.browser(ben).get(page).content.decode()
    assert "1 could not be taken in" in client.get("/settings/channels/").content.decode()

    discard = f"{page}events/{raw.pk}/discard/"
    assert builders.browser(mallory).post(discard).status_code == 404
    assert builders.browser(ben).post(discard).status_code == 302
    assert "is gone then" in client.get(discard).content.decode()
    assert client.get(page).content.decode().count("parts nest too deep") == 1
    client.post(discard)

    assert "Bestellung" not in client.get(page).content.decode()
    assert "could not be taken in" not in client.get("/settings/channels/").content.decode()


def test_the_owner_alone_saves_what_came_as_it_came(raw: RawEvent, ada: User, ben: User, mallory: User) -> None:
    address = f"/settings/channels/{raw.channel_id}/events/{raw.pk}/came/"

    saved = builders.browser(ada).get(address)
    assert (saved["Content-Type"], saved["Content-Disposition"][-5:]) == ("application/octet-stream", '.eml"')
    assert SUBJECT.encode() in saved.content
    assert saved.content.endswith(b"Hello?") or saved.content.endswith(b"Hello? ")
    assert builders.browser(ben).get(address).status_code == builders.browser(mallory).get(address).status_code == 404

    RawEvent.objects.update(payload={"message": {"from": "44"}}, in_file=False)
    odd = builders.browser(ada).get(address)
    assert (odd["Content-Disposition"][-6:], json.loads(odd.content)) == ('.json"', {"message": {"from": "44"}})


def test_what_is_discarded_leaves_no_word_and_does_not_come_again(
    raw: RawEvent, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert failures.discard(raw)

    raw.refresh_from_db()
    assert (raw.payload, raw.in_file, raw.state) == ({}, False, RawState.DONE)
    assert not list(Path(settings.MEDIA_ROOT, journal.FOLDER).glob("*/*"))
    assert not intake.replay(raw)
    assert comes(nested("Hello?")) == 200
    assert not Message.objects.exists()


def test_what_is_no_mail_or_was_taken_in_is_told_and_discarded_by_nobody(email: Channel) -> None:
    comes(mail())
    taken = RawEvent.objects.get()
    assert not failures.discard(taken)
    odd = RawEvent(business=email.business, channel=email, dedup_key="imap:1:2", payload={"imap_uid": 2})
    odd.state = RawState.FAILED
    odd.save()

    assert [item["outline"] for item in failures.newest_of(email, most=5)] == [""]
