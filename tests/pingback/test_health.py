"""/readyz: what works, who is sent away, and an outage that is told once."""

import logging
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from businesses.models import Business
from channels_app.models import Channel, RawEvent, RawState
from conversations.models import ChannelType
from pingback import health


@pytest.mark.django_db
def test_an_outage_is_told_when_it_begins_and_when_it_ends(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> bool:
        raise OperationalError("no route to host")

    parts = {"migrations": away, "worker": lambda: True}
    monkeypatch.setattr(health, "_told", set())
    monkeypatch.setattr(health, "CHECKS", [(name, False, lambda name=name: parts[name]()) for name in parts])
    caplog.set_level(logging.INFO)

    for _ in range(3):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["migrations"], answer.json()["worker"]) == (503, "down", "ok")
    parts["worker"] = lambda: False
    for _ in range(3):
        assert client.get("/readyz").json()["worker"] == "down"
    parts |= {"migrations": lambda: True, "worker": lambda: True}
    for _ in range(3):
        assert client.get("/readyz").json() == {
            "status": "ok",
            "database": "ok",
            "migrations": "ok",
            "worker": "ok",
            "intake_seconds": 0,
            "theo": "lexical",
        }

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "migrations does not work: no route to host"),
        ("ERROR", "Down: migrations"),
        ("ERROR", "Down: migrations, worker"),
        ("INFO", "All works again"),
    ]


@pytest.mark.django_db
def test_what_came_in_and_is_not_worked_off_is_told_while_the_worker_beats(client: Client, acme: Business) -> None:
    channel = Channel.objects.create(business=acme, type=ChannelType.TELEGRAM)
    came = timezone.now() - timedelta(minutes=3)
    event = RawEvent.objects.create(business=acme, channel=channel, dedup_key="tg:1", payload={}, due_at=came)

    told = client.get("/readyz")
    assert (told.status_code, told.json()["status"], told.json()["intake"]) == (200, "degraded", "down")
    assert told.json()["intake_seconds"] >= 180

    RawEvent.objects.filter(pk=event.pk).update(state=RawState.DONE)
    told = client.get("/readyz").json()
    assert (told["intake"], told["intake_seconds"]) == ("ok", 0)


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["bus", "worker"])
def test_without_live_events_or_a_worker_nobody_is_sent_away(
    client: Client, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(health, "_told", set())
    monkeypatch.setattr(health, "CHECKS", [(name, False, lambda name=name: name != part) for name in ("bus", "worker")])

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["status"], answer.json()[part]) == (200, "degraded", "down")
