"""Channels of Acme's: a Telegram bot and who answers for Telegram, a support address and its mail server, a number."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from accounts.models import User
from businesses.models import Business
from channels_app import deliveries, worker
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter, OutboundMessage, SendResult
from channels_app.models import Channel
from channels_app.services import create_channel
from conversations.models import ChannelType, Conversation
from tests.channels_app.mailing import Server, config
from tests.channels_app.outbox import Provider, threads
from tests.fakes.telegram import TOKEN, Telegram
from tests.services import free_port


@pytest.fixture
def telegram(settings: Any) -> Iterator[Telegram]:
    with Telegram() as fake:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        settings.TELEGRAM_API_BASE_URL = fake.url
        yield fake


@pytest.fixture
def channel(ada: User, acme: Business) -> Channel:
    return create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})


@pytest.fixture
def thread(acme: Business, channel: Channel) -> Conversation:
    return threads(channel, 1)[0]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()

    class Adapter(ChannelAdapter):
        def send(self, message: OutboundMessage) -> SendResult:
            return SendResult(external_ids=(provider.take(self, message),))

    monkeypatch.setitem(ADAPTERS, ChannelType.TELEGRAM, Adapter)
    return provider


@pytest.fixture
def running() -> Any:
    """Starts workers; stops them all at the end."""
    stop = threading.Event()
    started: list[threading.Thread] = []

    def start(**given: Any) -> None:
        thread_ = threading.Thread(target=worker.run_forever, args=(stop,), kwargs=given, daemon=True)
        thread_.start()
        started.append(thread_)

    yield start
    stop.set()
    deliveries.news.set()
    for thread_ in started:
        thread_.join(60)
        assert not thread_.is_alive()


@pytest.fixture
def smtp() -> Iterator[tuple[Server, int]]:
    server, port = Server(), free_port()
    controller = Controller(server, "127.0.0.1", port, authenticator=server.authenticate, auth_require_tls=False)
    controller.start()
    yield server, port
    controller.stop()


@pytest.fixture
def email(ada: User, acme: Business, smtp: tuple[Server, int], settings: Any) -> Channel:
    settings.OUTBOUND_ALLOW = [*settings.OUTBOUND_ALLOW, "127.0.0.1"]
    return create_channel(actor=ada, type=ChannelType.EMAIL, config=config(smtp[1]))


@pytest.fixture
def whatsapp(acme: Business) -> Channel:
    return Channel.objects.create(business=acme, type=ChannelType.WHATSAPP, config={"phone_number_id": "1"})
