"""A Telegram bot of Acme's, and who answers for Telegram."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business
from channels_app.models import Channel
from channels_app.services import create_channel
from conversations.models import ChannelType
from tests.fakes.telegram import TOKEN, Telegram


@pytest.fixture
def telegram(settings: Any) -> Iterator[Telegram]:
    with Telegram() as fake:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        settings.TELEGRAM_API_BASE_URL = fake.url
        yield fake


@pytest.fixture
def channel(ada: User, acme: Business) -> Channel:
    return create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})
