"""The language model behind an interface: what is asked, what comes back, and how it can fail. Source: theo.md 6."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProviderKind(models.TextChoices):
    """Whose wire is spoken. Nearly every server that one runs oneself speaks OpenAI's."""

    OPENAI = "openai", _("OpenAI, or a server that speaks as it does")
    ANTHROPIC = "anthropic", "Anthropic"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Endpoint:
    """base_url: without a slash at the end. key: "" = none is sent. inside: the operator's own setting, so that it may
    lie on the own network. No repr: the key is in nobody's traceback."""

    kind: ProviderKind
    base_url: str
    model: str
    key: str
    inside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """system: our rules. data: what they are about, the user's turn. schema: of the wanted JSON; None = text."""

    system: str
    data: str
    max_tokens: int
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """tokens: those of question and answer, as the provider counts them, else estimated. is_whole: it was not cut."""

    text: str
    tokens: int
    is_whole: bool


class ProviderFailed(Exception):
    """No usable answer. detail: in words for who set it up; never holds the key or what was asked.

    passes: the same may work later. retry_after: seconds that the provider asked for.
    """

    def __init__(self, detail: str, *, passes: bool, retry_after: float = 0.0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.passes = passes
        self.retry_after = retry_after


OnText = Callable[[str], None]


class Provider(Protocol):
    def complete(
        self, endpoint: Endpoint, prompt: Prompt, *, seconds: float, on_text: OnText | None = None
    ) -> Completion:
        """on_text: is told all that came so far, again and again. Raises ProviderFailed."""


def estimated_tokens(text: str) -> int:
    """Where nobody counted: four bytes a token."""
    return len(text.encode(errors="ignore")) // 4 + 1
