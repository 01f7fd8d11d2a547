"""Working off what came: an event that fails, and what must not happen to the others meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from channels_app import intake
from channels_app.adapters.events import Routed
from channels_app.adapters.whatsapp import WhatsAppAdapter
from channels_app.models import Channel, RawEvent, RawState
from conversations.models import Message

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """As far as the code sees, the process is no more."""


def test_an_event_that_kills_the_process_is_set_aside_and_the_others_go_on(
    whatsapp: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = WhatsAppAdapter.parse

    def killing(adapter: WhatsAppAdapter, payload: Any) -> Any:
        if payload["message"]["id"] == "wamid.0":
            raise Killed
        return parse(adapter, payload)

    monkeypatch.setattr(WhatsAppAdapter, "parse", killing)
    for number in range(3):
        message = {"from": "44", "id": f"wamid.{number}", "type": "text", "text": {"body": f"Number {number}"}}
        intake.store(whatsapp, [Routed(dedup_key=f"wamid:{number}", payload={"message": message})])

    for _time in range(intake.MAX_TRIES):
        with pytest.raises(Killed):
            intake.work()
    intake.work()

    killer = RawEvent.objects.get(state=RawState.FAILED)
    assert (killer.dedup_key, killer.attempts, killer.last_error[:13]) == ("wamid:0", intake.MAX_TRIES, "It broke off ")
    assert [message.content for message in Message.objects.order_by("seq")] == ["Number 1", "Number 2"]


def test_when_the_database_does_not_answer_nothing_overtakes_what_waits_for_it(
    whatsapp: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([OperationalError("database is locked"), None, OperationalError("database is locked")])
    parse = WhatsAppAdapter.parse

    def shaky(adapter: WhatsAppAdapter, payload: Any) -> Any:
        if error := next(answers, None):
            raise error
        return parse(adapter, payload)

    monkeypatch.setattr(WhatsAppAdapter, "parse", shaky)
    for number in range(3):
        message = {"from": "44", "id": f"wamid.{number}", "type": "text", "text": {"body": f"Number {number}"}}
        intake.store(whatsapp, [Routed(dedup_key=f"wamid:{number}", payload={"message": message})])

    for _time in range(2):
        with pytest.raises(OperationalError):
            intake.work()
    intake.work()

    said = [message.content for message in Message.objects.order_by("seq")]
    assert said == ["Number 0", "Number 1", "Number 2"]


def test_waiting_for_what_it_is_about_counts_as_no_try(whatsapp: Channel) -> None:
    status = {"id": "wamid.later", "status": "delivered"}
    intake.store(whatsapp, [Routed(dedup_key="wamid:later:delivered", payload={"status": status})])

    for _time in range(intake.MAX_TRIES + 2):
        RawEvent.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        assert intake.work() == 1

    assert list(RawEvent.objects.values_list("state", "attempts")) == [(RawState.WAITING, 0)]


def test_what_waits_for_something_unknown_is_behind_whatever_comes_new(whatsapp: Channel) -> None:
    """As when another program sends a campaign over the same number: we are told of each of its messages."""
    for number in range(3):
        status = {
            "id": f"wamid.theirs.{number}",
            "status": "delivered",
            "timestamp": "1764000000",
            "recipient_id": "44",
        }
        intake.store(whatsapp, [Routed(dedup_key=f"status:{number}", payload={"status": status})])
    intake.work()
    put_off = RawEvent.objects.filter(state=RawState.WAITING)
    assert put_off.count() == 3
    now = timezone.now()
    put_off.update(received_at=now - timedelta(seconds=20), due_at=now - timedelta(seconds=5))
    message = {"from": "44", "id": "wamid.1", "type": "text", "text": {"body": "Hello?"}}
    intake.store(whatsapp, [Routed(dedup_key="wamid:1", payload={"message": message})])

    intake.work(most=1)
    assert Message.objects.get().content == "Hello?"

    intake.work()
    assert put_off.filter(due_at__gt=now + timedelta(seconds=15)).count() == 3
