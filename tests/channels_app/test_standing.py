"""What Meta thinks of a WhatsApp number and its templates is told in plain words, and before a message fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from channels_app import checking, connecting, intake
from channels_app.health import health_of
from channels_app.models import Channel, RawEvent
from channels_app.services import create_channel
from conversations.models import ChannelType
from tests import builders
from tests.fakes.meta import NUMBER, TOKEN, WABA, Meta


@pytest.fixture
def meta(settings: Any) -> Iterator[Meta]:
    with Meta() as running:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        settings.META_GRAPH_BASE_URL, settings.META_ALLOW_UNSIGNED = running.url, True
        yield running


@pytest.fixture
def number(ada: User, acme: Business, meta: Meta) -> Channel:
    config = {"phone_number_id": NUMBER, "access_token": TOKEN}
    channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
    connecting.connect(channel)
    connecting.learn(channel, "waba_id", WABA)
    channel.refresh_from_db()
    return channel


@pytest.mark.parametrize(
    ("status", "quality", "light", "words"),
    [
        ("BANNED", "GREEN", "bad", "Meta has banned this number"),
        ("FLAGGED", "GREEN", "warn", "Meta has flagged this number"),
        ("CONNECTED", "RED", "warn", "Many customers block or report this number"),
        ("CONNECTED", "GREEN", "brand", "Connected."),
    ],
)
def test_a_number_in_trouble_is_no_working_channel(
    number: Channel, meta: Meta, ada: User, status: str, quality: str, light: str, words: str
) -> None:
    meta.status, meta.quality = status, quality
    checking.check(number)

    number.refresh_from_db()
    health = health_of(number)
    assert (health.light, health.words.startswith(words)) == (light, True)
    assert words in builders.browser(ada).get("/settings/channels/").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (
            "message_template_status_update",
            {"event": "PAUSED", "message_template_name": "order_update"},
            "WhatsApp has paused the template order_update",
        ),
        ("phone_number_quality_update", {"event": "FLAGGED"}, "Meta has flagged this number"),
        ("account_update", {"event": "DISABLED_UPDATE"}, "Meta says of the WhatsApp account: disabled update."),
        (
            "messages",
            {"metadata": {"phone_number_id": NUMBER}, "errors": [{"code": 131042, "title": "Payment issue"}]},
            "WhatsApp says: Payment issue",
        ),
    ],
)
def test_what_meta_tells_of_the_account_stands_on_the_channels_page_and_is_looked_into(
    number: Channel, ada: User, field: str, value: dict[str, Any], words: str
) -> None:
    assert post(WABA, field, value) == 200
    intake.work()

    number.refresh_from_db()
    assert (number.last_error.startswith(words), number.checked_at) == (True, None)
    assert words in builders.browser(ada).get(f"/settings/channels/{number.pk}/").content.decode()


def test_of_another_account_nothing_is_taken(number: Channel) -> None:
    told = {"event": "PAUSED", "message_template_name": "theirs"}
    assert post("300000000000009", "message_template_status_update", told) == 200
    Channel.objects.update(config={"phone_number_id": NUMBER, "waba_id": WABA})  # somebody entered it
    assert post(WABA, "message_template_status_update", told) == 200

    assert not RawEvent.objects.exists()


def post(account: str, field: str, value: dict[str, Any]) -> int:
    entry = {"id": account, "changes": [{"field": field, "value": value}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return Client().post("/api/v1/webhooks/whatsapp", body, content_type="application/json").status_code
