"""What holds for every channel, checked against each adapter of the registry over real sockets."""

import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from businesses.models import Business
from channels_app import checking, connecting, deliveries, files, intake, signs
from channels_app.adapters import ADAPTERS
from channels_app.adapters.errors import Kind
from channels_app.models import Channel, ChannelState, Contact, Delivery, DeliveryState, Media, RawEvent, RawState
from channels_app.services import create_channel, update_channel
from conversations.models import ChannelType, Conversation, Message, MessageStatus
from conversations.services import handling
from conversations.services.blocking import set_blocked
from tests import builders
from tests.channels_app.cases import CASES, PICTURE, Case, Hook
from tests.fakes.server import Answer, Fake

each_kind = [
    pytest.param(case, kind, id=f"{case.type}-{kind}")
    for case in CASES
    for kind in case.errors
    if kind not in {Kind.AMBIGUOUS, Kind.CREDENTIALS}
]


@pytest.fixture(params=CASES, ids=lambda case: str(case.type))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def fake(case: Case, settings: Any) -> Iterator[Fake]:
    with case.fake() as running:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        for name in case.settings:
            setattr(settings, name, running.url)
        yield running
        assert not running.broken


@pytest.fixture
def channel(ada: User, acme: Business, case: Case, fake: Fake) -> Channel:
    made = create_channel(actor=ada, type=case.type, config=case.config)
    connecting.connect(made)
    made.refresh_from_db()
    return made


def post(case: Case, channel: Channel, hook: Hook) -> int:
    headers: Any = hook.headers
    path = case.path(channel)
    return Client().post(path, hook.body, content_type=case.content_type, headers=headers).status_code


def writes(case: Case, channel: Channel, text: str, number: int = 1, **more: Any) -> Conversation:
    assert post(case, channel, case.hook(channel, case.says(text, number, **more))) == 200
    intake.work()
    return Message.objects.get(content=text).conversation


def work() -> None:
    Channel.objects.update(held_until=None)
    Delivery.objects.filter(state=DeliveryState.QUEUED).update(due_at=timezone.now() - timedelta(seconds=1))
    for delivery in deliveries.claim(16):
        deliveries.attempt(delivery)


def test_every_adapter_of_the_registry_is_checked_here() -> None:
    assert {case.type for case in CASES} == set(ADAPTERS)


def test_it_connects_and_a_conversation_goes_both_ways(ada: User, case: Case, channel: Channel, fake: Fake) -> None:
    assert channel.state == ChannelState.CONNECTED

    thread = writes(case, channel, "Where is my parcel?")
    writes(case, channel, "Hello?", 2)
    answer = builders.answers(ada, thread, "It left today.")
    work()

    assert [message.content for message in thread.messages.order_by("seq")][:2] == ["Where is my parcel?", "Hello?"]
    answer.refresh_from_db()
    assert (answer.status, len(fake.sent)) == (MessageStatus.SENT, 1)
    assert "It left today." in str(fake.sent[0].fields)
    channel.refresh_from_db()
    assert channel.last_event_at
    assert channel.last_sent_at


def test_its_page_says_where_the_provider_posts_and_what_waits(ada: User, case: Case, channel: Channel) -> None:
    builders.answers(ada, writes(case, channel, "Where is my parcel?"), "It left today.")

    page = builders.browser(ada).get(f"/settings/channels/{channel.pk}/").content.decode()

    assert channel.setup["webhook"]
    assert escape(channel.setup["webhook"]) in page
    assert "1 answer" in page


def test_an_answer_quotes_where_the_channel_has_quotes(ada: User, case: Case, channel: Channel, fake: Fake) -> None:
    thread = writes(case, channel, "Is the blue one in stock?")
    writes(case, channel, "Hello?", 2)
    path = f"/api/v1/conversations/{thread.pk}/messages"
    assert builders.api(ada).post(path, {"content": "Yes.", "quoted_seq": 9}).status_code == 422
    assert builders.api(ada).post(path, {"content": "Yes.", "quoted_seq": 1}).json()["quoted_seq"] == 1
    work()

    (sent,) = fake.sent
    assert sent.fields.get("context" if case.type == ChannelType.WHATSAPP else "reply_parameters") == case.quote


def test_a_customer_sees_that_the_team_reads_and_writes_but_not_too_often(
    ada: User, case: Case, channel: Channel, fake: Fake, django_capture_on_commit_callbacks: Any
) -> None:
    cache.clear()
    thread = writes(case, channel, "Hello?")
    before = len(fake.calls)
    with django_capture_on_commit_callbacks(execute=True):
        handling.mark_read(conversation=thread, user=ada, seq=1)
    for _time in range(3):
        signs.somebody_writes(thread)

    heard = [call.fields for call in fake.calls[before:]]
    pairs = list(zip(case.signs, heard, strict=True))
    assert all(sign.items() <= fields.items() for sign, fields in pairs), heard
    assert not fake.sent


def test_a_sign_that_fails_disturbs_nobody_and_is_not_tried_again_at_once(
    ada: User, case: Case, channel: Channel, fake: Any
) -> None:
    cache.clear()
    thread = writes(case, channel, "Hello?")
    fake.token = "another"
    before = len(fake.calls)
    for _time in range(2):
        cache.delete(f"sign:typing:{thread.pk}")
        signs.somebody_writes(thread)
    assert len(fake.calls) == before + bool(case.signs)
    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED


def test_forged_is_refused_and_nothing_is_stored(case: Case, channel: Channel) -> None:
    hook = case.hook(channel, case.says("Let me in", 1))

    assert post(case, channel, Hook(body=hook.body)) == 400
    forged = {name: value[:-1] + ("0" if value[-1] != "0" else "1") for name, value in hook.headers.items()}
    assert post(case, channel, Hook(body=hook.body, headers=forged)) == 400
    assert not RawEvent.objects.exists()


def test_repeated_is_taken_in_once(case: Case, channel: Channel) -> None:
    hook = case.hook(channel, case.says("Once", 1))

    for _time in range(3):
        assert post(case, channel, hook) == 200
        intake.work()

    assert Message.objects.count() == RawEvent.objects.count() == 1


def test_what_is_not_understood_is_kept_and_harms_nobody(case: Case, channel: Channel) -> None:
    assert post(case, channel, case.hook(channel, case.unknown)) == 200
    intake.work()

    assert {raw.state for raw in RawEvent.objects.all()} == {RawState.DONE}
    assert not Message.objects.exists()


def test_everything_of_a_batch_is_taken_in_in_its_order(case: Case, channel: Channel) -> None:
    says = [case.says(f"Number {number}", number) for number in range(5)]
    for payload in [case.batch(says)] if case.batch else says:
        assert post(case, channel, case.hook(channel, payload)) == 200
    intake.work()

    words = Message.objects.order_by("seq").values_list("content", flat=True)
    assert list(words) == [f"Number {number}" for number in range(5)]


@pytest.mark.parametrize("is_there", [True, False])
def test_the_message_is_shown_whatever_becomes_of_its_file(
    case: Case, channel: Channel, fake: Any, is_there: bool
) -> None:
    if is_there:
        fake.files["photo.png"] = PICTURE
    payload = json.loads(json.dumps(case.says("The label", 1, media=True)).replace("{fake}", fake.url))
    assert post(case, channel, case.hook(channel, payload)) == 200
    intake.work()
    message = Message.objects.get()
    assert message.content == "The label"
    if case.type == ChannelType.EMAIL and not is_there:  # its files lie in the journal
        RawEvent.objects.all().delete()

    for _try in range(3):
        Media.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        for media in files.claim(most=4):
            files.fetch(media)

    message.refresh_from_db()
    assert Media.objects.exists() != is_there
    assert len(message.attachments) == is_there
    assert (message.content, message.error.startswith("A file ")) == ("The label", not is_there)


@pytest.mark.parametrize(("case", "kind"), each_kind)
def test_each_kind_of_error_is_dealt_with(ada: User, case: Case, channel: Channel, fake: Fake, kind: Kind) -> None:
    thread = writes(case, channel, "Hello?")
    fake.next.append(case.errors[kind])
    answer = builders.answers(ada, thread, "It left today.")
    work()

    answer.refresh_from_db()
    delivery = Delivery.objects.get()
    if kind in {Kind.TRANSIENT, Kind.RATE_LIMITED}:
        assert (answer.status, delivery.state) == (MessageStatus.QUEUED, DeliveryState.QUEUED)
        assert delivery.attempts == 1 or kind == Kind.RATE_LIMITED  # whose time was said, it counts for nothing
        assert delivery.due_at > timezone.now()
        work()
        answer.refresh_from_db()
        assert answer.status == MessageStatus.SENT
    else:
        assert answer.status == MessageStatus.FAILED
        assert answer.error
        assert Contact.objects.exclude(unreachable="").exists() == (kind == Kind.UNREACHABLE)


def test_a_dead_token_stops_the_queue_and_new_credentials_send_it_on(
    ada: User, case: Case, channel: Channel, fake: Fake
) -> None:
    thread = writes(case, channel, "Hello?")
    fake.next.append(case.errors[Kind.CREDENTIALS])
    for word in ("One", "Two"):
        builders.answers(ada, thread, word)
    work()
    work()

    channel.refresh_from_db()
    assert (channel.state, len(fake.sent)) == (ChannelState.ERROR, 1)
    assert Delivery.objects.filter(state=DeliveryState.QUEUED).count() == 2

    connecting.connect(update_channel(actor=ada, channel=channel, config=case.config))
    work()
    work()

    assert [word in str(call.fields) for call, word in zip(fake.sent[1:], ("One", "Two"), strict=True)] == [True, True]
    assert not Delivery.objects.filter(state=DeliveryState.QUEUED).exists()


def test_a_time_out_after_sending_is_tried_once_more_and_then_told(
    ada: User, case: Case, channel: Channel, fake: Fake
) -> None:
    thread = writes(case, channel, "Hello?")
    fake.next += [Answer(drop=True)] * 3
    answer = builders.answers(ada, thread, "It left today.")
    work()
    if case.is_safe_to_repeat:
        fake.next.clear()
        work()
        answer.refresh_from_db()
        assert answer.status == MessageStatus.SENT
        assert len({call.fields["message-id"] for call in fake.sent}) == 1
        return
    delivery = Delivery.objects.get()
    assert delivery.due_at > timezone.now() + timedelta(seconds=30)
    for _try in range(3):
        work()

    answer.refresh_from_db()
    assert (len(fake.sent), answer.status) == (2, MessageStatus.FAILED)
    assert "perhaps twice" in answer.error


@pytest.mark.parametrize("body", [{}, b"<html>"], ids=["no id", "no JSON"])
def test_a_success_without_an_id_may_have_arrived_and_is_told_so(
    ada: User, case: Case, channel: Channel, fake: Fake, body: Any
) -> None:
    if case.is_safe_to_repeat:  # its ids are our own
        return
    thread = writes(case, channel, "Hello?")
    fake.next += [Answer(body)] * 3
    answer = builders.answers(ada, thread, "It left today.")
    for _try in range(4):
        work()

    answer.refresh_from_db()
    assert (len(fake.sent), answer.status) == (2, MessageStatus.FAILED)
    assert "perhaps twice" in answer.error


def test_of_who_is_blocked_nothing_is_taken_in_and_nothing_has_failed(
    ada: User, case: Case, channel: Channel, fake: Fake
) -> None:
    thread = writes(case, channel, "Hello?")
    set_blocked(conversation=thread, blocked=True, actor=ada)

    assert post(case, channel, case.hook(channel, case.says("Hello??", 2))) == 200
    intake.work()

    assert {*RawEvent.objects.values_list("state", "last_error")} == {(RawState.DONE, "")}
    assert Message.objects.count() == 1


def test_no_secret_is_in_a_log_or_on_a_page(
    ada: User, case: Case, channel: Channel, fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert connecting.connect(channel).ok
    thread = writes(case, channel, "Hello?")
    fake.next += [case.errors[Kind.TRANSIENT], Answer(b"no json", 500), Answer(drop=True)]
    answer = builders.answers(ada, thread, "It left today.")
    for _try in range(4):
        work()
    answer.refresh_from_db()

    told = caplog.text + answer.error + str(list(Channel.objects.values("state_detail", "last_error", "setup")))
    assert not [secret for secret in case.secrets if secret in told]


def test_a_channel_that_works_is_asked_without_changing_a_thing_at_the_provider(
    case: Case, channel: Channel, fake: Fake
) -> None:
    before = len(fake.calls)
    Channel.objects.update(checked_at=None)

    checking.check_due(threading.Event())
    checking.check_due(threading.Event())  # it was asked already

    channel.refresh_from_db()
    assert (channel.state, channel.checked_at is not None) == (ChannelState.CONNECTED, True)
    assert [call for call in fake.calls[before:] if call.method != "GET" and "/getWebhookInfo" not in call.path] == []


def test_a_dead_token_is_told_before_a_message_fails_once_it_was_refused_twice(
    case: Case, channel: Channel, fake: Fake
) -> None:
    fake.token = "another"  # type: ignore[attr-defined]

    assert not checking.check(channel).ok
    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED
    assert not checking.check(channel).ok

    channel.refresh_from_db()
    assert channel.state == ChannelState.ERROR
    assert channel.state_detail


def test_disconnecting_with_a_dead_token_is_no_trouble(ada: User, case: Case, channel: Channel, fake: Fake) -> None:
    fake.token = "another"  # type: ignore[attr-defined]
    update_channel(actor=ada, channel=channel, is_active=False)

    assert post(case, channel, case.hook(channel, case.says("Hello?", 1))) == 200
    assert not RawEvent.objects.exists()
