"""Which language model a workspace uses: set over the API and the page, its key shown to nobody, tried out in words."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import AuditEntry, Business
from foundation import http
from tests import builders
from tests.fakes.models import KEY, OpenAI
from tests.fakes.server import Answer as Said
from theo.language_models import endpoint_of, language_model_of

pytestmark = pytest.mark.django_db

URL = "/api/v1/ai/settings"
OWN = {"provider": "openai", "base_url": "https://models.example/v1/", "model": "small", "api_key": KEY}


@pytest.fixture
def openai(settings: Any) -> Iterator[OpenAI]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with OpenAI() as fake:
        fake.reply = "yes"
        yield fake


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the examples lead to the open internet, and no name server is asked for them."""
    system = http.resolve
    monkeypatch.setattr(http, "resolve", lambda host: ["93.184.215.14"] if ".example" in host else system(host))


def patched(user: User, **changes: Any) -> Any:
    return builders.api(user).patch(URL, changes)


def test_a_model_of_ones_own_is_set_and_its_key_is_shown_to_nobody(
    ada: User, ben: User, mallory: User, acme: Business, client: Client
) -> None:
    answer = patched(ada, **OWN, monthly_tokens=5_000)
    assert answer.status_code == 200

    told = builders.api(ben).get(URL).json()
    assert told | {"provider": "openai", "base_url": "https://models.example/v1", "model": "small"} == told
    assert (told["monthly_tokens"], told["has_api_key"], told["has_model"]) == (5_000, True, True)
    assert builders.api(mallory).get(URL).json()["provider"] == "installation"
    client.force_login(ada)
    page = client.get("/settings/theo/").content.decode()
    stored = language_model_of(acme.pk)
    assert KEY not in answer.content.decode() + str(told) + page + stored.sealed_key
    assert AuditEntry.objects.get(action="assistant.model_changed").data == {
        "fields": ["provider", "base_url", "model", "monthly_tokens", "api_key"]
    }
    endpoint = endpoint_of(stored)
    assert endpoint
    assert endpoint.key == KEY
    assert KEY not in repr(endpoint)


@pytest.mark.parametrize(
    "change", [{"base_url": "https://evil.example/v1"}, {"provider": "anthropic"}, {"api_key": ""}]
)
def test_a_key_goes_to_no_other_address_than_it_was_given_for(
    ada: User, acme: Business, change: dict[str, Any]
) -> None:
    patched(ada, **OWN)

    assert patched(ada, **change).json()["has_api_key"] is False
    assert patched(ada, **OWN).json()["has_api_key"] is True
    assert patched(ada, provider="none").json()["has_model"] is False
    assert language_model_of(acme.pk).sealed_key == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "http://models.example/v1"},
        {"base_url": "https://models.example:6379/v1"},
        {"base_url": "http://127.0.0.1:11434/v1"},
        {"base_url": "file:///etc/passwd"},
        {"base_url": "https://me:word@models.example/v1"},
        {"base_url": "https://models.example/v1?x=1"},
        {"base_url": "nonsense"},
        {"base_url": "https://169.254.169.254/v1"},
        {"base_url": "https://[::1]/v1"},
        {"base_url": "https://localhost/v1"},
        {"provider": "installation"},
        {"model": ""},
        {"model": "two words"},
        {"api_key": "two\r\nlines: x"},
        {"provider": "skynet"},
        {"monthly_tokens": -1},
        {"monthly_tokens": "many"},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(ada: User, acme: Business, wrong: dict[str, Any]) -> None:
    assert patched(ada, **(OWN | wrong), mode="auto").status_code == 422
    assert builders.api(ada).get(URL).json()["provider"] == "installation"
    assert builders.api(ada).get(URL).json()["mode"] == "assist"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "The language model answers."),
        (Said(status=401, body={"error": KEY}), "does not accept the key"),
        (Said(status=404, body={}), "no such model, or the address is wrong"),
        (Said(status=402, body={}), "wants to be paid"),
        (Said(b"<html>"), "not as a language model does"),
        (Said(status=400, body={"error": "bad model"}), "refused the question (400)"),
    ],
)
def test_the_test_says_in_words_what_is_wrong(
    ada: User, ben: User, acme: Business, openai: OpenAI, client: Client, answer: Said | None, words: str
) -> None:
    patched(ada, **(OWN | {"base_url": openai.base}))
    if answer:
        openai.next.extend([answer, answer, answer])

    told = builders.api(ada).post(f"{URL}/test").json()

    assert told["ok"] is (answer is None)
    assert words in told["detail"]
    assert KEY not in told["detail"]
    assert builders.api(ben).post(f"{URL}/test").status_code == 403


def test_without_a_model_the_test_says_so(ada: User, acme: Business) -> None:
    told = builders.api(ada).post(f"{URL}/test").json()
    assert told == {"ok": False, "detail": "There is no language model."}


def test_a_key_that_does_not_open_any_more_is_said(ada: User, acme: Business, settings: Any) -> None:
    patched(ada, **OWN)
    settings.FIELD_KEYS = ["another-key-of-thirty-two-letters!"]

    assert builders.api(ada).get(URL).json()["has_model"] is False
    assert "does not open any more" in builders.api(ada).post(f"{URL}/test").json()["detail"]


def test_the_page_sets_and_tries_it(ada: User, ben: User, acme: Business, openai: OpenAI, client: Client) -> None:
    client.force_login(ada)
    sent = {"model-provider": "openai", "model-base_url": openai.base, "model-model": "small", "model-api_key": KEY}
    page = "/settings/theo/model/"

    wrong = client.post(page, sent | {"model-base_url": "http://other.example"})
    assert wrong.status_code == 422
    assert b"begins with https://" in wrong.content
    inside = client.post(page, sent | {"model-base_url": "https://10.0.0.7/v1"})
    assert (inside.status_code, b"into a private network" in inside.content) == (422, True)
    assert KEY.encode() not in wrong.content
    assert client.post(page, sent).status_code == 302
    assert b"The language model answers." in client.post(page, {"do": "test"}, follow=True).content
    assert client.post(page, sent | {"model-api_key": ""}).status_code == 302
    assert language_model_of(acme.pk).sealed_key
    client.post(page, sent | {"model-api_key": "", "model-forget_key": "on"})
    assert not language_model_of(acme.pk).sealed_key

    client.force_login(ben)
    assert client.post(page, sent).status_code == 403
    assert client.get("/settings/theo/").status_code == 200
