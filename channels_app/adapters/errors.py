"""What a provider's no means to the worker, and in words to the agent."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext as _


class Kind(models.TextChoices):
    """What the worker does about an error: channels_app/deliveries.py."""

    TRANSIENT = "transient"
    RATE_LIMITED = "rate_limited"
    WINDOW_CLOSED = "window_closed"
    CREDENTIALS = "credentials"
    UNREACHABLE = "unreachable"
    PERMANENT = "permanent"
    AMBIGUOUS = "ambiguous"


_FINAL = frozenset({Kind.PERMANENT, Kind.UNREACHABLE, Kind.WINDOW_CLOSED})


class DeliveryError(Exception):
    """One try failed. reason: a sentence for the agent, without anything secret.

    retry_after: what the provider asks for. whole_channel: with RATE_LIMITED, others than this customer wait, too.
    """

    def __init__(
        self,
        reason: str,
        *,
        kind: Kind = Kind.TRANSIENT,
        retry_after: timedelta | None = None,
        whole_channel: bool = False,
        provider_code: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        self.retry_after = retry_after
        self.whole_channel = whole_channel
        self.provider_code = provider_code

    @property
    def permanent(self) -> bool:
        return self.kind in _FINAL


def never_said(provider: str) -> DeliveryError:
    """It took what was sent, and its answer has no id or cannot be read. Source: channels.md 1.7."""
    text = _("%(provider)s did not say whether it was sent.") % {"provider": provider}
    return DeliveryError(text, kind=Kind.AMBIGUOUS)


class TryAgain(Exception):
    """Whether somebody vouches for what came cannot be told at the moment: the provider has to send it again."""


class Unreadable(Exception):
    """What came cannot be worked off, now or ever: it is kept for a person to look at. The text is a sentence for
    the team."""


class MediaGone(Exception):
    """The file cannot be had any more, or not at all. The text is a sentence for the agent."""
