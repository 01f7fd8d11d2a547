"""What WhatsApp takes after its window, and what the composer says of a channel's limits."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import connecting, deliveries, intake
from channels_app.adapters.events import Routed
from channels_app.models import Channel, Delivery, DeliveryState, Thread
from channels_app.services import create_channel, update_channel
from channels_app.wire import shown_config
from conversations.models import ChannelType, Conversation, Message, MessageStatus
from tests import builders
from tests.channels_app.cases import whatsapp_says
from tests.fakes.meta import NUMBER, TEMPLATE, TOKEN, WABA, Meta, error


@pytest.fixture
def meta(settings: Any) -> Iterator[Meta]:
    cache.clear()
    with Meta() as running:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        settings.META_GRAPH_BASE_URL = running.url
        yield running


@pytest.fixture
def late(ada: User, acme: Business, meta: Meta) -> Conversation:
    """Cleo wrote 25 hours ago."""
    config = {"phone_number_id": NUMBER, "access_token": TOKEN, "waba_id": WABA}
    channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
    connecting.connect(channel)
    conversation = builders.conversation(acme, type=ChannelType.WHATSAPP)
    Conversation.objects.filter(pk=conversation.pk).update(channel=channel)
    heard = timezone.now() - timedelta(hours=25)
    Thread.objects.create(
        channel=channel, conversation=conversation, key="15550001111", address="15550001111", last_heard_at=heard
    )
    conversation.refresh_from_db()
    return conversation


def test_a_template_is_listed_filled_and_sent(late: Conversation, ada: User, meta: Meta) -> None:
    template, last = builders.api(ada).get(f"/api/v1/channels/{late.channel_id}/templates").json()
    assert (template["name"], last["name"]) == (TEMPLATE["name"], "thanks")
    body = {
        "name": template["name"],
        "language": template["language"],
        "blanks": [f"word\n{number}" for number in range(template["blanks"])],
        "client_message_id": "once",
    }
    path = f"/api/v1/conversations/{late.pk}/template"
    assert [builders.api(ada).post(path, body).status_code for _number in range(2)] == [201, 201]
    assert builders.api(ada).post(path, body | {"blanks": ["", "", "", ""]}).status_code == 422
    assert builders.api(ada).post(path, body | {"name": "unknown"}).status_code == 404

    for delivery in deliveries.claim(10):
        deliveries.attempt(delivery)

    assert (Delivery.objects.get().state, Delivery.objects.get().last_error) == (DeliveryState.SENT, "")
    message = Message.objects.get(sender=ada)
    assert "{{" not in message.content
    assert "word 0" in message.content
    (sent,) = [call for call in meta.calls if call.path.endswith("/messages")]
    assert sent.fields["template"]["name"] == template["name"]


def test_the_account_whose_templates_they_are_is_learned_from_the_first_message(
    ada: User, acme: Business, meta: Meta, settings: Any
) -> None:
    settings.META_ALLOW_UNSIGNED = True
    config = {"phone_number_id": NUMBER, "access_token": TOKEN}
    channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
    connecting.connect(channel)
    asked = f"/api/v1/channels/{channel.pk}/templates"
    assert builders.api(ada).get(asked).json() == []

    for number, account in ((1, "0"), (2, WABA), (3, "300000000000009")):
        says = whatsapp_says("Where is my parcel?", number)
        says["entry"][0]["id"] = account
        assert Client().post("/api/v1/webhooks/whatsapp", says, content_type="application/json").status_code == 200
    intake.work()

    channel.refresh_from_db()
    assert channel.config["waba_id"] == WABA
    assert [one["name"] for one in builders.api(ada).get(asked).json()] == [TEMPLATE["name"], "thanks"]


def test_another_numbers_account_is_learned_anew_and_one_that_was_entered_stays(
    ada: User, acme: Business, meta: Meta
) -> None:
    config = {"phone_number_id": NUMBER, "access_token": TOKEN}
    channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)

    def account_after(**changed: str) -> str | None:
        channel.refresh_from_db()
        shown = shown_config(channel)
        assert "learned" not in shown
        update_channel(actor=ada, channel=channel, config={**shown, **changed})
        channel.refresh_from_db()
        return channel.config.get("waba_id")

    connecting.learn(channel, "waba_id", WABA)
    assert account_after(verify_token="harbour") == WABA
    assert account_after(phone_number_id="700000000000002") is None
    assert account_after(waba_id="300000000000009") == "300000000000009"
    assert account_after(phone_number_id="700000000000003") == "300000000000009"


def test_a_number_that_meta_slows_down_rests_for_as_long_as_meta_says(
    late: Conversation, ada: User, meta: Meta
) -> None:
    Thread.objects.update(last_heard_at=timezone.now())
    builders.answers(ada, late, "It left today.")
    throttled = error(80007, "(#80007) Rate limit hit")
    throttled.headers["x-business-use-case-usage"] = (
        '{"300000000000001": [{"type": "messaging", "estimated_time_to_regain_access": 19}]}'
    )
    meta.next.append(throttled)

    (delivery,) = deliveries.claim(4)
    deliveries.attempt(delivery)

    held = Channel.objects.get().held_until
    assert held
    assert held > timezone.now() + timedelta(minutes=15)


def test_a_template_of_many_words_is_sent_once(
    late: Conversation, ada: User, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TEMPLATE["components"][0], "text", "Hello {{1}}, " + "a long story. " * 300)  # type: ignore[index]
    body = {"name": TEMPLATE["name"], "language": TEMPLATE["language"], "blanks": ["Cleo"]}
    assert builders.api(ada).post(f"/api/v1/conversations/{late.pk}/template", body).status_code == 201

    for _time in range(2):
        for delivery in deliveries.claim(10):
            deliveries.attempt(delivery)

    (sent,) = [call for call in meta.calls if call.path.endswith("/messages")]
    assert sent.fields["type"] == "template"
    assert Message.objects.get(sender=ada).status == MessageStatus.SENT


def test_the_composer_says_that_the_window_is_closed_and_leads_to_the_templates(
    late: Conversation, ben: User, mallory: User
) -> None:
    browser = Client()
    browser.force_login(ben)
    page = browser.get(f"/inbox/{late.pk}/").content.decode()
    assert "the reply window is closed" in page
    assert '"max_text": 4096' in page
    live = browser.get(f"/inbox/{late.pk}/messages/?after=0").content.decode()
    assert "the reply window is closed" in live

    Thread.objects.update(last_heard_at=timezone.now() - timedelta(hours=23))
    for address in (f"/inbox/{late.pk}/", f"/inbox/{late.pk}/messages/?after=0"):
        page = browser.get(address).content.decode()
        assert "Answers get through until " in page
        closes_in = int(page.partition('data-closes-in="')[2].partition('"')[0])
        assert 0 < closes_in <= 3600
    told = builders.api(ben).get(f"/api/v1/conversations/{late.pk}/limits").json()
    assert (told["window_closed"], told["window_closes_at"] > f"{timezone.now():%Y-%m-%dT%H:%M}") == (False, True)
    Thread.objects.update(last_heard_at=timezone.now() - timedelta(hours=25))

    address = f"/inbox/{late.pk}/templates/"
    assert TEMPLATE["name"] in browser.get(address).content.decode()
    refused = browser.post(address, {"name": TEMPLATE["name"], "language": TEMPLATE["language"]})
    assert (refused.status_code, b"Fill each blank" in refused.content) == (422, True)
    half = {"name": TEMPLATE["name"], "language": TEMPLATE["language"], "blank": ["Cleo", ""]}
    assert b'value="Cleo"' in browser.post(address, half).content
    blanks = ["x"] * str(TEMPLATE["components"]).count("{{")
    sent = browser.post(address, {"name": TEMPLATE["name"], "language": TEMPLATE["language"], "blank": blanks})
    assert sent.status_code == 302

    browser.force_login(mallory)
    assert browser.get(address).status_code == 404
    assert builders.api(mallory).get(f"/api/v1/channels/{late.channel_id}/templates").status_code == 404
    assert builders.api(mallory).post(f"/api/v1/conversations/{late.pk}/template", {}).status_code == 404


@pytest.mark.parametrize("at_once", [True, False])
def test_when_whatsapp_says_that_the_window_is_closed_the_way_out_is_a_template(
    late: Conversation, ada: User, meta: Meta, at_once: bool
) -> None:
    Thread.objects.update(last_heard_at=timezone.now() - timedelta(hours=1))
    answer = builders.answers(ada, late, "It left today.")
    if at_once:
        meta.next.append(error(131047, "(#131047) Re-engagement message"))
    (delivery,) = deliveries.claim(4)
    deliveries.attempt(delivery)
    if not at_once:
        delivery.refresh_from_db()
        failed = {"id": delivery.external_id, "status": "failed", "errors": [{"code": 131047}]}
        assert delivery.channel
        intake.store(delivery.channel, [Routed(dedup_key="wamid:failed", payload={"status": failed})])
        intake.work()

    answer.refresh_from_db()
    assert answer.error == "More than 24 hours since the customer wrote: only a template may be sent."
    page = builders.browser(ada).get(f"/inbox/{late.pk}/").content.decode()
    assert "the reply window is closed" in page
    assert f"/inbox/{late.pk}/templates/" in page


def test_a_provider_that_does_not_answer_is_said(late: Conversation, ada: User, meta: Meta, settings: Any) -> None:
    settings.META_GRAPH_BASE_URL = "http://127.0.0.1:9"

    answer = builders.api(ada).get(f"/api/v1/channels/{late.channel_id}/templates")

    assert (answer.status_code, answer.json()["detail"]) == (503, "The provider does not answer.")


def test_our_own_channels_have_no_limits(ada: User, acme: Business) -> None:
    browser = Client()
    browser.force_login(ada)
    page = browser.get(f"/inbox/{builders.conversation(acme).pk}/").content.decode()

    assert "channel-limits" not in page
    assert Channel.objects.exclude(type=ChannelType.WIDGET).count() == 0
