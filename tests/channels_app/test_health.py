"""Settings, a channel's page: what is known of its health, and what an owner does about it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import deliveries, intake
from channels_app.health import health_of
from channels_app.models import Channel, ChannelState, Delivery, DeliveryState, RawEvent, RawState, Thread
from channels_app.services import create_channel
from conversations.models import ChannelType, Message
from tests import builders
from tests.fakes.telegram import Telegram


def test_the_owner_tests_the_connection_and_reads_what_came_of_it(
    ada: User, channel: Channel, telegram: Telegram
) -> None:
    page = f"/settings/channels/{channel.pk}/"
    told = builders.browser(ada).post(f"{page}test/", follow=True).content.decode()
    assert "Tested: the connection works." in told
    assert "@acme_help_bot" in told

    telegram.token = "another"
    told = builders.browser(ada).post(f"{page}test/", follow=True).content.decode()

    assert "Telegram does not know this bot token any more." in told
    channel.refresh_from_db()
    assert channel.state == ChannelState.ERROR


def test_a_paused_channel_loses_nothing_and_goes_on_in_order(
    ada: User, acme: Business, channel: Channel, telegram: Telegram
) -> None:
    thread = builders.conversation(acme, type=channel.type, channel=channel)
    builders.browser(ada).post(f"/settings/channels/{channel.pk}/pause/", {"paused": "true"})
    builders.answers(ada, thread, "It left today.")
    assert not deliveries.claim(16)
    assert Delivery.objects.get().state == DeliveryState.QUEUED

    builders.browser(ada).post(f"/settings/channels/{channel.pk}/pause/", {"paused": "false"})

    assert len(deliveries.claim(16)) == 1


def test_what_could_not_be_taken_in_is_shown_with_its_reason_and_tried_again(
    ada: User, ben: User, channel: Channel
) -> None:
    chat = {"id": 6, "type": "private"}
    payload = {"update_id": 1, "message": {"message_id": 1, "chat": chat, "text": "Hello?"}}
    raw = RawEvent.objects.create(
        business=channel.business,
        channel=channel,
        dedup_key="tg:1",
        payload=payload,
        state=RawState.FAILED,
        last_error="KeyError while it was worked off.",
    )
    page = f"/settings/channels/{channel.pk}/"
    assert "KeyError while it was worked off." in builders.browser(ada).get(page).content.decode()

    builders.browser(ben).post(f"{page}events/{raw.pk}/replay/")
    assert intake.work() == 0
    builders.browser(ada).post(f"{page}events/{raw.pk}/replay/")
    intake.work()

    assert Message.objects.get().content == "Hello?"
    raw.refresh_from_db()
    assert raw.state == RawState.DONE


def test_what_came_in_and_is_not_worked_off_yet_is_counted(ada: User, channel: Channel) -> None:
    for number, state in enumerate((RawState.WAITING, RawState.ELSEWHERE, RawState.DONE)):
        RawEvent.objects.create(
            business=channel.business, channel=channel, dedup_key=f"tg:{number}", payload={}, state=state
        )
    page = builders.browser(ada).get(f"/settings/channels/{channel.pk}/").content.decode()
    assert "2 messages and receipts" in page


def test_other_workspaces_reach_none_of_it(mallory: User, channel: Channel) -> None:
    for what in ("test", "pause"):
        assert builders.browser(mallory).post(f"/settings/channels/{channel.pk}/{what}/").status_code == 404


SOON = timezone.now() + timedelta(days=3)


@pytest.mark.parametrize(
    ("row", "light", "words"),
    [
        ({"state": "connecting"}, "brand", "Connecting: Telegram is being asked."),
        (
            {"state": "connecting", "last_error": "Telegram did not answer."},
            "warn",
            "Telegram has not agreed yet: Telegram did not answer. We ask again by ourselves.",
        ),
        ({}, "brand", "Connected. Waiting for the first message."),
        ({"last_event_at": timezone.now()}, "ok", "Working."),
        ({"held_until": SOON, "last_event_at": timezone.now()}, "warn", "Sending rests until"),
        ({"state_detail": "Flagged.", "setup": {"ok": True, "is_shaky": True}}, "warn", "Flagged."),
        ({"setup": {"expires_at": SOON.isoformat()}}, "warn", "Working. The access token ends on"),
        ({"setup": {"expires_at": "2020-01-01T00:00:00+00:00"}}, "bad", "The access token has run out"),
        ({"paused_at": timezone.now()}, "", "Paused since"),
        (
            {"state": "error", "state_detail": "Telegram does not know this bot token any more."},
            "bad",
            "Telegram does not know this bot token any more.",
        ),
        ({"state": "incomplete", "state_detail": "Still needed: Password."}, "warn", "Still needed: Password."),
        ({"state": "error", "is_active": False}, "", "Switched off: nothing comes in or goes out."),
    ],
)
def test_each_state_has_a_light_and_plain_words(
    row: dict[str, Any], light: str, words: str, ada: User, channel: Channel
) -> None:
    Channel.objects.filter(pk=channel.pk).update(**{"state": "connected", **row})
    channel.refresh_from_db()

    health = health_of(channel)
    page = builders.browser(ada).get("/settings/channels/").content.decode()

    assert health.light == light
    assert health.words.startswith(words)
    assert health.words in page
    assert health.words in builders.browser(ada).get(f"/settings/channels/{channel.pk}/").content.decode()


def test_why_sending_rests_is_said_with_it(channel: Channel) -> None:
    Channel.objects.update(state="connected", held_until=SOON, last_error="The month's credit at X is used up.")
    channel.refresh_from_db()

    assert health_of(channel).words.endswith(". The month's credit at X is used up.")


def test_what_waits_is_counted_in_one_question_for_all_channels(ada: User, acme: Business, channel: Channel) -> None:
    thread = builders.conversation(acme, type=channel.type, channel=channel)
    builders.answers(ada, thread, "It left today.")
    client = builders.browser(ada)
    Channel.objects.filter(pk=channel.pk).update(state="error", state_detail="It is gone.")

    def asked() -> tuple[int, str]:
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/settings/channels/").content.decode()
        return len(queries), page

    few, page = asked()
    assert "1 answer waits and goes out once it works again." in page
    for number in range(5):
        create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": f"{number}1:another-bots-token"})
    assert asked()[0] == few


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("x", ["api_key", "api_secret", "access_token", "access_token_secret"]),
        ("sms", ["phone_number", "account_sid", "auth_token"]),
        ("email", ["address", "smtp_host"]),
    ],
)
def test_the_page_asks_for_all_that_is_needed_and_says_where_it_is(
    kind: str, needed: list[str], ada: User, acme: Business
) -> None:
    refused = builders.browser(ada).post(f"/settings/channels/{kind}/", {})
    form = refused.context["form"]
    assert refused.status_code == 422
    assert list(form.errors) == needed
    assert all(form.fields[name].help_text for name in needed)
    assert not Channel.objects.filter(type=kind).exists()


def test_all_of_it_works_over_the_api_too(ada: User, ben: User, channel: Channel, telegram: Telegram) -> None:
    address = f"/api/v1/channels/{channel.pk}"
    assert builders.api(ada).post(f"{address}/test").json() == {"ok": True, "detail": ""}
    telegram.token = "another"
    Channel.objects.filter(pk=channel.pk).update(state="error")
    told = builders.api(ada).post(f"{address}/test").json()
    assert told == {"ok": False, "detail": "Telegram does not know this bot token any more."}
    assert builders.api(ben).post(f"{address}/test").status_code == 403

    Channel.objects.filter(pk=channel.pk).update(state="connected")
    paused = builders.api(ada).patch(address, {"paused": True}).json()
    assert paused["paused_at"]
    assert paused["health"].startswith("Paused since")
    assert builders.api(ada).patch(address, {"paused": False}).json()["paused_at"] is None

    raw = RawEvent.objects.create(
        business=channel.business,
        channel=channel,
        dedup_key="tg:1",
        payload={"update_id": 1},
        state=RawState.FAILED,
        last_error="KeyError while it was worked off.",
    )
    [listed] = builders.api(ben).get(f"{address}/events").json()["results"]
    assert (listed["id"], listed["error"]) == (str(raw.pk), "KeyError while it was worked off.")
    assert builders.api(ada).post(f"{address}/events/{raw.pk}/replay").status_code == 200
    assert builders.api(ben).get(f"{address}/events").json() == {"results": [], "next": None}


@pytest.mark.parametrize(
    ("row", "words", "so"),
    [
        ({"state": "error", "state_detail": "Telegram does not know it."}, "Telegram does not know it.", "waits"),
        ({"state": "incomplete", "state_detail": "Still needed: Password."}, "Still needed: Password.", "waits"),
        ({"paused_at": timezone.now()}, "Paused since", "waits"),
        ({"is_active": False}, "Switched off", "fails"),
        ({"state": "connected"}, "", "goes"),
    ],
)
def test_who_writes_an_answer_is_told_that_it_will_wait_or_fail_and_so_it_does(
    row: dict[str, Any], words: str, so: str, ada: User, ben: User, acme: Business, channel: Channel, telegram: Telegram
) -> None:
    thread = builders.conversation(acme, type=channel.type, channel=channel)
    Thread.objects.create(channel=channel, conversation=thread, key="6", address="6")
    Channel.objects.filter(pk=channel.pk).update(**{"state": "connected", **row})

    page = builders.browser(ben).get(f"/inbox/{thread.pk}/").content.decode()

    assert ("What you send waits." in page, "What you send now is not sent." in page) == (so == "waits", so == "fails")
    assert words in page
    builders.answers(ada, thread, "It left today.")
    for delivery in deliveries.claim(16):
        deliveries.attempt(delivery)
    states = {"waits": DeliveryState.QUEUED, "fails": DeliveryState.FAILED, "goes": DeliveryState.SENT}
    assert Delivery.objects.get().state == states[so]
