"""A language model's help for agents: a summary, and what they wrote in other words; hidden where there is none."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation
from conversations.services.notes import write_note
from tests import builders
from tests.fakes.models import KEY, OpenAI
from tests.fakes.server import Answer as Said

pytestmark = pytest.mark.django_db


@pytest.fixture
def openai(settings: Any) -> Iterator[OpenAI]:
    with OpenAI() as fake:
        settings.THEO_MODEL, settings.THEO_MODEL_URL, settings.THEO_MODEL_KEY = "small", fake.base, KEY
        yield fake
        assert fake.broken == []


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    found = builders.conversation(acme, content="My lamp 4711 broke. Mail me: cleo@mail.example. Cleo Marlow")
    found.customer.name = "Cleo Marlow"
    found.customer.save()
    return found


def asked(user: User, conversation: Conversation, what: str, **body: Any) -> Any:
    return builders.api(user).post(f"/api/v1/conversations/{conversation.pk}/{what}", body)


def test_a_conversation_is_summed_up_from_what_is_public_and_names_nobody(
    ben: User, conversation: Conversation, openai: OpenAI
) -> None:
    write_note(author=ben, conversation=conversation, content="PRIVATE-NOTE")
    openai.reply = "The customer's lamp 4711 broke. Open: what happens with it."

    answer = asked(ben, conversation, "summary")

    assert (answer.status_code, answer.json()) == (200, {"summary": openai.reply})
    assert openai.data() == {
        "messages": [{"from": "customer", "text": "My lamp 4711 broke. Mail me: [e-mail]. [name] [name]"}]
    }


@pytest.mark.parametrize("lie", ["The lamp cost 99 euros.", "See https://evil.example", "", "La\u200bmp", "x" * 5_000])
def test_what_was_not_there_is_not_shown(ben: User, conversation: Conversation, openai: OpenAI, lie: str) -> None:
    openai.reply = lie

    assert asked(ben, conversation, "summary").status_code == 503
    assert asked(ben, conversation, "rewrite", content="Hello.", wish="shorter").status_code == 503


def test_a_text_is_rewritten_and_what_is_private_stays_here(
    ben: User, conversation: Conversation, openai: OpenAI
) -> None:
    openai.reply = "Hallo [name 2], schreiben Sie bitte an [e-mail 1]."

    answer = asked(ben, conversation, "rewrite", content="Hi Cleo, write to us@acme.example.", wish="translate")

    assert answer.json() == {"content": "Hallo Cleo, schreiben Sie bitte an us@acme.example."}
    read = openai.data()
    assert read["text"] == "Hi [name 2], write to [e-mail 1]."
    assert read["customer"].startswith("My lamp 4711 broke.")
    assert "Marlow" not in str(read)

    openai.reply = "Hallo [name 2]."  # a translation that lost something
    assert asked(ben, conversation, "rewrite", content="Hi Cleo, us@acme.example.", wish="translate").status_code == 503
    assert asked(ben, conversation, "rewrite", content="Hi Cleo, us@acme.example.", wish="shorter").status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"content": "", "wish": "shorter"}, {"content": "x", "wish": "ruder"}, {"content": "x" * 3_001}]
)
def test_what_cannot_be_rewritten_is_refused(
    ben: User, conversation: Conversation, openai: OpenAI, wrong: dict[str, str]
) -> None:
    assert asked(ben, conversation, "rewrite", **{"wish": "shorter", **wrong}).status_code == 422
    assert openai.calls == []


def test_a_failure_is_said_in_words(ben: User, conversation: Conversation, openai: OpenAI) -> None:
    openai.next.append(Said(status=401, body={"error": KEY}))
    answer = asked(ben, conversation, "summary")
    assert answer.status_code == 400
    assert answer.json()["detail"] == "The provider does not accept the key."


def test_where_there_is_no_model_there_is_no_such_help(
    ben: User, conversation: Conversation, client: Client, settings: Any
) -> None:
    client.force_login(ben)
    assert asked(ben, conversation, "summary").json()["detail"] == "There is no language model."
    assert b"data-theo-rewrite" not in client.get(f"/inbox/{conversation.pk}/").content

    settings.THEO_MODEL = "small"
    assert b"data-theo-rewrite" in client.get(f"/inbox/{conversation.pk}/").content


def test_the_pages_do_the_same_for_their_own_alone(
    ben: User, mallory: User, conversation: Conversation, openai: OpenAI, client: Client
) -> None:
    openai.reply = "A lamp <broke>."
    client.force_login(ben)
    page = f"/inbox/{conversation.pk}/"

    assert b"A lamp &lt;broke&gt;." in client.post(f"{page}summary/").content
    sent = {"content": "The lamp", "wish": "shorter"}
    assert client.post(f"{page}rewritten/", sent).json() == {"content": "A lamp <broke>."}
    assert client.post(f"{page}rewritten/", sent | {"content": ""}).status_code == 422
    client.force_login(mallory)
    assert client.post(f"{page}summary/").status_code == 404
    assert client.post(f"{page}rewritten/", sent).status_code == 404
