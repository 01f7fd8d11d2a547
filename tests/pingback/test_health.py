"""/readyz: what works, who is sent away, and an outage that is told once."""

import logging

import pytest
from django.db import OperationalError
from django.test import Client

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
            "theo": "lexical",
        }

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "migrations does not work: no route to host"),
        ("ERROR", "Down: migrations"),
        ("ERROR", "Down: migrations, worker"),
        ("INFO", "All works again"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["bus", "worker"])
def test_without_live_events_or_a_worker_nobody_is_sent_away(
    client: Client, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(health, "_told", set())
    monkeypatch.setattr(health, "CHECKS", [(name, False, lambda name=name: name != part) for name in ("bus", "worker")])

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["status"], answer.json()[part]) == (200, "degraded", "down")
