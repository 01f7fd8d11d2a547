"""Meta and X ask an address whether it is ours while they are told it, and X whenever it looks again."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connections
from django.test import Client

from accounts.models import User
from businesses.models import Business
from channels_app import checking, connecting
from channels_app.health import health_of
from channels_app.models import Channel, ChannelState
from channels_app.reconnecting import needs_reconnecting
from channels_app.services import create_channel, delete_channel, update_channel
from conversations.models import ChannelType
from tests import builders
from tests.fakes import meta
from tests.fakes.meta import Meta
from tests.fakes.x import BEARER, KEYS, X

pytestmark = pytest.mark.django_db(transaction=True)
WHATSAPP = {"phone_number_id": meta.NUMBER, "access_token": meta.TOKEN, "waba_id": meta.WABA, "app_secret": "pb-secret"}


def ours(address: str) -> tuple[int, bytes]:
    """In the fake's thread, as the provider's question comes while we wait for its answer."""
    parts = urlsplit(address)
    try:
        answer = Client().get(f"{parts.path}?{parts.query}")
        return answer.status_code, answer.content
    finally:
        connections.close_all()


def nobody(_address: str) -> tuple[int, bytes]:
    return 404, b""


@pytest.fixture
def graph(settings: Any) -> Iterator[Meta]:
    with Meta() as fake:
        settings.OUTBOUND_ALLOW, settings.META_GRAPH_BASE_URL = ["127.0.0.1"], fake.url
        fake.ask = ours
        yield fake
        assert not fake.broken


@pytest.fixture
def api(settings: Any) -> Iterator[X]:
    with X() as fake:
        settings.OUTBOUND_ALLOW, settings.X_API_BASE_URL = ["127.0.0.1"], fake.url
        fake.ask = ours
        yield fake
        assert not fake.broken


def whatsapp(ada: User, **config: str) -> Channel:
    return create_channel(actor=ada, type=ChannelType.WHATSAPP, config={**WHATSAPP, **config})


def test_meta_hears_the_verify_token_before_it_takes_the_address(ada: User, acme: Business, graph: Meta) -> None:
    channel = whatsapp(ada, verify_token="harbour")
    assert connecting.connect(channel).webhook == "Set to our address"

    channel.refresh_from_db()
    assert (channel.state, channel.setup["steps"]) == (ChannelState.CONNECTED, [])
    assert graph.hook == builders.public_url("/api/v1/webhooks/whatsapp")
    assert graph.subscribed == {meta.WABA}
    page = builders.browser(ada).get(f"/settings/channels/{channel.pk}/").content.decode()
    assert "Set to our address" in page


def test_where_meta_does_not_reach_us_a_person_is_told_what_to_do(ada: User, acme: Business, graph: Meta) -> None:
    graph.ask = nobody
    channel = whatsapp(ada)
    connecting.connect(channel)

    channel.refresh_from_db()
    assert [step["value"] for step in channel.setup["steps"]][:2] == [
        builders.public_url("/api/v1/webhooks/whatsapp"),
        "pingback_verify",
    ]
    assert graph.hook == ""


@pytest.mark.parametrize("wrong", [{"phone_number_id": "700000000000009"}, {"phone_number_id": meta.WABA}])
def test_an_id_that_meta_does_not_know_is_refused(
    ada: User, acme: Business, graph: Meta, wrong: dict[str, str]
) -> None:
    channel = whatsapp(ada, **wrong)
    connecting.connect(channel)

    channel.refresh_from_db()
    assert channel.state == ChannelState.ERROR
    assert "does not exist" in channel.state_detail


def test_x_gets_its_proof_before_it_takes_the_address_and_whenever_it_looks_again(
    ada: User, acme: Business, api: X
) -> None:
    channel = create_channel(actor=ada, type=ChannelType.X, config={**KEYS, "bearer_token": BEARER})
    assert connecting.connect(channel).ok
    channel.refresh_from_db()

    api.hooks[0]["valid"] = False
    assert checking.check(channel).ok
    assert api.hooks[0]["valid"]

    api.hooks[0]["valid"], api.ask = False, nobody
    health = checking.check(channel)
    assert (health.ok, "no proof" in health.detail) == (False, True)


def test_an_address_that_gives_x_no_proof_is_not_taken(ada: User, acme: Business, api: X) -> None:
    api.ask = nobody
    channel = create_channel(actor=ada, type=ChannelType.X, config={**KEYS, "bearer_token": BEARER})
    connecting.connect(channel)

    channel.refresh_from_db()
    assert (channel.state, api.hooks) == (ChannelState.ERROR, [])
    assert "CRC" in channel.state_detail


def test_a_number_is_one_channels_and_who_lost_it_ends_nothing(
    ada: User, acme: Business, graph: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "later", lambda work: work())
    dan, eve = builders.person("Dan"), builders.person("Eve")
    builders.workspace(dan, "Tide")
    builders.workspace(eve, "Shore")
    first, second = whatsapp(ada), whatsapp(dan)
    connecting.connect(first)
    assert "Another channel has this account" in connecting.connect(second).detail

    third = whatsapp(eve)
    connecting.connect(third)
    update_channel(actor=eve, channel=third, is_active=False)
    delete_channel(actor=eve, channel=third)
    assert graph.hook == builders.public_url("/api/v1/webhooks/whatsapp")

    first.refresh_from_db()
    needs_reconnecting(first, "Meta does not take the access token any more.")
    second.refresh_from_db()
    assert connecting.connect(second).ok
    delete_channel(actor=ada, channel=first)
    assert graph.hook == builders.public_url("/api/v1/webhooks/whatsapp")

    delete_channel(actor=dan, channel=second)
    assert graph.hook == ""


def test_an_address_that_meta_took_and_that_is_gone_is_told_and_set_anew(
    ada: User, acme: Business, graph: Meta
) -> None:
    channel = whatsapp(ada)
    connecting.connect(channel)
    channel.refresh_from_db()
    graph.hook = ""

    health = checking.check(channel)
    assert (health.ok, health.webhook) == (False, "Not set")
    channel.refresh_from_db()
    assert "does not send this number's messages here any more" in health_of(channel).words

    assert connecting.connect(channel).ok
    assert graph.hook == builders.public_url("/api/v1/webhooks/whatsapp")


def test_an_address_that_meta_got_from_another_program_stays_when_the_channel_is_removed(
    ada: User, acme: Business, graph: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "later", lambda work: work())
    channel = whatsapp(ada)
    connecting.connect(channel)
    graph.hook = "https://desk.elsewhere.example/api/v1/webhooks/whatsapp"

    delete_channel(actor=ada, channel=channel)

    assert graph.hook == "https://desk.elsewhere.example/api/v1/webhooks/whatsapp"
