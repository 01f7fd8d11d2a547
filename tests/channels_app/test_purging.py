"""What was kept long enough is thrown away: by one process at a time, in batches, and nothing younger."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import links
from accounts.models import AuthSession, MailLink, User
from accounts.services import purge_sessions
from businesses import feed, invitations
from businesses.models import Business, FeedEvent, Invitation
from channels_app import purging
from channels_app.models import Heartbeat
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", settings.PURGES)
def test_every_purge_is_there_and_says_that_nothing_is_left(name: str) -> None:
    assert import_string(name)() == 0


def test_it_is_done_once_an_hour() -> None:
    def begun(**ago: int) -> None:
        Heartbeat.objects.update(beat_at=timezone.now() - timedelta(**ago))

    assert purging.claim()
    assert not purging.claim()
    begun(minutes=59)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):  # by whose clock does not matter
        assert not purging.claim()
    begun(minutes=61)
    assert purging.claim()
    assert not purging.claim()


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_one_is_told_yes() -> None:
    def ask(_number: int) -> bool:
        try:
            return purging.claim()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(16))) == 1


def test_one_that_fails_does_not_keep_the_others(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    done = iter([1000, 3, 0])
    monkeypatch.setattr(feed, "purge", lambda: next(done))
    monkeypatch.setattr(purging, "PAUSE_SECONDS", 0)
    settings.PURGES = ["businesses.feed.is_not_there", "businesses.feed.purge"]

    purging.purge_all(threading.Event())

    assert list(done) == []


def test_the_feed_keeps_seven_days_and_who_asks_for_more_fetches_anew(acme: Business) -> None:
    now = timezone.now()
    with time_machine.travel(now - timedelta(days=8), tick=False):
        builders.conversation(acme)
    with time_machine.travel(now - timedelta(days=6), tick=False):
        builders.conversation(acme)
    rows = FeedEvent.objects.filter(business=acme).order_by("seq")
    old = [row.seq for row in rows if row.created_at < now - timedelta(days=7)]

    assert feed.purge(most=1) == 1
    assert feed.purge() == len(old) - 1
    assert min(row.seq for row in rows.all()) == len(old) + 1


def test_sessions_that_are_over_go_and_living_ones_stay(ada: User) -> None:
    builders.token(ada)
    AuthSession.objects.update(last_used_at=timezone.now() - timedelta(days=15))
    builders.token(ada)
    AuthSession.objects.filter(last_used_at__gt=timezone.now() - timedelta(days=1)).update(user_agent="living")

    assert purge_sessions() == 1
    assert AuthSession.objects.get().user_agent == "living"


def test_links_and_invitations_that_nobody_followed_go(ada: User, acme: Business) -> None:
    now = timezone.now()
    with time_machine.travel(now - timedelta(days=38), tick=False):
        invitations.invite(actor=ada, email="gil@example.com")
        links.make(ada, MailLink.Purpose.RESET, "reset")
    with time_machine.travel(now - timedelta(days=36), tick=False):
        invitations.invite(actor=ada, email="finn@example.com")

    assert (invitations.purge(), links.purge()) == (1, 1)
    assert Invitation.objects.get().email == "finn@example.com"
