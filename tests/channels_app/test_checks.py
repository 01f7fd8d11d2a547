"""A start with the wrong keys is refused in plain words, before a page looks as if all were lost."""

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError

from accounts.models import User
from businesses.models import Business
from channels_app import checks
from channels_app.models import Channel
from channels_app.services import create_channel
from conversations.models import ChannelType


def sealed_rows() -> list[str | None]:
    return [found.id for found in checks.sealed_rows_have_their_keys(None, databases=["default"])]


@pytest.fixture
def telegram(ada: User, acme: Business) -> Channel:
    return create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": "tidewater-lane"})


def test_a_start_is_refused_when_the_key_of_stored_secrets_is_gone(
    telegram: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sealed_rows() == []
    first = settings.FIELD_KEYS
    monkeypatch.setattr(settings, "FIELD_KEYS", ["n" * 40])

    assert sealed_rows() == ["channels.E001"]
    with pytest.raises(SystemCheckError, match="credentials of 1 channel"):
        call_command("check", databases=["default"])
    monkeypatch.setattr(settings, "FIELD_KEYS", ["n" * 40, *first])
    assert sealed_rows() == []


def test_i4_one_damaged_row_does_not_stop_the_house(telegram: Channel) -> None:
    sealed = telegram.credentials["bot_token"]
    Channel.objects.update(credentials={"bot_token": sealed[:-4] + "AAAA"})

    assert sealed_rows() == []


@pytest.mark.django_db
@pytest.mark.skipif(not settings.EMBEDDED, reason="PostgreSQL takes as many workers as there are")
def test_a_worker_of_its_own_is_refused_on_sqlite() -> None:
    with pytest.raises(CommandError, match="SQLite serves one process"):
        call_command("worker")
