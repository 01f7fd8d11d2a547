"""Direct messages and mentions over an X that checks every signature."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as some

from accounts.models import User
from businesses.models import Business
from channels_app import connecting, deliveries, intake, polling
from channels_app.adapters.x.adapter import XAdapter, weight
from channels_app.adapters.x.signing import authorization, signature
from channels_app.models import Channel, ChannelState, Delivery, DeliveryState, Poll
from channels_app.services import create_channel, update_channel
from conversations.models import ChannelType, Conversation, Customer, Message
from tests import builders
from tests.fakes.server import Answer
from tests.fakes.x import BEARER, KEYS, ME, X
from theo import replying
from theo.assistants import change_assistant
from theo.models import Mode

CLEO = "2222222222222222222"


@pytest.fixture
def api(settings: Any) -> Iterator[X]:
    with X() as fake:
        settings.X_API_BASE_URL = fake.url
        settings.OUTBOUND_ALLOW = [*settings.OUTBOUND_ALLOW, "127.0.0.1"]
        yield fake


@pytest.fixture
def x(ada: User, acme: Business, api: X) -> Channel:
    channel = create_channel(actor=ada, type=ChannelType.X, config={**KEYS, "bearer_token": BEARER})
    connecting.connect(channel)
    channel.refresh_from_db()
    return channel


def post(channel: Channel, told: dict[str, Any], secret: str = "pbsecret") -> int:
    body = json.dumps(told).encode()
    headers = {"x-twitter-webhooks-signature": signature(secret, body)}
    path = f"/api/v1/webhooks/x/{channel.pk}"
    answer = Client().post(path, body, content_type="application/json", headers=headers)
    intake.work()
    return answer.status_code


def direct(
    text: str = "My order is late https://t.co/abc &amp; cold",
    event_id: str = "1960000000000000777",
    sender: str = CLEO,
    to: str = ME,
) -> dict[str, Any]:
    create = {
        "target": {"recipient_id": to},
        "sender_id": sender,
        "message_data": {
            "text": text,
            "entities": {"urls": [{"url": "https://t.co/abc", "expanded_url": "https://shop.example.test/o/1"}]},
        },
    }
    event = {"type": "message_create", "id": event_id, "created_timestamp": "1767225600123", "message_create": create}
    users = {CLEO: {"data": {"id": CLEO, "name": "Cleo", "username": "cleo_m"}}}
    payload = {"direct_message_events": [event], "users": users}
    return {"data": {"event_uuid": f"u{event_id}", "event_type": "dm.received", "payload": payload}}


def mention(post_id: str = "1970000000000000001", root: str = "1970000000000000001") -> dict[str, Any]:
    payload = {
        "id": post_id,
        "text": "@acme where is my order?",
        "author_id": CLEO,
        "conversation_id": root,
        "created_at": "2026-01-01T00:00:00.000Z",
        "entities": {"mentions": [{"username": "acme", "id": ME}]},
    }
    includes = {"users": [{"id": CLEO, "name": "Cleo", "username": "cleo_m"}]}
    told = {"event_uuid": f"u{post_id}", "event_type": "post.mention.create"}
    return {"data": {**told, "payload": payload, "includes": includes}}


def send_all() -> None:
    for delivery in deliveries.claim(10):
        deliveries.attempt(delivery)


def test_connecting_registers_the_webhook_and_what_it_brings(x: Channel, api: X) -> None:
    assert x.state == ChannelState.CONNECTED
    assert api.hooks[0]["url"] == builders.public_url(f"/api/v1/webhooks/x/{x.pk}")
    assert "dm.received" in api.subscriptions
    crc = Client().get(f"/api/v1/webhooks/x/{x.pk}", {"crc_token": "challenge-1"})
    assert crc.json() == {"response_token": "sha256=Bt+x+ToYK/Ed8ZmBB0jiy7kIP+cQMaoFXEIum/Ny22c="}


def test_where_the_newer_events_are_refused_the_older_ones_are_taken(x: Channel, api: X) -> None:
    api.activity_allowed = False
    connecting.connect(x)
    assert api.old_way


def test_another_systems_webhook_is_left_alone_and_told(ada: User, acme: Business, api: X) -> None:
    api.hooks.append({"id": "1", "url": "https://other.example/hook", "valid": True})
    channel = create_channel(actor=ada, type=ChannelType.X, config={**KEYS, "bearer_token": BEARER})

    connecting.connect(channel)

    channel.refresh_from_db()
    assert "another system" in channel.setup["steps"][0]["text"]
    assert len(api.hooks) == 1


def test_a_direct_message_is_answered_and_our_own_coming_back_is_no_second(x: Channel, ada: User, api: X) -> None:
    assert post(x, direct()) == post(x, direct()) == 200
    message = Message.objects.get()
    assert message.content == "My order is late https://shop.example.test/o/1 & cold"

    builders.answers(ada, message.conversation, "On its way.")
    send_all()
    post(x, direct("On its way.", event_id="1960000000000000001", sender=ME, to=CLEO))

    (sent,) = api.sent
    assert (sent.path, sent.fields) == (f"/2/dm_conversations/with/{CLEO}/messages", {"text": "On its way."})
    assert Message.objects.count() == 2


def test_a_mention_is_a_public_thread_and_the_answer_goes_below_the_newest_post(x: Channel, ada: User, api: X) -> None:
    post(x, mention())
    post(x, mention(post_id="1970000000000000005"))
    conversation = Conversation.objects.get()
    assert Message.objects.first().content == "(Public post) @acme where is my order?"  # type: ignore[union-attr]

    builders.answers(ada, conversation, "It left today.")
    send_all()

    assert (api.sent[0].path, api.sent[0].fields) == (
        "/2/tweets",
        {"text": "It left today.", "reply": {"in_reply_to_tweet_id": "1970000000000000005"}},
    )


def test_mentions_can_be_left_out_as_x_bills_them(x: Channel, ada: User, api: X) -> None:
    assert "post.mention.create" in api.subscriptions
    changed = update_channel(actor=ada, channel=x, config={**KEYS, "bearer_token": BEARER, "no_mentions": True})
    assert connecting.connect(changed).ok
    assert set(api.subscriptions) == {"dm.received", "dm.sent", "dm.read", "dm.indicate_typing"}

    api.posts = [polled_post("1970000000000000002")]
    polls()
    assert post(x, mention()) == post(x, direct("One")) == 200

    assert list(Message.objects.values_list("content", flat=True)) == ["One"]
    assert not any(call.path.endswith("/mentions") for call in api.calls)


@pytest.mark.parametrize("beside", [False, True], ids=["in the data", "beside the data"])
def test_who_mentions_us_has_a_name(x: Channel, beside: bool) -> None:
    told = mention()
    if beside:
        told["includes"] = told["data"].pop("includes")
    post(x, told)

    assert [customer.name for customer in Customer.objects.all()] == ["Cleo"]


def test_a_public_answer_that_is_too_long_is_refused_before_anything_of_it_is_out(x: Channel, ada: User) -> None:
    post(x, mention())
    path = f"/api/v1/conversations/{Conversation.objects.get().pk}/messages"

    answer = builders.api(ada).post(path, {"content": "日" * 141})

    assert answer.status_code == 422
    assert "at most 280 characters; this one would count 282" in answer.content.decode()
    assert not Delivery.objects.exists()
    assert builders.api(ada).post(path, {"content": "日" * 140}).status_code == 201


def test_what_x_did_not_sign_is_refused(x: Channel) -> None:
    assert post(x, direct(), secret="guessed") == 400
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (
            (403, {}, {"errors": [{"code": 349, "message": "You cannot send messages to this user."}]}),
            DeliveryState.FAILED,
            "takes no messages",
        ),
        ((429, {"x-rate-limit-reset": str(int(time.time()) + 600)}, {}), DeliveryState.QUEUED, "wait"),
        ((429, {}, {"type": "https://api.x.com/2/problems/usage-capped"}), DeliveryState.QUEUED, "credit"),
        (
            (403, {}, {"type": "https://api.x.com/2/problems/client-forbidden", "status": 403}),
            DeliveryState.QUEUED,
            "permission",
        ),
        ((400, {}, {"detail": "Duplicate content."}), DeliveryState.FAILED, "Duplicate"),
        ((503, {}, {}), DeliveryState.QUEUED, "problem of its own"),
    ],
)
def test_an_error_is_told_in_words(x: Channel, ada: User, api: X, answer: Any, state: str, words: str) -> None:
    post(x, direct())
    builders.answers(ada, Conversation.objects.get(), "Hello")
    status, headers, told = answer
    api.next.append(Answer(told, status, headers=headers))

    send_all()

    row = Delivery.objects.get()
    assert (row.state, words in row.last_error) == (state, True)


def test_what_the_webhooks_forgot_is_asked_for_in_order_and_once(x: Channel, ada: User, api: X) -> None:
    api.page = 2
    api.events, api.posts = [event("1960000000000000001", "Of last week.")], [polled_post("1970000000000000001")]
    polls()  # begins here

    post(x, direct("One"))
    api.events[:0] = [
        event("1960000000000000780", "Three"),
        event("1960000000000000779", "To somebody else", pair="1111111111111111111-99"),
        event("1960000000000000778", "Two"),
        event("1960000000000000777", "One"),
    ]
    api.posts[:0] = [polled_post("1970000000000000002")]
    polls()
    polls()

    texts = list(Message.objects.order_by("created_at", "seq").values_list("content", flat=True))
    assert texts == ["One", "Two", "Three", "(Public post) @acme where is my order?"]
    assert Conversation.objects.count() == 2
    assert set(Message.objects.values_list("conversation__customer__name", flat=True)) == {"Cleo"}


def test_our_own_that_are_found_when_asking_are_no_second(x: Channel, ada: User, api: X) -> None:
    post(x, direct("One"))
    polls()
    builders.answers(ada, Conversation.objects.get(), "It left today.")
    send_all()
    (sent,) = Message.objects.filter(sender=ada)
    api.events = [event(sent.external.get().external_id, "It left today.", sender=ME)]
    polls()

    assert Message.objects.count() == 2


def test_where_the_app_may_not_read_nothing_is_taken_in_and_nobody_is_troubled(x: Channel, api: X) -> None:
    api.readable = False
    polls()
    api.readable, api.events = True, [event("1960000000000000001", "Of last week.")]
    polls()

    x.refresh_from_db()
    assert (x.state, Message.objects.count()) == (ChannelState.CONNECTED, 0)


def event(event_id: str, text: str, *, sender: str = CLEO, pair: str = f"{CLEO}-{ME}") -> dict[str, Any]:
    told = {"id": event_id, "event_type": "MessageCreate", "text": text, "sender_id": sender}
    return {**told, "dm_conversation_id": pair, "created_at": "2026-01-01T00:00:00.000Z"}


def polled_post(post_id: str) -> dict[str, Any]:
    payload: dict[str, Any] = mention(post_id, root=post_id)["data"]["payload"]
    return payload


def polls() -> None:
    Poll.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    polling.poll_due(threading.Event())
    intake.work()


def test_the_older_envelope_says_the_same(x: Channel) -> None:
    told = direct()["data"]["payload"]
    users = {CLEO: {"id": CLEO, "name": "Cleo", "screen_name": "cleo_m"}}
    post(x, {"for_user_id": ME, **told, "users": users})
    user = {"id_str": CLEO, "screen_name": "cleo_m", "name": "Cleo"}
    entities = {"user_mentions": [{"id_str": ME}]}
    old = {
        "id_str": "1970000000000000009",
        "text": "@acme h…",
        "extended_tweet": {"full_text": "@acme help", "entities": entities},
        "user": user,
    }
    post(x, {"for_user_id": ME, "tweet_create_events": [old]})

    assert list(Message.objects.order_by("pk").values_list("content", flat=True)) == [
        "My order is late https://shop.example.test/o/1 & cold",
        "(Public post) @acme help",
    ]


def test_requests_are_signed_as_x_wants_it() -> None:
    told = authorization(
        "GET", "https://api.x.com/2/users/me?user.fields=username", KEYS, nonce="fixednonce123", timestamp=1767225600
    )
    assert 'oauth_signature="Gel5QG1vjM%2BA0dlNjuNrjIyJ7NQ%3D"' in told
    url = f"https://api.x.com/2/dm_conversations/with/{CLEO}/messages"
    assert "U5f%2BQ%2F5fKHWLMmrfLMMF%2BQzTB%2Bg%3D" in authorization(
        "POST", url, KEYS, nonce="fixednonce123", timestamp=1767225600
    )


@pytest.mark.parametrize(
    ("text", "count"), [("abc", 3), ("日本", 4), ("see https://a.example/very/long/address/indeed", 27), ("👍", 2)]
)
def test_posts_are_counted_as_x_counts(text: str, count: int) -> None:
    assert weight(text) == count


JSON = some.recursive(
    some.one_of(some.none(), some.booleans(), some.integers(), some.text(max_size=5)),
    lambda inner: some.one_of(
        some.lists(inner, max_size=3),
        some.dictionaries(
            some.sampled_from(
                [
                    "data",
                    "payload",
                    "direct_message_events",
                    "users",
                    "message_create",
                    "message_data",
                    "entities",
                    "urls",
                    "tweet_create_events",
                    "includes",
                    "media",
                    "attachments",
                    "media_keys",
                    "variants",
                    "id",
                    "event_type",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@examples(max_examples=150, deadline=None, database=None)
@given(JSON)
def test_no_payload_raises(payload: Any) -> None:
    XAdapter(Channel(type=ChannelType.X, config={"account_id": ME}), {}).parse(payload)


def test_the_composer_knows_that_an_answer_to_a_mention_is_public_and_short(x: Channel, ada: User) -> None:
    post(x, mention())
    post(x, direct())
    limits = {}
    for conversation in Conversation.objects.all():
        told = builders.api(ada).get(f"/api/v1/conversations/{conversation.pk}/limits").json()
        limits[told["public"]] = told["max_text"]
        page = builders.browser(ada).get(f"/inbox/{conversation.pk}/").content.decode()
        assert ("A public answer: everybody can read it." in page) == told["public"]

    assert limits == {True: 280, False: 10_000}


@pytest.mark.parametrize("text", ["@acme do you have a jacuzzi?", "@acme I want to talk to a human"])
def test_theo_says_nothing_that_everybody_reads_and_asks_for_a_person(x: Channel, ada: User, text: str) -> None:
    change_assistant(actor=ada, mode=Mode.AUTO, auto_run=True)
    told = mention("1970000000000000001")
    told["data"]["payload"]["text"] = text
    assert post(x, told) == 200

    replying.answer_waiting(threading.Event())

    conversation = Conversation.objects.get()
    assert conversation.handoff_reason
    assert conversation.messages.count() == 1
