"""A provider of our own for what leaves the house, and a worker by hand."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from channels_app import deliveries
from channels_app.adapters.base import ChannelAdapter, OutboundMessage
from channels_app.models import Channel, Delivery, DeliveryState
from conversations.models import Conversation
from tests import builders
from tests.fakes.telegram import TOKEN

in_real_transactions = pytest.mark.django_db(transaction=True)


class Provider:
    """Stands in for the world: what it took, in order, and how it answers."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.ids: list[object] = []
        self.answer: Callable[[OutboundMessage], None] = lambda message: None
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def take(self, adapter: ChannelAdapter, message: OutboundMessage) -> str:
        assert adapter.secrets == {"bot_token": TOKEN}
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.answer(message)
            with self._lock:
                self.taken.append(message.content)
                self.ids.append(message.delivery_id)
                return f"tg:{len(self.taken)}"
        finally:
            with self._lock:
                self.at_once -= 1


def threads(channel: Channel, count: int) -> list[Conversation]:
    return [builders.conversation(channel.business, type=channel.type, channel=channel) for _ in range(count)]


def raises(error: Exception) -> Callable[[OutboundMessage], None]:
    def answer(message: OutboundMessage) -> None:
        raise error

    return answer


def work_once() -> int:
    claimed = deliveries.claim(16)
    for delivery in claimed:
        deliveries.attempt(delivery)
    return len(claimed)


def now_due(**fields: Any) -> None:
    Delivery.objects.filter(state=DeliveryState.QUEUED).update(due_at=timezone.now(), **fields)
    Channel.objects.update(held_until=None)
