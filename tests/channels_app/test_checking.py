"""Asking by and by whether a channel still works, and whose an account is."""

import threading
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import checking, connecting
from channels_app.adapters.base import Health
from channels_app.adapters.telegram import TelegramAdapter
from channels_app.health import health_of
from channels_app.models import Channel, ChannelState
from channels_app.reconnecting import needs_reconnecting
from channels_app.services import create_channel, delete_channel, update_channel
from conversations.models import ChannelType
from tests import builders
from tests.channels_app.cases import CASES
from tests.fakes.meta import NUMBER, Meta
from tests.fakes.telegram import TOKEN, Telegram


def test_what_works_is_tested_without_connecting_it_anew_and_a_stolen_bot_is_taken_back(
    ada: User, channel: Channel, telegram: Telegram
) -> None:
    connecting.connect(channel)
    page = f"/settings/channels/{channel.pk}/"
    builders.browser(ada).post(f"{page}test/")
    assert [call.path.rpartition("/")[2] for call in telegram.calls].count("setWebhook") == 1

    telegram.hook["url"] = "https://staging.example/hook"
    Channel.objects.update(checked_at=None)
    checking.check_due(threading.Event())
    told = builders.browser(ada).get(page).content.decode()
    assert "Another system took over this bot." in told
    assert "dot-bad" in told
    builders.browser(ada).post(f"{page}test/")

    assert str(channel.pk) in telegram.hook["url"]
    assert "dot-bad" not in builders.browser(ada).get(page).content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_owner_is_told_once_when_another_system_takes_over_a_bot(
    channel: Channel, telegram: Telegram, mailoutbox: list[Any]
) -> None:
    connecting.connect(channel)
    telegram.hook["url"] = "https://staging.example/hook"

    for _hour in range(2):
        Channel.objects.update(checked_at=None)
        checking.check_due(threading.Event())

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["ada@example.com"], "No messages come in over Telegram (@acme_help_bot)")
    assert "Another system took over this bot." in mail.body
    assert f"/settings/channels/{channel.pk}/" in mail.body


def test_a_token_that_runs_out_soon_is_told_a_week_before(ada: User, acme: Business, settings: Any) -> None:
    with Meta() as meta, time_machine.travel("2026-12-28T12:00:00Z"):
        settings.OUTBOUND_ALLOW, settings.META_GRAPH_BASE_URL = ["127.0.0.1"], meta.url
        config = {"phone_number_id": NUMBER, "access_token": meta.token, "app_secret": "s"}
        channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
        connecting.connect(channel)
        channel.refresh_from_db()

        checking.check(channel)

        channel.refresh_from_db()
        assert health_of(channel).words == "Working. The access token ends on 1 January: renew it."


def test_a_bot_of_another_workspace_is_refused_in_words_until_it_is_free(
    ada: User, mallory: User, channel: Channel, telegram: Telegram
) -> None:
    connecting.connect(channel)
    theirs = create_channel(actor=mallory, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})

    told = connecting.connect(theirs)
    theirs.refresh_from_db()
    assert told.detail == "Another channel has this account, here or in another workspace. Switch it off there first."
    assert theirs.state == ChannelState.ERROR
    assert str(channel.pk) in telegram.hook["url"]

    update_channel(actor=ada, channel=channel, is_active=False)
    assert connecting.connect(theirs).ok


def test_one_that_is_off_keeps_no_account_from_another_channel(
    ada: User, mallory: User, channel: Channel, telegram: Telegram
) -> None:
    connecting.connect(channel)
    needs_reconnecting(channel, "Telegram does not know this bot token any more.")
    update_channel(actor=ada, channel=channel, is_active=False)
    update_channel(actor=ada, channel=channel, config={"bot_token": TOKEN})

    theirs = create_channel(actor=mallory, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})
    assert connecting.connect(theirs).ok


def test_an_account_that_another_channel_gave_up_is_taken_by_one_that_its_provider_takes_again(
    ada: User, acme: Business, mallory: User, settings: Any
) -> None:
    def asked() -> tuple[str, bool]:
        Channel.objects.update(last_error_at=timezone.now() - 2 * connecting.AGAIN_AFTER_NO)
        connecting.connect_waiting(threading.Event())
        ours.refresh_from_db()
        return ours.state, bool(ours.sole_account)

    with Meta() as meta:
        settings.OUTBOUND_ALLOW, settings.META_GRAPH_BASE_URL = ["127.0.0.1"], meta.url
        config = {"phone_number_id": NUMBER, "access_token": meta.token, "app_secret": "s"}
        ours, theirs = (
            create_channel(actor=owner, type=ChannelType.WHATSAPP, config=config) for owner in (ada, mallory)
        )
        connecting.connect(ours)
        needs_reconnecting(ours, "Meta does not take the access token any more.")
        connecting.connect(theirs)
        assert asked() == (ChannelState.ERROR, False)

        delete_channel(actor=mallory, channel=theirs)
        assert asked() == (ChannelState.CONNECTED, True)


@pytest.mark.django_db(transaction=True)
def test_another_bots_token_lets_the_old_bot_go_and_a_new_token_of_the_same_does_not(
    ada: User, channel: Channel, telegram: Telegram
) -> None:
    connecting.connect(channel)
    channel.refresh_from_db()
    telegram.tokens |= {(renewed := f"{TOKEN}new"), (another := "6000000002:AAanotherBotsTokenThatIsLongEnough000")}

    update_channel(actor=ada, channel=channel, config={"bot_token": renewed})
    assert telegram.hook

    update_channel(actor=ada, channel=channel, config={"bot_token": another})
    assert not telegram.hook


@pytest.mark.django_db(transaction=True)
def test_what_worked_and_was_refused_goes_on_by_itself_once_its_provider_agrees_again(
    ada: User, channel: Channel, telegram: Telegram, mailoutbox: list[Any]
) -> None:
    never = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": f"7000000009:{'A' * 35}"})
    for each in (channel, never):
        connecting.connect(each)
    needs_reconnecting(channel, "Telegram does not know this bot token any more.")
    stop = threading.Event()

    connecting.connect_waiting(stop)
    assert set(Channel.objects.values_list("state", flat=True)) == {ChannelState.ERROR}

    telegram.tokens.add(f"7000000009:{'A' * 35}")
    Channel.objects.update(last_error_at=timezone.now() - 2 * connecting.AGAIN_AFTER_NO)
    connecting.connect_waiting(stop)
    channel.refresh_from_db()
    never.refresh_from_db()
    assert (channel.state, never.state) == (ChannelState.CONNECTED, ChannelState.ERROR)

    needs_reconnecting(channel, "Telegram does not know this bot token any more.")
    assert len(mailoutbox) == 1  # the owner knows, though it was asked and agreed in between
    assert [call.target.rsplit("/", 1)[1] for call in telegram.calls].count("setWebhook") == 1


def test_the_button_waits_for_no_provider_and_the_page_shows_what_comes_of_it(
    ada: User, channel: Channel, telegram: Telegram, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[Any] = []
    monkeypatch.setattr(checking._pool, "submit", waiting.append)
    page = f"/settings/channels/{channel.pk}/"

    for _press in range(2):
        told = builders.browser(ada).post(f"{page}test/", follow=True).content.decode()
        assert "Asking the provider" in told
        assert 'data-settling="standing how"' in told
    assert telegram.calls == []
    settings.REQUEST_SECONDS = 3600  # it is not waited for what another waits for
    told = builders.api(ada).post(f"/api/v1/channels/{channel.pk}/test").json()
    assert told == {"ok": False, "detail": "The provider has not answered yet. Ask again in a minute."}
    (work,) = waiting
    work()

    told = builders.browser(ada).get(page).content.decode()
    assert "Tested: the connection works." in told
    assert "data-settling" not in told


def test_a_channel_that_is_deleted_while_it_is_tested_is_no_trouble(
    ada: User, channel: Channel, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deleted_after(work: Any) -> None:
        work()
        Channel.objects.all().delete()

    monkeypatch.setattr(checking._pool, "submit", deleted_after)
    assert builders.api(ada).post(f"/api/v1/channels/{channel.pk}/test").json()["ok"] is False


def test_what_was_noted_while_a_provider_was_asked_is_still_there(
    channel: Channel, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    connecting.connect(channel)
    channel.refresh_from_db()

    def meanwhile(adapter: TelegramAdapter) -> Health:
        Channel.objects.update(setup={**channel.setup, "is_another": True})
        return Health(ok=True, webhook="Set")

    monkeypatch.setattr(TelegramAdapter, "health", meanwhile)
    checking.check(channel)

    channel.refresh_from_db()
    assert (channel.setup["is_another"], channel.setup["webhook"]) == (True, "Set")


def test_a_new_key_of_the_installation_leaves_no_bot_deaf(channel: Channel, telegram: Telegram, settings: Any) -> None:
    connecting.connect(channel)
    before = telegram.hook["secret_token"]
    settings.SECRET_KEY, settings.SECRET_KEYS = "n" * 60, ["n" * 60]

    for _time in range(2):
        Channel.objects.update(checked_at=timezone.now() - checking.CHECK_AGAIN)
        checking.check_due(threading.Event())

    secret = telegram.hook["secret_token"]
    assert secret != before
    update = {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 7, "type": "private"}, "text": "Hello?"}}
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    path = f"/api/v1/webhooks/telegram/{channel.pk}"
    assert Client().post(path, update, content_type="application/json", headers=headers).status_code == 200
    assert set_webhooks(telegram) == 2

    Channel.objects.update(setup={"ok": True}, checked_at=timezone.now() - checking.CHECK_AGAIN)  # as of before
    checking.check_due(threading.Event())
    assert set_webhooks(telegram) == 3


def test_a_bot_that_tells_less_than_we_take_in_by_now_is_asked_for_all_of_it(
    channel: Channel, telegram: Telegram
) -> None:
    connecting.connect(channel)
    telegram.hook["allowed_updates"] = ["message"]

    for _hour in range(2):
        Channel.objects.update(checked_at=None)
        checking.check_due(threading.Event())

    assert "message_reaction" in telegram.hook["allowed_updates"]
    assert set_webhooks(telegram) == 2


MOVED = "https://desk.new.example"


@pytest.mark.parametrize("type", [ChannelType.TELEGRAM, ChannelType.SMS, ChannelType.X])
def test_a_channel_whose_messages_go_to_where_we_were_says_so_and_its_address_is_set_anew(
    ada: User, acme: Business, settings: Any, type: ChannelType
) -> None:
    case = next(each for each in CASES if each.type == type)
    with case.fake() as fake:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        for name in case.settings:
            setattr(settings, name, fake.url)
        channel = create_channel(actor=ada, type=type, config=case.config)
        connecting.connect(channel)
        channel.refresh_from_db()
        before, settings.PUBLIC_BASE_URL = settings.PUBLIC_BASE_URL, MOVED

        health = checking.check(channel)
        assert (health.ok, health.webhook) == (False, "Set to another address")
        assert f"messages go to {before}." in health.detail
        adapter = connecting.adapter_of(channel)
        assert adapter
        adapter.disconnect()  # of a copy leaves the other one alone
        assert checking.check(channel).webhook == "Set to another address"

        builders.browser(ada).post(f"/settings/channels/{channel.pk}/test/")
        channel.refresh_from_db()
        assert (channel.state, channel.setup["steps"]) == (ChannelState.CONNECTED, [])
        assert checking.check(channel).ok


@pytest.mark.parametrize("type", [ChannelType.SMS, ChannelType.X])
def test_an_account_that_a_channel_has_is_not_taken_from_it_unasked(
    ada: User, acme: Business, mallory: User, settings: Any, type: ChannelType
) -> None:
    case = next(each for each in CASES if each.type == type)
    with case.fake() as fake:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        for name in case.settings:
            setattr(settings, name, fake.url)
        ours, theirs = (create_channel(actor=owner, type=type, config=case.config) for owner in (ada, mallory))
        connecting.connect(ours)

        assert "Another channel has this account" in connecting.connect(theirs).detail
        assert checking.check(ours).ok

        update_channel(actor=ada, channel=ours, is_active=False)
        assert Channel.objects.get(pk=ours.pk).sole_account is None


def set_webhooks(telegram: Telegram) -> int:
    return [call.path.rpartition("/")[2] for call in telegram.calls].count("setWebhook")
