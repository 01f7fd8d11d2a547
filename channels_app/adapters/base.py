"""What a channel's adapter is to the worker."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from channels_app.models import Channel
from conversations.models import Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """One message on its way out.

    delivery_id: the same on every try; given to providers that take a key, so that a repeat is not a second message.
    """

    delivery_id: UUID
    conversation_id: UUID
    customer: Customer | None
    content: str


class DeliveryError(Exception):
    """One try failed. reason: a sentence for the agent, without anything secret.

    permanent: trying again cannot help. retry_after: what the provider asks for, None when it does not say.
    """

    def __init__(self, reason: str, *, permanent: bool = False, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after


class ChannelAdapter(ABC):
    def __init__(self, channel: Channel, secrets: Mapping[str, str]) -> None:
        """secrets: the channel's credentials in clear, for this one try."""
        self.channel = channel
        self.secrets = secrets

    @abstractmethod
    def send(self, message: OutboundMessage) -> str:
        """Try once, for at most 10 s. Returns the provider's id of the message; raises DeliveryError."""
