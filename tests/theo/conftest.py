"""A workspace with one article and a language model that words it as it should."""

from collections.abc import Iterator
from typing import Any

import pytest

from businesses.models import Business
from conversations.models import Conversation
from tests import builders
from tests.fakes.models import OpenAI
from tests.theo.worded import ARTICLE, QUESTION, RIGHT, own_model
from theo import providers
from theo.articles import create_article
from theo.models import LanguageModel


@pytest.fixture
def loopback(settings: Any) -> Iterator[None]:
    """Models on this machine may be asked, and what they do not know is forgotten."""
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    yield
    providers._unknown.clear()


@pytest.fixture
def openai(loopback: None) -> Iterator[OpenAI]:
    with OpenAI() as fake:
        fake.reply = RIGHT
        yield fake
        assert fake.broken == []


@pytest.fixture
def article(acme: Business) -> Any:
    return create_article(business=acme, title="Return an item for a refund", content=ARTICLE)


@pytest.fixture
def model(acme: Business, openai: OpenAI, article: Any) -> LanguageModel:
    return own_model(acme, openai)


@pytest.fixture
def conversation(acme: Business, model: LanguageModel) -> Conversation:
    return builders.conversation(acme, content=QUESTION)
